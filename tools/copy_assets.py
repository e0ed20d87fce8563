"""Copy what the pages are drawn with from node_modules to luoshi/kit/static/vendor/.

Nothing is bundled and nothing minified is committed: `npm ci` brings the files of
package-lock.json, this script takes the few that pages load, cuts out what would reach for other
hosts (remote fonts, source maps), draws one sprite of the icons in use, and writes manifest.json
with the SHA-256 of each file.

An icon is in use if luoshi/kit/icons.txt names it or a template says {% icon "name" %}.
With --check nothing is copied; an icon that does not exist fails.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "luoshi" / "kit" / "static" / "vendor"
FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "dhtmlxgantt.js": "dhtmlx-gantt/codebase/dhtmlxgantt.js",
    "dhtmlxgantt.css": "dhtmlx-gantt/codebase/dhtmlxgantt.css",
}
SOURCE_MAP = re.compile(r"\s*(?://# sourceMappingURL=\S+|/\*# sourceMappingURL=[^*]*\*/)\s*$")
REMOTE_FONT = re.compile(r"@font-face\s*\{[^}]*url\(\s*['\"]?https?://[^}]*\}")
ICON_TAG = re.compile(r"""\{%\s*icon\s+["']([a-z0-9-]+)["']""")
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
INVISIBLE = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')
SYMBOL = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
    'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">{drawing}</symbol>'
)
FILLED = '<symbol id="{name}" viewBox="0 0 24 24" fill="currentColor">{drawing}</symbol>'


def own_text(source: Path) -> str:
    """The text of a file without anything that reaches for another host."""
    text = SOURCE_MAP.sub("\n", source.read_text(encoding="utf-8"))
    return REMOTE_FONT.sub("", text) if source.suffix == ".css" else text


def icons_in_use() -> dict[str, str]:
    """Each icon's name, and one place that uses it."""
    listed = ROOT / "luoshi" / "kit" / "icons.txt"
    names = {}
    for line in listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []:
        if (name := line.strip()) and not name.startswith("#"):
            names[name] = str(listed.relative_to(ROOT))
    for template in sorted((ROOT / "luoshi").rglob("*.html")):
        for name in ICON_TAG.findall(template.read_text(encoding="utf-8")):
            names.setdefault(name, str(template.relative_to(ROOT)))
    return dict(sorted(names.items()))


def icon_file(name: str) -> Path:
    """Where an icon is drawn: by us, or in outline, or filled for a name that ends so."""
    own = ROOT / "tools" / "icons" / f"{name}.svg"
    if own.exists():
        return own
    style, plain = ("filled", name[:-7]) if name.endswith("-filled") else ("outline", name)
    return MODULES / "@tabler" / "icons" / "icons" / style / f"{plain}.svg"


def missing_icons(names: dict[str, str]) -> list[str]:
    """A sentence for each icon that does not exist."""
    return [
        f"{used_in}: no icon is called {name!r}"
        for name, used_in in names.items()
        if not icon_file(name).exists()
    ]


def sprite(names: dict[str, str]) -> str:
    """One SVG file with a symbol per icon that exists."""
    symbols = []
    for name in names:
        source = icon_file(name)
        found = source.exists() and DRAWING.search(source.read_text(encoding="utf-8"))
        if found:
            drawing = re.sub(r"\s*\n\s*", "", INVISIBLE.sub("", found.group(1)))
            frame = FILLED if name.endswith("-filled") else SYMBOL
            symbols.append(frame.format(name=name, drawing=drawing))
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def licences() -> str:
    """The licences of what is copied, as their authors ask."""
    parts = []
    for package in ("@tabler/core", "@tabler/icons", "dhtmlx-gantt", "htmx.org"):
        about = json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))
        files = sorted((MODULES / package).glob("LICENSE*"))
        text = files[0].read_text(encoding="utf-8") if files else about.get("license", "")
        parts.append(f"{package} {about['version']}\n\n{text.strip()}\n")
    return ("\n" + "-" * 78 + "\n\n").join(parts)


def main() -> None:
    if not MODULES.exists():
        sys.exit("node_modules is missing; run: make assets")
    names = icons_in_use()
    if missing := missing_icons(names):
        print("\n".join(missing), file=sys.stderr)
        if "--check" in sys.argv:
            sys.exit(1)
    if "--check" in sys.argv:
        return
    texts = {name: own_text(MODULES / source) for name, source in FILES.items()}
    texts |= {"icons.svg": sprite(names), "LICENSES.txt": licences()}
    VENDOR.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for name, text in sorted(texts.items()):
        content = text.encode()
        (VENDOR / name).write_bytes(content)
        manifest[name] = hashlib.sha256(content).hexdigest()
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for stray in VENDOR.iterdir():
        if stray.name not in texts and stray.name != "manifest.json":
            stray.unlink()
    print(f"{len(texts)} files and {len(names)} icons in {VENDOR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""What a machine must have for checking and testing, and getting it where that is allowed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

POSTGRES_FOLDERS = ("/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt")
CJK_FONTS = ("/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk")


def postgres_folder() -> Path | None:
    """The folder of initdb and pg_ctl, of the newest PostgreSQL on this machine."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = [p for base in POSTGRES_FOLDERS for p in Path(base).glob("*/bin/initdb")]
    return max(places, key=lambda p: _version(p), default=Path()).parent if places else None


def _version(initdb: Path) -> int:
    digits = "".join(c for c in initdb.parent.parent.name if c.isdigit())
    return int(digits or 0)


def chromium() -> str | None:
    """Where Chromium is, if it is on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def has_cjk_fonts() -> bool:
    if any(Path(folder).exists() for folder in CJK_FONTS):
        return True
    if not shutil.which("fc-list"):
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def has_chinese_chromium() -> bool:
    """Debian ships the languages of Chromium apart; others ship them along."""
    folder = Path("/usr/lib/chromium/locales")
    return not folder.exists() or (folder / "zh-CN.pak").exists()


PACKAGES = {
    "chromium": lambda: bool(chromium()),
    "chromium-l10n": has_chinese_chromium,
    "fonts-noto-cjk": has_cjk_fonts,
    "postgresql": lambda: postgres_folder() is not None,
    "gettext": lambda: bool(shutil.which("xgettext")),
}


def need(*packages: str) -> None:
    """Install what is missing if this is root on Debian or its like, else say what to install."""
    missing = [package for package in packages if not PACKAGES[package]()]
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"Missing on this machine: {', '.join(missing)}. Install: {' '.join(command)}")
    print(f"Installing {', '.join(missing)} …", flush=True)
    quiet = {"DEBIAN_FRONTEND": "noninteractive", **os.environ}
    if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(["apt-get", "update"], env=quiet, stdout=subprocess.DEVNULL, check=False)
        if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode:
            sys.exit(f"{', '.join(missing)} could not be installed.")

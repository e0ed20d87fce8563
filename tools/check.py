"""`make check`: everything a machine can say about the code without running it. Goes on after a
failure, and fails at the end.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from machine import need

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
STEPS: list[tuple[str, list[str]]] = [
    ("Layout of the code", ["ruff", "format", "--check", "--quiet", "."]),
    ("Lint", ["ruff", "check", "--quiet", "."]),
    ("Types", ["mypy", "--no-error-summary"]),
    ("Walls", ["lint-imports"]),
    ("Settings and models", ["luoshi", "check", "--no-data", "--fail-level", "WARNING"]),
    ("Migrations", ["luoshi", "makemigrations", "--check", "--dry-run"]),
    ("Catalogue", ["python", "tools/check_messages.py"]),
    ("Icons", ["python", "tools/copy_assets.py", "--check"]),
    ("Generated documents", ["python", "tools/draw_docs.py", "--check"]),
    ("House rules", ["python", "-m", "pytest", "-q", "tests/house", "-p", "no:randomly"]),
]


def passes(name: str, command: list[str]) -> bool:
    """Run one step; its output is shown only if it fails."""
    begun = time.monotonic()
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    well = done.returncode == 0
    print(f"{'ok  ' if well else 'FAIL'} {name} ({time.monotonic() - begun:.1f} s)", flush=True)
    if not well:
        print((done.stdout + done.stderr).rstrip(), end="\n\n", flush=True)
    return well


def main() -> None:
    if not shutil.which("xgettext"):
        need("gettext")
    results = [passes(name, command) for name, command in STEPS]
    failed = results.count(False)
    print(f"{failed} of {len(results)} failed" if failed else "All is well.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

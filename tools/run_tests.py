"""`make test`: every test on SQLite and on PostgreSQL, then the journeys in a browser on both.

PostgreSQL runs only for the tests: in a folder of its own, reached through a socket in that folder,
and it is stopped and removed afterwards, whatever happens. What is missing on the machine is
installed where that is allowed.

    tools/run_tests.py [sqlite|postgresql|browser …] [-- arguments of pytest]
"""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from machine import chromium, need, postgres_folder

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("sqlite", "postgresql", "browser")
PG_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "128MB",
}


@dataclass
class Run:
    """One call of pytest."""

    name: str
    arguments: list[str]
    database: str
    process: subprocess.Popen[str] | None = None
    output: Path | None = None

    def start(self, folder: Path, extra: list[str]) -> None:
        self.output = folder / f"{self.name.replace(' ', '-')}.txt"
        env = {
            **os.environ,
            "DATABASE_URL": self.database,
            "LUOSHI_HOME": str(folder / "home"),
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
            "CHROMIUM": chromium() or "",
            "PYTHONUNBUFFERED": "1",
        }
        for name in ("LUOSHI_DEMO", "LUOSHI_PRODUCTION", "LUOSHI_CLOCK_FILE", "PORT"):
            env.pop(name, None)
        with self.output.open("w") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pytest", "-q", *self.arguments, *extra],
                cwd=ROOT,
                env=env,
                stdout=sink,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def finish(self) -> bool:
        """Wait, show what pytest said, and say whether all passed (or nothing was there to run)."""
        assert self.process
        assert self.output
        code = self.process.wait()
        print(
            f"\n===== {self.name}\n{self.output.read_text(errors='replace').rstrip()}", flush=True
        )
        return code in (0, 5)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def summary(self) -> str:
        lines = self.output.read_text(errors="replace").splitlines() if self.output else []
        last = next((line for line in reversed(lines) if " in " in line), "no summary")
        return f"{self.name}: {re.sub('=+', '', last).strip()}"


def as_postgres() -> list[str]:
    """What goes before a command of PostgreSQL, which refuses to run as root."""
    if os.geteuid() != 0:
        return []
    for user in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(user)
            return ["runuser", "-u", user, "--"]
    sys.exit("PostgreSQL does not run as root, and there is no user postgres or nobody.")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of our own; yields its DATABASE_URL."""
    programs, prefix = postgres_folder(), as_postgres()
    assert programs
    folder = Path(tempfile.mkdtemp(prefix="luoshi-pg-", dir="/tmp"))
    data = folder / "data"
    if prefix:
        shutil.chown(folder, prefix[2])

    def call(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*prefix, str(programs / program), *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    try:
        call("initdb", "-D", str(data), "-U", "luoshi", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        options = " ".join(
            f"-c {name}={value or chr(39) * 2}" for name, value in PG_SETTINGS.items()
        )
        call("pg_ctl", "-D", str(data), "-w", "-t", "60", "-l", str(folder / "log"),
             "-o", f"{options} -k {folder}", "start")  # fmt: skip
        call("createdb", "-h", str(folder), "-U", "luoshi", "luoshi")
        yield f"postgresql://luoshi@/luoshi?host={folder}"
    finally:
        if (data / "postmaster.pid").exists():
            with contextlib.suppress(RuntimeError):
                call("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def rounds(parts: list[str], pg_url: str) -> list[list[Run]]:
    """Runs that go side by side, round after round: browsers one at a time, they are greedy."""
    first = []
    if "sqlite" in parts:
        first.append(Run("SQLite", [], ""))
    if "postgresql" in parts:
        first.append(Run("PostgreSQL", [], pg_url))
    browser = ["tests/browser", "-m", "browser"]
    after = []
    if "browser" in parts and (ROOT / "tests" / "browser").is_dir():
        after = [[Run("Browser on SQLite", browser, "")]]
        after.append([Run("Browser on PostgreSQL", browser, pg_url)])
    return [first, *after]


def play(plan: list[list[Run]], folder: Path, extra: list[str]) -> bool:
    """Whether every run passed. All are run, also after a failure."""
    well = True
    try:
        for side_by_side in plan:
            for run in side_by_side:
                run.start(folder, extra)
            for run in side_by_side:
                well = run.finish() and well
    finally:
        for run in (run for side_by_side in plan for run in side_by_side):
            run.stop()
    return well


def end(number: int, frame: object) -> None:
    sys.exit(128 + number)  # an exception, so that everything is cleared away


def main() -> None:
    signal.signal(signal.SIGTERM, end)
    own: list[str] = sys.argv[1:]
    extra: list[str] = []
    if "--" in own:
        cut = own.index("--")
        own, extra = own[:cut], own[cut + 1 :]
    parts = own or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"No part is called {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    need("gettext", *(["postgresql"] if parts != ["sqlite"] else []))
    if "browser" in parts:
        need("chromium", "fonts-noto-cjk")
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luoshi-tests-")))
        url = stack.enter_context(postgresql()) if parts != ["sqlite"] else ""
        plan = rounds(parts, url)
        well = play(plan, folder, extra)
        print("\n===== Summary")
        for run in (run for side_by_side in plan for run in side_by_side):
            print(run.summary())
    print(f"{'All passed' if well else 'FAILED'} in {time.monotonic() - begun:.0f} s")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()

"""One process watches over web server and worker; nothing is ever left behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from luoshi.config import serve

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the house here stands on a SQLite of its own anyway"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(home: Path) -> set[int]:
    """Every process that was started with this data folder, read from /proc."""
    mark = f"LUOSHI_HOME={home}\0".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes() and _lives(entry):
                found.add(int(entry.name))
    return found


def _lives(entry: Path) -> bool:
    return (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(true: Callable[[], object], seconds: float = 40) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A data folder with a database that is up to date."""
    home = tmp_path_factory.mktemp("house")
    subprocess.run(
        [sys.executable, "-m", "luoshi", "migrate", "-v0"],
        env=surroundings(home),
        check=True,
        timeout=120,
    )
    (home / "static").mkdir()
    return home


def surroundings(home: Path, **more: str) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LUOSHI_", "DATABASE_"))}
    return env | {"LUOSHI_HOME": str(home), "LUOSHI_WEB_WORKERS": "1", **more}


class Served:
    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "luoshi", "serve"],
            env=surroundings(home, PORT=str(self.port)),
            stderr=subprocess.PIPE,
        )

    def health(self) -> tuple[int, dict[str, str]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as got:
                return got.status, json.load(got)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def is_well(self) -> bool:
        return self.health() == (200, {"database": "ok", "worker": "ok"})

    def child(self, word: str) -> int:
        """The head of the web server's or of the worker's group."""
        for pid in processes_of(self.home):
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
                if word in line and int(parent) == self.process.pid:
                    return pid
        return 0


@pytest.fixture
def served(house: Path) -> Iterator[Served]:
    server = Served(house)
    try:
        assert wait_for(server.is_well), server.health()
        yield server
    finally:
        for pid in processes_of(house):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.process.wait()


@linux
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(served: Served, number: signal.Signals) -> None:
    assert len(processes_of(served.home)) > 3
    served.process.send_signal(number)
    assert served.process.wait(20) == 0
    assert processes_of(served.home) == set()


@linux
@pytest.mark.slow
def test_nothing_outlives_a_supervisor_that_is_killed(served: Served) -> None:
    served.process.kill()
    assert wait_for(lambda: not processes_of(served.home), 20), processes_of(served.home)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("word", ["worker", "granian"])
def test_a_child_that_dies_is_started_again(served: Served, word: str) -> None:
    before = served.child(word)
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: served.child(word) not in (0, before))
    assert wait_for(served.is_well), served.health()


@linux
def test_a_port_that_is_taken_is_told(house: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "luoshi", "serve", "--port", str(port)],
            env=surroundings(house),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert answer.returncode == 1
    assert f"Port {port} of 127.0.0.1 is taken." in answer.stderr


def test_a_setting_that_cannot_stand_is_told_once_before_anything_is_started(house: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "luoshi", "serve", "--port", str(free_port())],
        env={**surroundings(house), "LUOSHI_PRODUCTION": "1", "LUOSHI_SECRET_KEY": "short"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("luoshi: LUOSHI_PRODUCTION needs LUOSHI_SECRET_KEY")
    assert answer.stderr.count("\n") == 1


def test_a_group_that_keeps_dying_is_started_ever_later(monkeypatch) -> None:
    group = serve.Group("Web server", [sys.executable, "-c", "raise SystemExit(3)"])
    said: list[str] = []
    monkeypatch.setattr(serve, "say", said.append)
    pauses = []
    for _time in range(3):
        group.next_start = 0
        group.watch()
        assert group.process
        group.process.wait(20)
        group.watch()
        assert group.process is None
        pauses.append(said[-1].split()[-2])
    assert pauses == ["0.5", "1", "2"]
    assert said[0] == "Web server ended by itself (3); it is started again in 0.5 s."


def test_a_web_server_that_never_starts_ends_the_supervisor(monkeypatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(serve, "say", said.append)
    monkeypatch.setattr(serve.signal, "signal", lambda *_: None)
    group = serve.Group("Web server", [sys.executable, "-c", "raise SystemExit(3)"])
    assert serve.Supervisor(group, None, ("127.0.0.1", free_port())).run() == 1
    assert said[-1] == "The web server cannot be started; the reason stands above."

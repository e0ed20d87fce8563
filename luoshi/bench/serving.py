"""The real web server, started as `luoshi serve` starts it, and what it costs the machine."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from luoshi.kit.serving import web_command

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds until the first page must be served


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Processor time in ms between two looks, whichever processes came or went."""
    return sum(ms - before.get(pid, 0.0) for pid, ms in after.items())


@dataclass
class Server:
    """A server that runs: its port and its process."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def pids(self) -> list[int]:
        """The process and those below it; a worker that grew too large is replaced."""
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu(self) -> dict[int, float]:
        """Processor time in ms spent so far by each process of the server."""
        return {pid: _cpu_ms(pid) for pid in self.pids}

    def memory_mb(self) -> float:
        """Memory of all processes; what they share counts once (PSS)."""
        return sum(_pss_kb(pid) for pid in self.pids) / 1024


def _cpu_ms(pid: int) -> float:
    """From the scheduler's account (nanoseconds), else from ``stat`` (ticks of 10 ms).

    The scheduler forgets threads that ended; then the ticks are more, and count.
    """
    try:
        threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
        exact = sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
        return max(exact, ticks - 10)
    except OSError:
        return 0.0


def _pss_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


@contextlib.contextmanager
def serving(variables: Mapping[str, str], *, whole: bool = False) -> Iterator[Server]:
    """The web server on a free port; ended afterwards with all it started.

    ``whole``: as `make run` serves, watched over and with a worker beside it.
    """
    port = free_port()
    alone = web_command(HOST, port)
    command = [sys.executable, "-m", "luoshi", "serve", "--port", str(port)] if whole else alone
    process = subprocess.Popen(command, env=dict(variables), start_new_session=True)
    try:
        _wait(port, process)
        yield Server(port, process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.2)
    raise RuntimeError("The web server did not come up; its reason stands above.")

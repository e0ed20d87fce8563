"""``luoshi serve``: one process that watches over the web server and one worker.

Each of the two is the head of a process group of its own. Ctrl-C or SIGTERM ends both groups; a
head that dies takes its group along and is started anew; and if this process itself is killed,
the kernel tells both heads to end. So nothing is ever left behind, and the port is free again.

This module does not load Django: it is small, and starts at once.
"""

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from luoshi.kit import environment as env
from luoshi.kit.serving import web_command

PATIENCE = 15.0  # seconds a group has to end by itself
TRIES = 3  # starts of the web server before the first page is served
LONGEST_PAUSE = 30.0  # seconds between two starts of something that keeps dying
_PR_SET_PDEATHSIG = 1


def worker_command() -> list[str]:
    return [sys.executable, "-m", "luoshi", "worker"]


def _die_with_parent(parent: int) -> Callable[[], None]:
    """What a child does before it becomes a program: ask to be told when its parent dies."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)

    return ask


@dataclass
class Group:
    """A program with all processes it starts; kept alive until told to end."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    next_start: float = 0.0
    deaths: int = field(default=0)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, start_new_session=True, preexec_fn=_die_with_parent(os.getpid())
        )

    def watch(self) -> None:
        """Start the program if it does not run and its pause is over."""
        if self.process is not None and self.process.poll() is not None:
            self._mourn(self.process.returncode)
        if self.process is None and time.monotonic() >= self.next_start:
            self.start()

    def _mourn(self, code: int) -> None:
        """Clear away what is left of a dead program, and say when it is tried again."""
        self.signal(signal.SIGKILL)
        self.process = None
        lived = time.monotonic() - self.started
        self.deaths = 1 if lived > LONGEST_PAUSE else self.deaths + 1
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (self.deaths - 1))
        self.next_start = time.monotonic() + pause
        say(f"{self.name} ended by itself ({code}); it is started again in {pause:g} s.")

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def ask_to_end(self) -> None:
        """The head ends its own processes in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def end(self, until: float) -> None:
        """Wait for the head to end, then remove whatever is left of the group."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.1, until - time.monotonic()))
            self.signal(signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Runs groups until a signal comes."""

    def __init__(self, web: Group | None, worker: Group | None, address: tuple[str, int]) -> None:
        self.web = web
        self.groups = [group for group in (web, worker) if group]
        self.address = address
        self.ready = web is None
        self.told: int | None = None

    def run(self) -> int:
        """The exit code: 0 after a signal, 1 if the web server could not be started."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._hear)
        try:
            while self.told is None:
                for group in self.groups:
                    group.watch()
                if not self.ready and self.web and self.web.deaths >= TRIES:
                    say("The web server cannot be started; the reason stands above.")
                    return 1
                self._announce()
                time.sleep(0.1 if not self.ready else 0.5)
        finally:
            self.end()
        return 0

    def end(self) -> None:
        until = time.monotonic() + PATIENCE
        for group in self.groups:
            group.ask_to_end()
        for group in self.groups:
            group.end(until)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.told = number

    def _announce(self) -> None:
        """Say once that pages are served."""
        if self.ready:
            return
        with contextlib.suppress(OSError), socket.create_connection(self.address, timeout=0.5):
            self.ready = True
            host, port = self.address
            say(f"Luoshi serves on http://{host}:{port}/  (Ctrl-C ends it)")


def say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def port_is_free(host: str, port: int) -> bool:
    """Whether nobody listens there yet."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def port_gets_free(host: str, port: int, seconds: float = 3.0) -> bool:
    """Whether the port is free, or becomes so while a server that is ending lets go of it."""
    until = time.monotonic() + seconds
    while not port_is_free(host, port):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="luoshi serve", description=__doc__)
    parser.add_argument("--host", default=env.text("LUOSHI_BIND", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=env.number("PORT", 8000))
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--web-only", action="store_true", help="no worker on this machine")
    only.add_argument("--worker-only", action="store_true", help="no web server on this machine")
    chosen = parser.parse_args(arguments)
    if not chosen.worker_only and not port_gets_free(chosen.host, chosen.port):
        say(f"Port {chosen.port} of {chosen.host} is taken. Choose another: PORT=8001 make run")
        return 1
    web = None if chosen.worker_only else Group("Web server", web_command(chosen.host, chosen.port))
    worker = None if chosen.web_only else Group("Worker", worker_command())
    reached = "127.0.0.1" if chosen.host in {"0.0.0.0", "::", ""} else chosen.host
    return Supervisor(web, worker, (reached, chosen.port)).run()

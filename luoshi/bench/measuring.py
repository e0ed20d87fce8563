"""Measuring a page: one request after the other, then eight visitors at once."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from luoshi.bench.serving import Server, spent
from luoshi.bench.visiting import Answer, Visitor

CLIENTS = 8
SINGLE = 60  # requests one after the other …
LONGEST = 12.0  # … but no longer than this, in seconds
CROWD = 4.0  # seconds of eight visitors
WARM = 6

#: One visit: a request with a visitor, who may have to prepare it (not measured).
Visit = Callable[[Visitor, int], Answer]
Prepare = Callable[[Visitor, int], None]


@dataclass(frozen=True)
class Page:
    """What is measured: how it is asked for, and what has to be done before each time."""

    name: str
    visit: Visit
    visitor: Visitor
    prepare: Prepare = lambda _visitor, _place: None
    expected: int = 200
    queries: int = 0


@dataclass
class Figures:
    """The figures of one page, in milliseconds, requests per second and bytes."""

    p50_ms: float
    p95_ms: float
    cpu_ms: float
    rps_8_clients: float = 0.0
    p95_ms_8_clients: float = 0.0
    queries: int = 0
    bytes: int = 0


@dataclass
class _Tally:
    times: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    failed: list[str] = field(default_factory=list)


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def measure(server: Server, page: Page, *, single: int = SINGLE, crowd: float = CROWD) -> Figures:
    """Warm up, then measure alone, then with eight visitors."""
    for place in range(WARM):
        _once(page, page.visitor.twin(), place)
    found = alone(server, page, single)
    if crowd:
        found.rps_8_clients, found.p95_ms_8_clients = _crowd(page, crowd)
    found.queries = page.queries
    return found


def alone(server: Server, page: Page, count: int) -> Figures:
    """One visitor, one request after the other; the processor time is that of the server."""
    times, cpu, size = [], 0.0, 0
    until = time.monotonic() + LONGEST
    visitor = page.visitor.twin()
    for place in range(count):
        page.prepare(visitor, place)
        before = server.cpu()
        answer = _checked(page, page.visit(visitor, place))
        cpu += spent(before, server.cpu())
        times.append(answer.ms)
        size = max(size, len(answer.body))
        if time.monotonic() > until:
            break
    visitor.close()
    return Figures(
        round(statistics.median(times), 1),
        round(p95(times), 1),
        round(cpu / len(times), 1),
        bytes=size,
    )


def _once(page: Page, visitor: Visitor, place: int) -> None:
    page.prepare(visitor, place)
    _checked(page, page.visit(visitor, place))
    visitor.close()


def _checked(page: Page, answer: Answer) -> Answer:
    if answer.status != page.expected:
        text = answer.body.decode(errors="replace")
        raise RuntimeError(f"{page.name}: {answer.status} instead of {page.expected}\n{text[:800]}")
    return answer


def _crowd(page: Page, seconds: float) -> tuple[float, float]:
    tally = _Tally()
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_visit_until, args=(page, number, until, tally))
        for number in range(CLIENTS)
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if tally.failed:
        raise RuntimeError(tally.failed[0])
    took = time.monotonic() - begun
    return round(len(tally.times) / took, 1), round(p95(tally.times), 1)


def _visit_until(page: Page, number: int, until: float, tally: _Tally) -> None:
    visitor = page.visitor.twin()
    place = number + 1000
    try:
        while True:  # everybody comes once, however late their turn
            page.prepare(visitor, place)
            answer = _checked(page, page.visit(visitor, place))
            with tally.lock:
                tally.times.append(answer.ms)
            place += CLIENTS
            if time.monotonic() >= until:
                break
    except (RuntimeError, OSError, KeyError) as error:
        tally.failed.append(f"{page.name}: {error}")
    finally:
        visitor.close()

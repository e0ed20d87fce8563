import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from luoshi.bench import measuring
from luoshi.bench.measuring import Page, alone, measure, p95
from luoshi.bench.serving import _cpu_ms, spent
from luoshi.bench.visiting import Answer, Visitor


class Pages(BaseHTTPRequestHandler):
    """A page with a form, and a door."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        found = self.path != "/none/"
        body = b'<input type="hidden" name="csrfmiddlewaretoken" value="abc">' if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Set-Cookie", "csrftoken=abc; Path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        right = b"snow" in sent and "csrftoken=abc" in self.headers["Cookie"]
        self.send_response(302 if right else 422)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Idle:
    """A server that counts how often its processor time is read."""

    def __init__(self):
        self.read = 0

    def cpu(self):
        self.read += 1
        return {7: self.read * 2.0}


def test_a_visitor_logs_in_with_token_and_cookie(port):
    visitor = Visitor(port)
    visitor.log_in("/in/", "T1", "snow")
    assert visitor.cookies == {"csrftoken": "abc"}
    with pytest.raises(RuntimeError, match="T1 was not let in"):
        Visitor(port).log_in("/in/", "T1", "rain")


def test_processor_time_is_that_of_the_requests_alone(port):
    page = Page("door", lambda one, _n: one.get("/"), Visitor(port))
    figures = alone(Idle(), page, 10)
    assert figures.cpu_ms == 2.0
    assert figures.bytes == 60
    assert figures.p50_ms > 0


def test_another_status_ends_the_benchmark_and_says_which_page(port):
    page = Page("lost", lambda one, _n: one.get("/none/"), Visitor(port))
    with pytest.raises(RuntimeError, match="lost: 404 instead of 200"):
        alone(Idle(), page, 1)


def test_eight_visitors_come_at_once(port, monkeypatch):
    seen = set()

    def visit(_one, place):
        if place >= 1000:  # where the crowd begins; each of the eight has a rest of its own
            seen.add(place % measuring.CLIENTS)
        return Answer(200, b"x", 1.0)

    monkeypatch.setattr(measuring, "WARM", 0)
    figures = measure(Idle(), Page("crowd", visit, Visitor(port), queries=3), single=1, crowd=0.05)
    assert seen == set(range(measuring.CLIENTS))
    assert figures.rps_8_clients > 0
    assert figures.p95_ms_8_clients == 1.0
    assert figures.queries == 3


def test_p95():
    assert p95([7.0]) == 7.0
    assert p95([*range(1, 101)]) == pytest.approx(95.95)


def test_processes_may_come_and_go():
    assert spent({1: 5.0, 2: 90.0}, {1: 6.0, 3: 0.5}) == 1.5


def test_processor_time_of_a_process_that_is_gone_is_nothing():
    assert _cpu_ms(2**22 + 1) == 0.0

"""A visitor with a browser's manners: keeps the connection, carries cookies, fills in forms."""

import http.client
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from luoshi.bench.serving import HOST

_HIDDEN = re.compile(rb'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass
class Answer:
    """What came back, and how long it took (milliseconds)."""

    status: int
    body: bytes
    ms: float
    location: str = ""

    def hidden(self, name: str) -> str:
        """The value of a hidden field of the page."""
        for key, value in _HIDDEN.findall(self.body):
            if key.decode() == name:
                found: str = value.decode()
                return found
        raise KeyError(name)


@dataclass
class Visitor:
    """Somebody logged in."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    opened: Answer | None = None
    _connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {"Accept-Encoding": "gzip"})

    def post(self, path: str, fields: Mapping[str, str], file: tuple[str, bytes] | None) -> Answer:
        """Send a form as a browser does, with at most one file."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        body = "".join(parts).encode()
        if file:
            body += (
                f'--{boundary}\r\nContent-Disposition: form-data; name="evidence"; '
                f'filename="{file[0]}"\r\nContent-Type: text/plain\r\n\r\n'
            ).encode()
            body += file[1] + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._ask("POST", path, body, kind)

    def log_in(self, path: str, account: str, password: str) -> None:
        """Log in through the page, as people do. Raises RuntimeError if the door stays shut."""
        token = self._plain(path).hidden("csrfmiddlewaretoken")
        fields = {"csrfmiddlewaretoken": token, "account": account, "password": password}
        answer = self.post(path, fields, None)
        if answer.status != 302:
            raise RuntimeError(f"{account} was not let in ({answer.status}).")

    def open(self, path: str) -> Answer:
        """Open the page of a form, to fill it in."""
        self.opened = self._plain(path)
        return self.opened

    def twin(self) -> "Visitor":
        """The same person in a second window."""
        return Visitor(self.port, dict(self.cookies))

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _plain(self, path: str) -> Answer:
        return self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: bytes | None, more: Mapping[str, str]) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": jar, "Accept": "text/html", **more}
        begun = time.perf_counter()
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        took = (time.perf_counter() - begun) * 1000
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _equals, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, content, took, response.headers.get("Location", ""))

"""How the web server is called, by `luoshi serve` and by whoever measures it."""

import sys

from luoshi.kit import environment as env


def web_command(host: str, port: int) -> list[str]:
    """How granian is called; the figures are measured (two workers of four threads)."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", host, "--port", str(port)),
        *("--workers", str(env.number("LUOSHI_WEB_WORKERS", 2))),
        *("--blocking-threads", str(env.number("LUOSHI_WEB_THREADS", 4))),
        *("--backlog", "1024", "--respawn-failed-workers", "--workers-max-rss", "512"),
        *("--http1-header-read-timeout", "15000", "--workers-kill-timeout", "10"),
        *("--no-ws", "--log-level", env.text("LUOSHI_LOG", "error").lower()),
        "luoshi.config.wsgi:application",
    ]

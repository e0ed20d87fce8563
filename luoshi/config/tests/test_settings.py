"""Production refuses what a house with real data must not be run with."""

import os
import secrets
import subprocess
import sys

import pytest

GOOD = {
    "LUOSHI_PRODUCTION": "1",
    "LUOSHI_SECRET_KEY": secrets.token_urlsafe(48),
    "LUOSHI_SEAL_KEY": secrets.token_urlsafe(48),
    "LUOSHI_HOSTS": "luoshi.example.cn",
}
ASK = "from luoshi.config import settings as s; print(({}))"


def ask(tmp_path, expression: str, **more: str) -> subprocess.CompletedProcess[str]:
    """What a fresh process with these settings answers."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LUOSHI_", "DATABASE_"))}
    env |= {"LUOSHI_HOME": str(tmp_path), **more}
    return subprocess.run(
        [sys.executable, "-c", ASK.format(expression)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_with_good_secrets_starts_with_secure_cookies(tmp_path) -> None:
    answer = ask(
        tmp_path, "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0", **GOOD
    )
    assert answer.stdout.strip() == "(True, True, True)", answer.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"LUOSHI_DEMO": "1"}, "LUOSHI_PRODUCTION refuses LUOSHI_DEMO."),
        ({"LUOSHI_DEBUG": "1"}, "LUOSHI_PRODUCTION refuses LUOSHI_DEBUG."),
        ({"LUOSHI_SECRET_KEY": "short"}, "LUOSHI_PRODUCTION needs LUOSHI_SECRET_KEY of at least"),
        ({"LUOSHI_SECRET_KEY": "ab" * 30}, "LUOSHI_PRODUCTION needs LUOSHI_SECRET_KEY of at least"),
        ({"LUOSHI_SECRET_KEY": ""}, "LUOSHI_PRODUCTION needs LUOSHI_SECRET_KEY of at least"),
        ({"LUOSHI_SEAL_KEY": "x" * 60}, "LUOSHI_PRODUCTION needs LUOSHI_SEAL_KEY of at least"),
        ({"LUOSHI_HOSTS": ""}, "LUOSHI_PRODUCTION needs LUOSHI_HOSTS."),
    ],
)
def test_production_refuses(tmp_path, change: dict[str, str], sentence: str) -> None:
    answer = ask(tmp_path, "1", **{**GOOD, **change})
    assert answer.returncode != 0
    assert sentence in answer.stderr


def test_a_command_tells_a_wrong_setting_in_one_sentence(tmp_path) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LUOSHI_", "DATABASE_"))}
    answer = subprocess.run(
        [sys.executable, "-m", "luoshi", "check"],
        env=env | {"LUOSHI_HOME": str(tmp_path), "LUOSHI_IDLE_MINUTES": "soon"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr == (
        "luoshi: LUOSHI_IDLE_MINUTES is 'soon'; it must be a whole number from 1.\n"
    )


def test_production_without_any_secret_refuses(tmp_path) -> None:
    answer = ask(tmp_path, "1", LUOSHI_PRODUCTION="1", LUOSHI_HOSTS="a.cn")
    assert "LUOSHI_PRODUCTION needs LUOSHI_SECRET_KEY" in answer.stderr


def test_production_never_shifts_its_clock(tmp_path) -> None:
    answer = ask(tmp_path, "repr(s.CLOCK_FILE)", LUOSHI_CLOCK_FILE="/tmp/clock", **GOOD)
    assert answer.stdout.strip() == "''", answer.stderr


def test_a_fresh_machine_is_neither_demo_nor_debug_and_stays_at_home(tmp_path) -> None:
    answer = ask(tmp_path, "s.DEMO, s.DEBUG, s.PRODUCTION, s.ALLOWED_HOSTS")
    expected = "(False, False, False, ['127.0.0.1', 'localhost', '[::1]'])"
    assert answer.stdout.strip() == expected, answer.stderr


def test_the_content_policy_allows_no_script_of_others_and_none_inline() -> None:
    from django.conf import settings

    rules = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == ["'self'"]
    assert rules["object-src"] == rules["base-uri"] == ["'none'"]


def test_the_queue_never_runs_a_job_twice_at_a_time() -> None:
    """A lock starts when a job leaves the queue and is not renewed (ARCHITECTURE §19.13)."""
    from django.conf import settings

    q = settings.Q_CLUSTER
    assert q["queue_limit"] * q["timeout"] / q["workers"] + q["timeout"] < q["retry"]
    assert q["bulk"] == 1

"""Wrong passwords: per account over all addresses, per address, and where an address is read."""

import datetime as dt

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.test import Client

from luoshi.kit import clock
from luoshi.kit.address import address_of
from luoshi.people import jobs, rules
from luoshi.people.queries import accounts as account_queries
from luoshi.people.tests.factories import PASSWORD, cast, make_person

NOON = dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)


@pytest.fixture
def who(db):
    return cast()


@pytest.fixture
def li(who):
    return make_person("李四", who.section, "0210009", password=PASSWORD)


def failed(account: str, address: str, times: int, minutes_ago: int = 1) -> None:
    """Wrong passwords some minutes ago."""
    at = clock.machine_now() - dt.timedelta(minutes=minutes_ago)
    for _n in range(times):
        row = AccessFailureLog.objects.create(username=account, ip_address=address)
        AccessFailureLog.objects.filter(pk=row.pk).update(attempt_time=at)


def log_in(address: str, account: str = "0210009", password: str = PASSWORD):
    data = {"account": account, "password": password}
    return Client().post("/people/login/", data, REMOTE_ADDR=address)


@pytest.mark.parametrize(
    ("minutes", "waits"),
    [([1] * 19, None), ([1] * 20, 59), ([1] * 19 + [50], 10), ([61] * 30, None)],
)
def test_the_wait_ends_when_the_oldest_of_so_many_failures_is_long_enough_ago(minutes, waits):
    failures = [NOON - dt.timedelta(minutes=m) for m in sorted(minutes)]
    until = rules.opens_at(failures, rules.OF_ACCOUNT, NOON)
    assert until == (waits and NOON + dt.timedelta(minutes=waits))


def test_an_account_tried_from_many_addresses_is_shut_for_a_while_and_says_until_when(li, who):
    for n in range(5):
        failed("T0210009", f"10.0.0.{n}", 4, minutes_ago=30)
    answer = log_in("10.0.0.99")
    page = answer.content.decode()
    assert answer.status_code == 429
    again = clock.machine_now() + dt.timedelta(minutes=30)
    from django.utils import timezone

    times = {timezone.localtime(again + dt.timedelta(seconds=s)).strftime("%H:%M") for s in (0, 59)}
    assert any(time in page for time in times)
    assert who.guard.name in page
    assert AccessFailureLog.objects.count() == 20, "what is refused meanwhile is not counted"
    assert account_queries.locked_account("T0210009")


def test_nobody_is_kept_out_of_an_address_they_know(li):
    assert log_in("10.0.0.7").status_code == 302
    failed("T0210009", "10.0.0.66", 50)
    failed("T0999999", "10.0.0.7", 200)
    assert log_in("10.0.0.7").status_code == 302
    assert log_in("10.0.0.8").status_code == 429


def test_the_wait_ends_of_itself(li):
    failed("T0210009", "10.0.0.66", 50, minutes_ago=61)
    assert log_in("10.0.0.8").status_code == 302


def test_a_security_administrator_ends_it_at_once(li, who):
    failed("T0210009", "10.0.0.66", 50)
    assert log_in("10.0.0.8").status_code == 429
    guard = Client()
    guard.force_login(who.guard)
    assert "李四" in guard.get("/people/accounts/").content.decode()
    guard.post(f"/people/persons/{li.pk}/unlock/")
    assert log_in("10.0.0.8").status_code == 302


def test_an_address_that_tries_many_accounts_waits_whatever_the_account(li):
    for n in range(100):
        failed(f"T1{n}", "10.0.0.66", 1)
    for account in ("0210009", "7777777"):
        answer = log_in("10.0.0.66", account)
        assert answer.status_code == 429
        assert "这个网络地址" in answer.content.decode()
    assert log_in("10.0.0.67").status_code == 302


def test_wrong_passwords_are_really_counted_for_account_and_address(li):
    for n in range(20):
        log_in(f"10.0.1.{n}", password="wrong")
    assert log_in("10.0.2.1").status_code == 429
    assert AccessFailureLog.objects.filter(username="T0210009").count() == 20


def test_behind_a_proxy_the_address_is_what_our_proxy_wrote(rf, settings):
    def asked(chain):
        return rf.get("/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": chain})

    settings.PROXIES = 0
    assert address_of(asked("6.6.6.6")) == "127.0.0.1"
    settings.PROXIES = 1
    assert address_of(asked("6.6.6.6, 10.1.2.3")) == "10.1.2.3"
    assert address_of(asked("nonsense")) == "127.0.0.1"
    assert address_of(asked("")) == "127.0.0.1"
    settings.PROXIES = 2
    assert address_of(asked("6.6.6.6, 10.1.2.3, 192.168.0.1")) == "10.1.2.3"
    assert address_of(asked("10.1.2.3")) == "127.0.0.1"
    assert address_of(asked("2001:db8::1, 192.168.0.1")) == "2001:db8::1"


def test_old_log_ins_are_forgotten(db):
    failed("T1", "10.0.0.1", 1, minutes_ago=32 * 24 * 60)
    failed("T1", "10.0.0.1", 1, minutes_ago=30 * 24 * 60)
    AccessLog.objects.create(username="T1", ip_address="10.0.0.1")
    assert jobs.tidy() == 1
    assert jobs.tidy() == 0
    assert (AccessFailureLog.objects.count(), AccessLog.objects.count()) == (1, 1)

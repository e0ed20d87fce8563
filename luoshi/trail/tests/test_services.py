import datetime as dt
import json
import threading
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_migrate

from luoshi.kit.actor import SYSTEM, Actor
from luoshi.trail import kinds, services
from luoshi.trail.apps import guards_stand
from luoshi.trail.models import Event, Head, Seal
from luoshi.trail.queries import faults, missing_guards
from luoshi.trail.rules import VERBS, guards
from luoshi.trail.services import record, record_many, restore_guards, seal_day, seal_until
from luoshi.trail.tests.factories import CHEN, LI, tamper, tell
from luoshi.trail.tests.triggers import drop_guards

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _verbs(monkeypatch):
    monkeypatch.setitem(VERBS, "task.sign", "签收")
    monkeypatch.setitem(VERBS, "task.issue", "下达")


def test_an_event_says_who_did_what_for_whom():
    tell("task/17", "task.sign", by=CHEN, old="issued", new="active", due=dt.date(2026, 12, 1))
    event = Event.objects.get()
    assert (event.about, event.seq, event.verb) == ("task/17", 1, "task.sign")
    assert (event.by_id, event.by_name) == (4, "陈秘书")
    assert (event.for_id, event.for_name) == (9, "赵副院长")
    assert json.loads(event.data) == {"due": "2026-12-01", "new": "active", "old": "issued"}
    assert event.prev == ""


def test_each_event_follows_the_one_before():
    tell("task/17", "task.issue", "task.sign")
    tell("task/18", "task.issue")
    first, second = Event.objects.filter(about_id=17).order_by("seq")
    assert (first.seq, second.seq) == (1, 2)
    assert second.prev == first.hash
    head = Head.objects.get(about_kind="task", about_id=17)
    assert (head.seq, head.hash) == (2, second.hash)
    assert Head.objects.get(about_id=18).seq == 1
    assert list(faults_without_guards()) == []


def test_data_may_be_called_about_and_verb():
    with transaction.atomic():
        record("task/1", "task.sign", by=LI, about="x", verb="y")
    assert json.loads(Event.objects.get().data) == {"about": "x", "verb": "y"}


def test_a_verb_nobody_registered_is_refused_in_tests():
    with pytest.raises(kinds.UnknownVerb, match=r"task\.fly"):
        tell("task/17", "task.fly")
    assert Event.objects.count() == 0


def test_one_act_on_many_subjects():
    with transaction.atomic():
        record_many(
            [("task/2", {"unit": 5}), ("task/1", {"unit": 6}), ("task/2", {"unit": 7})],
            "task.issue",
            by=LI,
            year=2026,
        )
    events = Event.objects.order_by("about_id", "seq")
    assert [(e.about, e.seq, json.loads(e.data)) for e in events] == [
        ("task/1", 1, {"unit": 6, "year": 2026}),
        ("task/2", 1, {"unit": 5, "year": 2026}),
        ("task/2", 2, {"unit": 7, "year": 2026}),
    ]
    assert list(faults_without_guards()) == []


def test_nothing_to_record_asks_nothing(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(0):
        record_many([], "task.issue", by=LI)


def test_thousands_are_recorded_in_few_statements(django_assert_max_num_queries):
    abouts = [(f"task/{pk}", {"unit": pk % 9}) for pk in range(1, 5001)]
    for turn in (1, 2):
        with transaction.atomic(), django_assert_max_num_queries(200):
            record_many(abouts, "task.issue", by=LI, year=2026)
        assert set(Head.objects.values_list("seq", flat=True)) == {turn}
    assert Event.objects.count() == 10_000
    assert list(faults_without_guards()) == []


def test_one_more_event_costs_three_statements(django_assert_num_queries):
    tell("task/17", "task.issue")
    with transaction.atomic(), django_assert_num_queries(3):
        record("task/17", "task.sign", by=LI)


def test_the_system_has_no_number():
    tell("task/17", "task.sign", by=SYSTEM)
    assert Event.objects.get().by_id is None


def test_a_very_long_name_is_cut():
    tell("task/17", "task.sign", by=Actor(1, "李" * 150))
    assert Event.objects.get().by_name == "李" * 100
    assert list(faults_without_guards()) == []


@pytest.mark.django_db(transaction=True)
def test_recording_needs_a_transaction():
    with pytest.raises(AssertionError, match="transaction"):
        record("task/17", "task.sign", by=LI)
    assert Event.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_told():
    def fail():
        with transaction.atomic():
            record("task/17", "task.sign", by=LI)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Event.objects.count() == 0
    assert Head.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_chain_does_not_fork_under_many_writers():
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads need a database that several connections share")

    def write():
        try:
            for _turn in range(5):
                with transaction.atomic():
                    record("task/17", "task.sign", by=LI)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Event.objects.count() == 20
    assert list(faults_without_guards()) == []


# ---------------------------------------------------------------------------- guards


@pytest.mark.usefixtures("with_triggers")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE trail_event SET by_name = 'x'",
        "DELETE FROM trail_event",
        "UPDATE trail_seal SET count = 0",
        "DELETE FROM trail_seal",
        "DELETE FROM trail_head",
        "UPDATE trail_head SET seq = 0",
        "UPDATE trail_head SET about_id = 99, seq = seq + 1",
    ],
)
def test_the_database_refuses_to_rewrite_the_trail(sql):
    tell("task/17", "task.issue", "task.sign")
    seal_day(dt.date(2030, 1, 1))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper(sql)
    assert Event.objects.filter(by_name=LI.name).count() == 2
    assert Seal.objects.get().count == 2


@pytest.mark.usefixtures("with_triggers")
@pytest.mark.parametrize("table", ["trail_event", "trail_seal", "trail_head"])
def test_the_database_refuses_to_empty_a_table(table):
    tell("task/17", "task.issue")
    seal_day(dt.date(2030, 1, 1))
    word = "TRUNCATE" if connection.vendor == "postgresql" else "DELETE FROM"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper(f"{word} {table}")


@pytest.mark.usefixtures("with_triggers")
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has REPLACE")
@pytest.mark.parametrize("same", ["id", "place"])
def test_sqlite_refuses_to_replace_an_event(same):
    tell("task/17", "task.issue")
    row = Event.objects.get()
    pk, seq = (row.pk, 9) if same == "id" else (row.pk + 50, row.seq)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper(
            "INSERT OR REPLACE INTO trail_event (id, about_kind, about_id, seq, verb, by_name,"
            " for_name, at, data, prev, hash) VALUES (%s, 'task', 17, %s, 'x', '', '',"
            " '2026-01-01', '{}', '', '')",
            pk,
            seq,
        )
    assert Event.objects.get().verb == "task.issue"


@pytest.mark.usefixtures("with_triggers")
def test_writing_goes_on_under_the_guards():
    tell("task/17", "task.issue", "task.sign")
    with transaction.atomic():
        record_many([("task/17", {}), ("task/18", {})], "task.sign", by=LI)
    assert Event.objects.count() == 4
    assert list(faults()) == []


@pytest.mark.usefixtures("with_triggers")
def test_a_guard_that_is_gone_is_missed_and_put_up_again():
    assert missing_guards() == []
    assert guards_stand(["default"]) == []
    drop_guards()
    assert sorted(missing_guards()) == sorted(guards(connection.vendor))
    assert guards_stand(["default"])[0].id == "trail.E001"
    assert {fault.kind for fault in faults()} == {"guard"}
    assert sorted(restore_guards(by=LI)) == sorted(guards(connection.vendor))
    assert missing_guards() == []
    assert Event.objects.get().verb == "trail.guard"
    assert restore_guards(by=LI) == []
    assert Event.objects.count() == 1


@pytest.mark.usefixtures("with_triggers")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has switches")
def test_a_guard_that_is_switched_off_is_missed():
    tamper("ALTER TABLE trail_event DISABLE TRIGGER trail_event_kept")
    assert missing_guards() == ["trail_event_kept"]


def test_a_migrate_puts_the_guards_up():
    from luoshi.trail.apps import put_up_guards

    put_up_guards(SimpleNamespace(), using="default")
    assert missing_guards() == []
    drop_guards()
    assert not any(uid[0] == "trail.guards" for uid, *_rest in post_migrate.receivers)


# ---------------------------------------------------------------------------- seals


def on(monkeypatch, day: dt.date) -> None:
    """It is noon of that day."""
    moment = dt.datetime(day.year, day.month, day.day, 4, tzinfo=dt.UTC)
    monkeypatch.setattr("luoshi.kit.clock.now", lambda: moment)


DAY = dt.date(2026, 11, 18)


def test_a_day_is_sealed_once(monkeypatch):
    on(monkeypatch, DAY)
    tell("task/17", "task.issue", "task.sign")
    seal = seal_day(DAY)
    assert seal.count == 2
    assert (seal.first_hash, seal.last_hash) == tuple(
        Event.objects.order_by("id").values_list("hash", flat=True)
    )
    assert seal_day(DAY).pk == seal.pk
    assert Seal.objects.count() == 1


def test_each_seal_holds_the_one_before_and_every_day_gets_one(monkeypatch):
    on(monkeypatch, DAY - dt.timedelta(days=3))
    tell("task/17", "task.issue")
    on(monkeypatch, DAY)
    tell("task/17", "task.sign")
    assert seal_until(DAY) == 4
    assert seal_until(DAY) == 0
    seals = list(Seal.objects.order_by("day"))
    assert [seal.count for seal in seals] == [1, 0, 0, 1]
    assert [seal.prev for seal in seals[1:]] == [seal.hash for seal in seals[:-1]]


def test_the_day_is_the_institution_s(monkeypatch):
    late = dt.datetime(2026, 11, 18, 16, 30, tzinfo=dt.UTC)  # half past midnight in Shanghai
    monkeypatch.setattr("luoshi.kit.clock.now", lambda: late)
    tell("task/17", "task.issue")
    assert seal_day(DAY).count == 0
    assert seal_day(DAY + dt.timedelta(days=1)).count == 1


def test_an_empty_trail_needs_no_seal():
    assert seal_until(DAY) == 0
    assert services.first_unsealed() is None


def faults_without_guards():
    return [fault for fault in faults() if fault.kind != "guard"]

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone, translation

from luoshi.trail.jobs import seal_yesterday
from luoshi.trail.models import Event, Head, Seal
from luoshi.trail.queries import (
    Filter,
    all_found,
    count_found,
    events_about,
    faults,
    find,
    seals,
)
from luoshi.trail.rules import SUBJECTS, VERBS, event_hash
from luoshi.trail.services import record
from luoshi.trail.tests.factories import CHEN, LI, tamper, tell

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _verbs(monkeypatch):
    monkeypatch.setitem(VERBS, "task.sign", "签收")
    monkeypatch.setitem(VERBS, "task.issue", "下达")


@pytest.fixture
def noon(monkeypatch):
    """Set the day it is."""

    def to(day: dt.date) -> None:
        moment = dt.datetime(day.year, day.month, day.day, 4, tzinfo=dt.UTC)
        monkeypatch.setattr("luoshi.kit.clock.now", lambda: moment)

    to(TODAY)
    return to


# ---------------------------------------------------------------------------- stories


def test_a_story_is_told_newest_first_and_only_of_its_subject():
    tell("task/17", "task.issue", "task.sign", by=CHEN, note="按期完成")
    tell("unit/17", "task.issue")
    lines = events_about("task", 17)
    assert [(line.verb, line.label, line.seq) for line in lines] == [
        ("task.sign", "签收", 2),
        ("task.issue", "下达", 1),
    ]
    assert lines[0].data == {"note": "按期完成"}
    assert (lines[0].by_name, lines[0].for_name) == ("陈秘书", "赵副院长")
    assert lines[0].ref == "task/17"
    assert len(events_about("task", 17, limit=1)) == 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), ["task/2", "task/1", "unit/1"]),
        (Filter(verb="task.sign"), ["task/2"]),
        (Filter(verb="task."), ["task/2", "task/1", "unit/1"]),
        (Filter(verb="unit."), []),
        (Filter(person="赵副"), ["task/2"]),
        (Filter(person="李"), ["task/1", "unit/1"]),
        (Filter(person_id=9), ["task/2"]),
        (Filter(about="task"), ["task/2", "task/1"]),
        (Filter(about="task/1"), ["task/1"]),
        (Filter(about="task/x"), []),
        (Filter(about="task/²"), []),
        (Filter(since=TODAY), ["task/2", "task/1"]),
        (Filter(until=TODAY - dt.timedelta(days=1)), ["unit/1"]),
        (Filter(since=TODAY, until=TODAY), ["task/2", "task/1"]),
        (Filter(words="党建 质量"), ["task/2"]),
        (Filter(words="党建 没有"), []),
        (Filter(words='"引号"'), ["task/1"]),
        (Filter(words="100%"), ["task/1"]),
    ],
)
def test_the_trail_is_searched(noon, wanted, found):
    noon(TODAY - dt.timedelta(days=5))
    tell("unit/1", "task.issue")
    noon(TODAY)
    tell("task/1", "task.issue", note='做到 100%,"引号"')
    tell("task/2", "task.sign", by=CHEN, note="党建质量")
    assert [line.ref for line in find(wanted).lines] == found
    assert [line.ref for line in all_found(wanted)] == found
    assert count_found(wanted) == (len(found), False)


def test_pages_follow_each_other():
    for pk in range(1, 6):
        tell(f"task/{pk}", "task.issue")
    first = find(Filter(), limit=2)
    second = find(Filter(), before=first.next, limit=2)
    third = find(Filter(), before=second.next, limit=2)
    assert [[x.about_id for x in page.lines] for page in (first, second, third)] == [
        [5, 4],
        [3, 2],
        [1],
    ]
    assert third.next is None
    assert count_found(Filter(), most=4) == (4, True)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_costs_one_statement(django_assert_num_queries, rows):
    for pk in range(1, rows + 1):
        tell(f"task/{pk}", "task.issue")
    with django_assert_num_queries(1):
        find(Filter())


# ---------------------------------------------------------------------------- the proof


@pytest.fixture
def told(noon):
    """Three stories, two of them sealed."""
    noon(TODAY - dt.timedelta(days=1))
    tell("task/1", "task.issue", "task.sign", "task.sign")
    tell("task/2", "task.issue", "task.sign")
    noon(TODAY)
    seal_yesterday()
    tell("task/3", "task.issue", "task.sign")
    return noon


def found(*but: str) -> list[tuple[str, str]]:
    """What is found; guards do not stand in tests, and gaps in the numbers have their own."""
    unasked = but or ("guard", "gap")
    return [(fault.kind, fault.about) for fault in faults() if fault.kind not in unasked]


def rewrite(about_id: int, seq: int, **change) -> None:
    """Change an event and give it a hash that fits, as a clever forger would."""
    event = Event.objects.get(about_id=about_id, seq=seq)
    for name, value in change.items():
        setattr(event, name, value)
    names = [one.name for one in Event._meta.fields if one.name not in {"id", "hash"}]
    event.hash = event_hash(**{name: getattr(event, name) for name in names})
    tamper("DELETE FROM trail_event WHERE id = %s", event.pk)
    event.save(force_insert=True)


@pytest.mark.usefixtures("told")
def test_a_whole_trail_has_no_faults():
    assert found() == []


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    "change",
    [
        "by_name = '王'",
        "data = '{}  '",
        "verb = 'task.issue'",
        "by_id = 7",
        "at = '2026-11-19 1:00'",
    ],
)
def test_a_changed_row_is_found(change):
    assert tamper(f"UPDATE trail_event SET {change} WHERE about_id = 1 AND seq = 2") == 1
    assert ("changed", "task/1") in found()


@pytest.mark.usefixtures("told")
def test_a_changed_row_with_a_hash_that_fits_is_found():
    rewrite(1, 2, data='{"x":1}')
    kinds_found = found()
    assert ("inserted", "task/1") in kinds_found  # the next does not follow it
    assert ("seal", "2026-11-19") in kinds_found


@pytest.mark.usefixtures("told")
def test_a_removed_row_is_found():
    tamper("DELETE FROM trail_event WHERE about_id = 1 AND seq = 2")
    assert found() == [("removed", "task/1"), ("seal", "2026-11-19")]


@pytest.mark.usefixtures("told")
def test_removed_last_rows_are_found_before_any_seal():
    tamper("DELETE FROM trail_event WHERE about_id = 3 AND seq = 2")
    assert found() == [("removed", "task/3")]


@pytest.mark.usefixtures("told")
def test_removed_last_rows_with_a_head_that_fits_are_found_by_the_seal():
    tamper("DELETE FROM trail_event WHERE about_id = 1 AND seq = 3")
    last = Event.objects.get(about_id=1, seq=2)
    tamper("UPDATE trail_head SET seq = 2, hash = %s WHERE about_id = 1", last.hash)
    assert found() == [("head", "task/1"), ("seal", "2026-11-19")]


@pytest.mark.usefixtures("told")
def test_removed_last_rows_with_a_head_that_fits_are_found_on_a_day_without_seal():
    tamper("DELETE FROM trail_event WHERE about_id = 3 AND seq = 2")
    last = Event.objects.get(about_id=3, seq=1)
    tamper("UPDATE trail_head SET seq = 1, hash = %s WHERE about_id = 3", last.hash)
    assert found() == [("head", "task/3")]


@pytest.mark.usefixtures("told")
def test_a_last_row_rewritten_with_a_head_that_fits_is_found_on_a_day_without_seal():
    rewrite(3, 2, by_name="王")
    last = Event.objects.get(about_id=3, seq=2)
    tamper("UPDATE trail_head SET hash = %s WHERE about_id = 3", last.hash)
    assert found() == [("head", "task/3")]


@pytest.mark.usefixtures("told")
def test_a_head_of_another_story_does_not_fit():
    tamper("UPDATE trail_head SET mark = (SELECT mark FROM trail_head WHERE about_id = 2)")
    assert found() == [("head", "task/1"), ("head", "task/3")]


@pytest.mark.usefixtures("told")
def test_a_head_without_a_signature_is_found():
    tamper("UPDATE trail_head SET mark = '' WHERE about_id = 3")
    assert found() == [("head", "task/3")]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="numbers have gaps elsewhere")
@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("about", [2, 3], ids=["in the middle", "the last"])
def test_numbers_that_are_gone_are_counted(about):
    """A whole story of a subject that lives nowhere, gone with its head, on an open day."""
    assert found("guard") == []
    tamper("DELETE FROM trail_event WHERE about_id = %s", about)
    tamper("DELETE FROM trail_head WHERE about_id = %s", about)
    assert ("gap", "trail") in found("guard")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="numbers have gaps elsewhere")
@pytest.mark.usefixtures("told")
def test_what_was_rolled_back_leaves_no_gap():
    with transaction.atomic():
        record("task/8", "task.issue", by=LI)
        transaction.set_rollback(True)
    assert found("guard") == []
    tell("task/8", "task.issue")
    assert found("guard") == []


@pytest.mark.usefixtures("told")
def test_an_inserted_row_is_found():
    last = Event.objects.get(about_id=3, seq=2)
    Event.objects.create(
        about_kind="task",
        about_id=3,
        seq=3,
        verb="task.sign",
        by_name="x",
        at=last.at,
        data="{}",
        prev=last.hash,
        hash=event_hash(
            prev=last.hash,
            about_kind="task",
            about_id=3,
            seq=3,
            verb="task.sign",
            by_id=None,
            by_name="x",
            for_id=None,
            for_name="",
            at=last.at,
            data="{}",
        ),
    )
    assert found() == [("inserted", "task/3")]


@pytest.mark.usefixtures("told")
def test_a_row_written_into_a_sealed_day_is_found(told):
    told(TODAY - dt.timedelta(days=1))
    tell("task/9", "task.issue")
    told(TODAY)
    assert found() == [("seal", "2026-11-19")]


@pytest.mark.usefixtures("told")
def test_a_whole_subject_whose_rows_are_gone_is_found():
    tamper("DELETE FROM trail_event WHERE about_id = 3")
    assert found() == [("removed", "task/3")]


@pytest.mark.usefixtures("told")
def test_a_whole_sealed_subject_gone_with_its_head_is_found():
    tamper("DELETE FROM trail_event WHERE about_id = 2")
    tamper("DELETE FROM trail_head WHERE about_id = 2")
    assert found() == [("seal", "2026-11-19")]


@pytest.mark.usefixtures("told")
def test_a_whole_unsealed_subject_gone_with_its_head_is_missed_where_it_still_lives(monkeypatch):
    monkeypatch.setitem(SUBJECTS, "task", lambda: [1, 2, 3])
    assert found() == []
    tamper("DELETE FROM trail_event WHERE about_id = 3")
    tamper("DELETE FROM trail_head WHERE about_id = 3")
    assert found() == [("removed", "task/3")]


@pytest.mark.usefixtures("told")
def test_a_head_that_is_gone_is_found():
    tamper("DELETE FROM trail_head WHERE about_id = 2")
    assert found() == [("head", "task/2")]


@pytest.mark.usefixtures("told")
def test_a_head_that_says_something_else_is_found():
    tamper("UPDATE trail_head SET hash = 'x' WHERE about_id = 2")
    assert found() == [("head", "task/2")]


@pytest.mark.usefixtures("told")
def test_a_story_rewritten_with_everything_but_the_key_is_found(settings):
    tamper("DELETE FROM trail_event WHERE about_id = 2")
    tamper("DELETE FROM trail_head WHERE about_id = 2")
    tamper("DELETE FROM trail_seal")
    settings.SEAL_KEY, key = "guessed", settings.SEAL_KEY
    seal_yesterday()
    tell("task/2", "task.issue")
    assert found() == [("head", "task/1"), ("head", "task/3")]
    settings.SEAL_KEY = key
    assert found() == [("head", "task/2"), ("seal", "2026-11-19")]


@pytest.mark.usefixtures("told")
def test_a_seal_taken_out_of_the_middle_is_found(told):
    told(TODAY + dt.timedelta(days=2))
    seal_yesterday()
    assert found() == []
    tamper("DELETE FROM trail_seal WHERE day = '2026-11-20'")
    kinds_found = found()
    assert set(kinds_found) == {("seal", "2026-11-21")}


@pytest.mark.usefixtures("told")
def test_last_seals_taken_away_are_found(told):
    told(TODAY + dt.timedelta(days=3))
    seal_yesterday()
    assert found() == []
    tamper("DELETE FROM trail_seal WHERE day > '2026-11-19'")
    assert found() == [("seal", "2026-11-20")]
    tamper("DELETE FROM trail_seal")
    assert found() == [("seal", "2026-11-19")]


@pytest.mark.usefixtures("told")
def test_the_newest_seal_taken_away_is_found():
    tamper("DELETE FROM trail_seal")
    [fault] = [fault for fault in faults() if fault.kind == "seal"]
    assert fault.about == "2026-11-19"


@pytest.mark.parametrize(("hour", "missed"), [(2, False), (3, True)])
def test_a_day_without_seal_is_missed_an_hour_after_the_nightly_job(
    noon, monkeypatch, hour, missed
):
    noon(TODAY - dt.timedelta(days=1))
    tell("task/1", "task.issue")
    night = timezone.make_aware(dt.datetime.combine(TODAY, dt.time(hour, 30)))
    monkeypatch.setattr("luoshi.kit.clock.now", lambda: night)
    assert found() == ([("seal", "2026-11-19")] if missed else [])


def test_a_past_day_without_events_needs_no_seal(noon):
    noon(TODAY - dt.timedelta(days=3))
    tell("task/1", "task.issue")
    noon(TODAY - dt.timedelta(days=2))
    seal_yesterday()
    noon(TODAY)
    assert found() == []


def test_a_young_trail_without_seals_is_whole(noon):
    tell("task/1", "task.issue")
    assert Seal.objects.count() == 0
    assert found() == []


def test_the_job_seals_what_is_over_and_nothing_of_today(told):
    assert [seal.day for seal in seals()] == [TODAY - dt.timedelta(days=1)]
    assert seal_yesterday() == 0
    assert seal_yesterday(TODAY + dt.timedelta(days=1)) == 1
    assert seals()[0].count == 2


@pytest.mark.usefixtures("with_triggers")
def test_verify_says_the_trail_is_whole():
    tell("task/1", "task.issue")
    out = StringIO()
    with translation.override("en"):
        call_command("trail", "verify", stdout=out)
    assert out.getvalue() == "The trail is whole: 1 events, last seal none yet.\n"


@pytest.mark.usefixtures("with_triggers")
def test_verify_names_what_is_wrong_and_fails():
    tell("task/1", "task.issue")
    with transaction.atomic():
        record("task/2", "task.issue", by=LI)
    Head.objects.create(about_kind="task", about_id=3, seq=4, hash="x")
    out = StringIO()
    with translation.override("en"), pytest.raises(CommandError, match="1 fault"):
        call_command("trail", "verify", stdout=out)
    assert out.getvalue() == "task/3: its whole story is missing.\n"


def test_the_commands_seal_and_guard(noon):
    from luoshi.trail.tests.triggers import drop_guards

    noon(TODAY - dt.timedelta(days=2))
    tell("task/1", "task.issue")
    noon(TODAY)
    out = StringIO()
    with translation.override("en"):
        call_command("trail", "seal", stdout=out)
        call_command("trail", "guard", stdout=out)
        call_command("trail", "guard", stdout=out)
    drop_guards()
    lines = out.getvalue().splitlines()
    assert lines[0] == "2 days sealed."
    assert lines[1].startswith("Restored: trail_event_")
    assert lines[2] == "All guards stand."


@pytest.mark.usefixtures("with_triggers")
def test_stories_from_before_heads_were_signed_are_signed_by_the_migration():
    from importlib import import_module
    from types import SimpleNamespace

    from django.apps import apps

    from luoshi.trail.services import install_guards
    from luoshi.trail.tests.triggers import drop_guards

    tell("task/1", "task.issue", "task.sign")
    tell("task/2", "task.issue")
    drop_guards()
    tamper("UPDATE trail_head SET mark = ''")
    install_guards()
    assert found() == [("head", "task/1"), ("head", "task/2")]
    editor = SimpleNamespace(connection=connection, execute=tamper)
    import_module("luoshi.trail.migrations.0002_head_mark").sign(apps, editor)
    assert install_guards() == ["trail_head_forward"]
    assert list(faults()) == []

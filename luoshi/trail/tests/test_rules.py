import datetime as dt
from decimal import Decimal
from enum import Enum

import pytest

from luoshi.trail import kinds
from luoshi.trail.models import Head
from luoshi.trail.rules import (
    VERBS,
    canonical,
    day_digest,
    digest,
    event_hash,
    guards,
    label_of,
    parts_of,
    plain,
    seal_hash,
)

AT = dt.datetime(2026, 11, 18, 9, 30, tzinfo=dt.UTC)
EVENT = {
    "prev": "",
    "about_kind": "task",
    "about_id": 17,
    "seq": 1,
    "verb": "task.sign",
    "by_id": 1,
    "by_name": "李主任",
    "for_id": None,
    "for_name": "",
    "at": AT,
    "data": "{}",
}


class Colour(Enum):
    RED = "red"


def test_a_reference_is_a_kind_and_a_number():
    assert parts_of("task/17") == ("task", 17)


@pytest.mark.parametrize("about", ["", "task", "task/", "/17", "task/x", "Task/1", "a/1/2", "a/-1"])
def test_anything_else_is_no_reference(about):
    with pytest.raises(ValueError, match="reference"):
        parts_of(about)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2026, 2, 28), "2026-02-28"),
        (AT, "2026-11-18T09:30:00+00:00"),
        (Decimal("1.50"), "1.50"),
        (Colour.RED, "red"),
        (Head(pk=5), 5),
        ({3, 1, 2}, [1, 2, 3]),
        ((1, "二"), [1, "二"]),
        ({1: Decimal(2)}, {"1": "2"}),
        (True, True),
        (None, None),
    ],
)
def test_values_are_written_plainly(value, text):
    assert plain(value) == text


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf"), b"x"])
def test_a_value_without_meaning_is_refused(value):
    with pytest.raises(TypeError):
        plain(value)


def test_data_is_written_the_same_whatever_its_order():
    assert canonical({"b": 1, "a": "党建𠮷"}) == '{"a":"党建𠮷","b":1}'
    assert canonical({"a": "党建𠮷", "b": 1}) == canonical({"b": 1, "a": "党建𠮷"})


def test_digest_stands_for_the_text():
    assert digest("党建") == digest("党建")
    assert digest("党建") != digest("党健")
    assert digest("").startswith("sha256:e3b0c442")


@pytest.mark.parametrize(
    "change",
    [
        {"prev": "x"},
        {"about_kind": "unit"},
        {"about_id": 18},
        {"seq": 2},
        {"verb": "task.refuse"},
        {"by_id": 2},
        {"by_name": "李"},
        {"for_id": 3},
        {"for_name": "赵"},
        {"at": AT + dt.timedelta(microseconds=1)},
        {"data": '{"a":1}'},
    ],
)
def test_every_part_of_an_event_is_in_its_hash(change):
    assert event_hash(**EVENT) != event_hash(**EVENT | change)


def test_the_hash_does_not_depend_on_the_time_zone_it_is_read_in():
    shanghai = AT.astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert event_hash(**EVENT) == event_hash(**EVENT | {"at": shanghai})


def test_parts_cannot_flow_into_each_other():
    a = EVENT | {"by_name": "李", "for_name": "主任"}
    b = EVENT | {"by_name": "李主任", "for_name": ""}
    assert event_hash(**a) != event_hash(**b)


def test_a_day_is_digested_in_order():
    assert day_digest(["a", "b"])[0] == 2
    assert day_digest(["a", "b"]) != day_digest(["b", "a"])
    assert day_digest([])[0] == 0


@pytest.mark.parametrize(
    "change", [{"prev": "x"}, {"day": dt.date(2026, 1, 2)}, {"count": 4}, {"events": "f"}]
)
def test_every_part_of_a_seal_is_in_its_hash(change):
    seal = {"prev": "", "day": dt.date(2026, 1, 1), "count": 3, "events": "e"}
    assert seal_hash("key", **seal) != seal_hash("key", **seal | change)
    assert seal_hash("key", **seal) != seal_hash("other", **seal)


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_every_table_is_guarded_on_both_databases(vendor):
    assert {table for table, _sql in guards(vendor).values()} == {
        "trail_event",
        "trail_seal",
        "trail_head",
    }


def test_a_verb_has_the_words_its_room_gave_it(monkeypatch):
    monkeypatch.setitem(VERBS, "task.sign", "签收")
    assert label_of("task.sign") == "签收"
    assert label_of("task.fly") == "task.fly"
    assert ("task.sign", "签收") in kinds.verbs()


def test_a_verb_is_registered_once(monkeypatch):
    monkeypatch.setitem(VERBS, "task.sign", "签收")
    kinds.register("task.sign", "签收")
    with pytest.raises(ValueError, match="twice"):
        kinds.register("task.sign", "拒签")

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import translation

from luoshi.search import kinds
from luoshi.search.kinds import Row
from luoshi.search.models import Entry
from luoshi.search.queries import hits
from luoshi.search.services import put, put_many, rebuild, remove, remove_many

pytestmark = pytest.mark.django_db


def found(words):
    return [hit.key for hit in hits(words)]


def test_a_new_text_takes_the_place_of_the_old():
    put("task", 7, 7, 2026, "党建工作")
    put("task", 7, 8, 2027, "质量保证")
    assert found("党建") == []
    assert found("质量") == ["7"]
    entry = Entry.objects.get()
    assert (entry.task_id, entry.year) == (8, 2027)


def test_what_is_removed_is_not_found():
    put("task", 7, 7, 2026, "党建工作")
    put("report", 7, 7, 2026, "党建工作")
    remove("task", 7)
    remove("task", 99)
    assert [hit.kind for hit in hits("党建")] == ["report"]
    remove_many("report", range(1, 1200))
    assert found("党建") == []
    assert Entry.objects.count() == 0


def test_an_empty_text_is_an_entry_nobody_finds():
    put("task", 7, 7, 2026, "")
    assert Entry.objects.count() == 1
    put("task", 7, 7, 2026, "党建")
    assert found("党建") == ["7"]


def test_the_last_of_two_texts_for_one_thing_counts():
    assert put_many([("task", 1, 1, 2026, "党建"), ("task", "1", 1, 2026, "质量")]) == 1
    assert found("党建") == []
    assert found("质量") == ["1"]


def test_a_very_long_text_is_found_up_to_the_cap():
    put("report", 1, 1, 2026, "党建" * 4000 + "就业" + "质量" * 9000 + "末尾")
    assert found("就业") == ["1"]
    assert found("末尾") == []


def test_thousands_are_written_in_few_statements(django_assert_max_num_queries):
    with django_assert_max_num_queries(90):
        assert put_many(("task", n, n, 2026, f"第{n}项党建任务") for n in range(2000)) == 2000
    assert len(hits("党建", limit=5000)) == 2000
    assert found("第1999项") == ["1999"]


@pytest.mark.django_db(transaction=True)
def test_the_index_follows_the_transaction():
    def fail():
        with transaction.atomic():
            put("task", 7, 7, 2026, "党建工作")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert found("党建") == []
    assert Entry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("words", ["党建", "质量"])
def test_what_an_emptied_table_left_behind_is_not_found(words):
    """Tables are emptied between these two runs; row numbers start again at the same figure."""
    assert found("党建") == found("质量") == []
    put("task", 1, 1, 2026, words)
    assert found(words) == ["1"]


def test_everything_can_be_read_again(monkeypatch):
    monkeypatch.setattr(kinds, "_sources", {})
    kinds.register("task", lambda: [Row("task", str(n), n, 2026, "党建") for n in range(3)])
    table = "search_entry" if connection.vendor == "postgresql" else "search_grams"
    put("task", 0, 0, 2026, "旧文")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET grams = NULL"
            if connection.vendor == "postgresql"
            else f"DELETE FROM {table}"
        )
    assert rebuild() == {"task": 3}
    assert sorted(found("党建")) == ["0", "1", "2"]
    assert found("旧文") == []
    out = StringIO()
    with translation.override("en"):
        call_command("search", "rebuild", stdout=out)
    assert out.getvalue() == "task: 3 texts\n"

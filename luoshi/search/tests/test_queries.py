import pytest
from django.db.models import BigIntegerField, Q
from django.db.models.functions import Cast

from luoshi.search.models import Entry
from luoshi.search.queries import Hit, few_task_ids, hits, keys_matching, task_ids_matching
from luoshi.search.services import put, put_many

pytestmark = pytest.mark.django_db

TEXTS = {
    1: "加强党建工作，落实主体责任",
    2: "2026年党建引领质量保证体系建设",
    3: "毕业生就业率达到96%（含升学）",
    4: "𠮷林市校企合作 Excel2019 台账 S-2026-017",
    5: "㐀字库与〇元购专项整治",
    6: "建党百年纪念活动；第3季度完成",
}


@pytest.fixture(autouse=True)
def _texts():
    put_many(("task", pk, pk * 10, 2026, text) for pk, text in TEXTS.items())


def found(words, **kwargs):
    return sorted(int(hit.key) for hit in hits(words, **kwargs))


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("党建", [1, 2]),
        ("建党", [6]),
        ("就业率", [3]),
        ("质量保证体系", [2]),
        ("质量体系", []),
        ("2026年党建", [2]),
        ("党建 质量", [2]),
        ("质量 党建", [2]),
        ("责任", [1]),
        ("任", [1]),
        ("党", [1, 2, 6]),
        ("完", [6]),
        ("成", [6]),
        ("学", [3]),
        ("2026", [2, 4]),
        ("202", []),
        ("96", [3]),
        ("96%", [3]),
        ("excel2019", [4]),
        ("EXCEL2019", [4]),
        ("ｅｘｃｅｌ２０１９", [4]),
        ("S-2026-017", [4]),
        ("𠮷", [4]),
        ("𠮷林", [4]),
        ("林", [4]),
        ("吉林", []),
        ("㐀", [5]),
        ("㐀字", [5]),
        ("〇元", [5]),
        ("第3季", [6]),
        ("3季度", [6]),
        ("党建工作，落实", [1]),
        ("工作，落实", [1]),
        ("工作落实", []),
        ("没有", []),
        ("😀", []),
        ("", []),
        ("   ", []),
        ("' OR 1=1 --", []),
        ('"党建" NOT 质量*', []),
        ("<img src=x onerror=alert(1)>", []),
        ("党建' & '质量", [2]),
    ],
)
def test_words_are_found_the_same_on_both_databases(words, keys):
    assert found(words) == keys
    ids = Entry.objects.filter(Q(task_id__in=task_ids_matching(words))).values_list("pk", flat=True)
    assert len(ids) == len(keys)


def test_hits_come_newest_first_and_say_where_they_lead():
    put("report", "9", 10, 2025, "党建汇报")
    assert hits("党建") == [
        Hit("report", "9", 10, 2025, 1),
        Hit("task", "2", 20, 2026, 2),
        Hit("task", "1", 10, 2026, 3),
    ]
    assert [hit.key for hit in hits("党建", limit=1)] == ["9"]


def test_kinds_narrow():
    put("report", "1", 30, 2026, "党建汇报")
    assert found("党建", kinds=["report"]) == [1]
    assert found("党建", kinds=["report", "task"]) == [1, 1, 2]
    rows = Entry.objects.filter(task_id__in=task_ids_matching("党建", kinds=["report"]))
    assert {row.task_id for row in rows} == {30}


def test_what_leads_to_no_task_does_not_spoil_the_rest():
    put("notice", "1", None, None, "党建通知")
    assert Entry.objects.filter(task_id__in=task_ids_matching("党建")).count() == 2
    assert Entry.objects.exclude(task_id__in=task_ids_matching("党建")).count() == 5
    assert hits("党建通知")[0].task_id is None


def test_hits_combine_with_other_questions():
    rows = Entry.objects.filter(
        Q(task_id__in=task_ids_matching("党建")) & Q(task_id__in=task_ids_matching("质量"))
        | Q(year=1999)
    )
    assert [row.task_id for row in rows] == [20]


def test_one_search_is_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        hits("党建")
    with django_assert_num_queries(1):
        list(Entry.objects.filter(task_id__in=task_ids_matching("党建")))
    with django_assert_num_queries(0):
        hits("！")


def test_few_tasks_are_named_and_many_are_not():
    assert few_task_ids("就业率", 1) == {30}
    assert few_task_ids("专项整治 〇元购", 5) == {50}
    assert few_task_ids("质量体系", 1) == set()
    assert few_task_ids("……", 1) == set()
    assert few_task_ids("主体责任", 0) is None


def test_keys_of_one_kind():
    put("report", 700, 10, 2026, "党建活动记录")
    rows = Entry.objects.annotate(number=Cast("key", BigIntegerField()))
    assert [row.key for row in rows.filter(number__in=keys_matching("党建", "report"))] == ["700"]
    assert not rows.filter(number__in=keys_matching("！", "report")).exists()

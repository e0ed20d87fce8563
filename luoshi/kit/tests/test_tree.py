"""Trees by path: segments, everything below as one range, moving a branch."""

import pytest
from django.db.models import Q

from luoshi.kit import tree
from luoshi.people.models import Unit
from luoshi.people.tests.factories import make_unit as make


@pytest.mark.parametrize(
    ("pk", "segment"),
    [(0, "00000"), (1, "00001"), (35, "0000Z"), (36, "00010"), (36**5 - 1, "ZZZZZ")],
)
def test_segment_is_five_digits_and_reads_back(pk: int, segment: str) -> None:
    assert tree.segment(pk) == segment
    assert tree.pk_of(segment) == pk


def test_segments_sort_as_their_numbers() -> None:
    numbers = [1, 9, 10, 35, 36, 37, 1295, 1296, 46655, 46656]
    assert sorted(numbers, key=tree.segment) == numbers


def test_ancestors_are_read_off_the_path_without_the_row_itself() -> None:
    assert tree.ancestors_in("00001" + "00010" + "0000Z") == [1, 36]
    assert tree.ancestors_in("00001") == []
    assert tree.ancestors_in("") == []


def test_below_is_one_range_and_may_go_through_a_relation() -> None:
    assert tree.below("0000A") == Q(path__gte="0000A", path__lte="0000AZZZZZ")
    assert tree.below("0000A", "unit__path", including=False) == Q(
        unit__path__gt="0000A", unit__path__lte="0000AZZZZZ"
    )


def test_nothing_is_below_a_row_that_is_not_planted() -> None:
    assert tree.below("") == Q(pk__in=[])


@pytest.fixture
def college(db) -> dict[str, Unit]:
    """College → school → two departments; and an office beside the school."""
    root = make("学院")
    school = make("信息工程学院", root)
    office = make("党政办公室", root)
    return {
        "root": root,
        "school": school,
        "office": office,
        "net": make("网络教研室", school),
        "soft": make("软件教研室", school),
    }


def names(rows) -> set[str]:
    return set(rows.values_list("name", flat=True))


def stored(unit: Unit) -> tuple[str | None, int]:
    return Unit.objects.values_list("path", "depth").get(pk=unit.pk)


def test_plant_writes_path_and_depth(college) -> None:
    root, school, net = college["root"], college["school"], college["net"]
    assert stored(root) == (tree.segment(root.pk), 0)
    assert stored(net) == (
        tree.segment(root.pk) + tree.segment(school.pk) + tree.segment(net.pk),
        2,
    )
    assert net.ancestor_ids == [root.pk, school.pk]


def test_plant_many_writes_the_same_as_plant(college) -> None:
    school = college["school"]
    rows = [make("甲", school), make("乙", school)]
    Unit.objects.filter(name__in=["甲", "乙"]).update(path=None, depth=0)
    tree.plant_many(rows)
    for row in rows:
        assert stored(row) == ((school.path or "") + tree.segment(row.pk), 2)


def test_descendants_with_and_without_the_row_itself(college) -> None:
    school = college["school"]
    assert names(school.descendants()) == {"网络教研室", "软件教研室"}
    assert names(school.descendants(including=True)) == {
        "信息工程学院",
        "网络教研室",
        "软件教研室",
    }
    assert names(college["net"].descendants()) == set()


def test_descendants_reach_the_last_possible_key(db) -> None:
    root = make("学院")
    make("末", root, pk=36**5 - 1)
    assert names(root.descendants()) == {"末"}


def test_is_below_is_true_for_rows_underneath_only(college) -> None:
    assert college["net"].is_below(college["root"])
    assert not college["root"].is_below(college["net"])
    assert not college["net"].is_below(college["net"])
    assert not college["net"].is_below(college["office"])
    assert not college["net"].is_below(Unit())


def test_move_below_takes_the_whole_branch_along(college) -> None:
    office, school, net = college["office"], college["school"], college["net"]
    tree.move_below(school, office)
    assert stored(school) == ((office.path or "") + tree.segment(school.pk), 2)
    assert stored(net) == ((school.path or "") + tree.segment(net.pk), 3)
    assert names(office.descendants()) == {"信息工程学院", "网络教研室", "软件教研室"}
    assert Unit.objects.get(pk=school.pk).parent_id == office.pk


def test_move_to_the_top(college) -> None:
    school, soft = college["school"], college["soft"]
    tree.move_below(school, None)
    assert stored(school) == (tree.segment(school.pk), 0)
    assert stored(soft) == (tree.segment(school.pk) + tree.segment(soft.pk), 1)
    assert names(college["root"].descendants()) == {"党政办公室"}


def test_descendants_are_one_query(college, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        list(college["root"].descendants())

import datetime as dt

from luoshi.bench.shapes import FAMILY, MIDDLE, RARE, Place, Shaper, family_sizes, title_of
from luoshi.kit.tree import segment
from luoshi.tasks.lifecycle import Status

TODAY = dt.date(2026, 11, 20)
PLACES = [Place(2, (10, 11)), Place(3, (12,))]


def families(count):
    return list(Shaper(PLACES, TODAY).families(count))


def test_families_add_up_to_the_number_asked_for():
    assert list(family_sizes(2 * FAMILY + 5)) == [FAMILY, FAMILY, 5]
    assert sum(map(len, families(200))) == 200


def test_a_family_stands_on_three_levels_below_its_top():
    first = families(FAMILY)[0]
    assert [sum(shape.depth == depth for shape in first) for depth in (0, 1, 2)] == [1, MIDDLE, 77]
    assert sum(shape.children for shape in first) == FAMILY - 1
    assert all(shape.path.endswith(segment(shape.pk)) for shape in first)


def test_a_sub_task_is_due_no_later_than_the_task_above():
    first = {shape.pk: shape for shape in families(FAMILY)[0]}
    assert all(
        s.due <= first[s.parent].due and s.start <= s.due for s in first.values() if s.parent
    )


def test_the_same_number_gives_the_same_tasks():
    assert families(300) == families(300)


def test_every_second_family_is_of_the_present_year_and_nobody_is_ahead_of_time():
    found = families(10 * FAMILY)
    assert [family[0].year == 2026 for family in found] == [True, False] * 5
    ended = [shape for family in found for shape in family if shape.ended]
    assert ended
    assert all(shape.ended <= TODAY for shape in ended)
    assert all(shape.status != Status.ACTIVE for f in found[1::2] for shape in f)


def test_a_rare_word_stands_in_few_titles():
    assert RARE in title_of(0, 0, 0, True)
    assert RARE not in title_of(0, 0, 0, False)

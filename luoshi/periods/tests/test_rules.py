import datetime as dt

import pytest

from luoshi.periods.rules import parts_of_year


def walk(stretch):
    yield stretch
    for part in stretch.parts:
        yield from walk(part)


@pytest.mark.parametrize("year", [2026, 2028])
def test_a_year_falls_into_halves_quarters_and_months(year):
    found = list(walk(parts_of_year(year)))
    kinds = [stretch.kind for stretch in found]
    assert [kinds.count(kind) for kind in ("year", "half", "quarter", "month")] == [1, 2, 4, 12]
    for stretch in found:
        if stretch.parts:
            assert stretch.parts[0].since == stretch.since
            assert stretch.parts[-1].until == stretch.until
            for one, following in zip(stretch.parts, stretch.parts[1:], strict=False):
                assert following.since == one.until + dt.timedelta(days=1)


def test_periods_are_called_as_the_office_calls_them():
    names = [stretch.name for stretch in walk(parts_of_year(2026))]
    assert names[:4] == ["2026年", "2026年上半年", "2026年第一季度", "2026年1月"]
    assert names[-1] == "2026年12月"

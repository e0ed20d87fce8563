import itertools
from types import SimpleNamespace

import pytest

from luoshi.tasks.lifecycle import (
    GATES,
    LINE,
    MOVES,
    OPEN,
    PERMITS,
    Status,
    landing,
    stamps,
    stations,
    unstamps,
)

EVERY_GATING = [
    SimpleNamespace(**dict(zip(GATES.values(), gates, strict=True)))
    for gates in itertools.product([False, True], repeat=len(GATES))
]


@pytest.mark.parametrize("task", EVERY_GATING)
def test_every_line_leads_from_draft_to_closed(task):
    forward = {next(iter(m.source)): verb for verb, m in MOVES.items() if m.target is None}
    seen, here = [Status.DRAFT], Status.DRAFT
    while here != Status.CLOSED:
        here = landing(forward[here], here, task)
        seen.append(here)
    assert seen == stations(task)


@pytest.mark.parametrize("task", EVERY_GATING)
@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", Status)
def test_a_verb_goes_nowhere_from_a_status_that_is_not_its_source(task, verb, status):
    target = landing(verb, status, task)
    assert (target is None) == (status not in MOVES[verb].source)
    assert target is None or target in {*stations(task), Status.CANCELLED}


def test_a_task_without_gates_runs_straight_from_draft_to_under_way_and_done():
    plain = EVERY_GATING[0]
    assert stations(plain) == [Status.DRAFT, Status.ACTIVE, Status.DONE, Status.CLOSED]
    assert landing("issue", Status.DRAFT, plain) == Status.ACTIVE
    assert landing("complete", Status.ACTIVE, plain) == Status.DONE


def test_times_are_stamped_also_for_stations_passed_straight_through():
    assert list(stamps(Status.DRAFT, Status.ACTIVE)) == ["issued_at", "accepted_at"]
    assert list(stamps(Status.ISSUED, Status.ACTIVE)) == ["accepted_at"]
    assert list(stamps(Status.DRAFT, Status.CANCELLED)) == []


def test_a_move_back_clears_the_stops_it_leaves_but_never_the_time_of_issue():
    assert list(unstamps(Status.DONE, Status.ACTIVE)) == ["completed_at"]
    assert list(unstamps(Status.ISSUED, Status.DRAFT)) == []


def test_a_task_is_completed_when_it_is_handed_in_not_when_it_is_accepted():
    assert list(stamps(Status.ACTIVE, Status.SUBMITTED)) == ["completed_at"]
    assert list(stamps(Status.ACTIVE, Status.DONE)) == ["completed_at"]
    assert list(unstamps(Status.SUBMITTED, Status.ACTIVE)) == ["completed_at"]


def test_whatever_is_open_can_be_cancelled_and_what_is_over_cannot():
    for status in Status:
        assert (landing("cancel", status, EVERY_GATING[0]) is not None) == (status in OPEN)
    assert Status.CLOSED not in OPEN


def test_every_move_a_person_makes_has_a_permit_that_reaches_its_sources():
    by_the_system = {"complete", "reopen", "settle"}
    for verb, move in MOVES.items():
        if verb not in by_the_system:
            assert PERMITS[verb].statuses & move.source, verb


def test_the_line_is_in_the_order_of_its_numbers():
    assert list(LINE) == sorted(LINE)

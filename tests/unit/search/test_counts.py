"""Which counts of a fault are tried: those that make another run, and no others."""

from __future__ import annotations

import pytest

from harness.faults import KINDS
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.search import RunSummary
from harness.search.counts import (
    equal_counts,
    open_sites,
    other_counts,
    revived,
    would_strike_more,
)

HOLDS, CHARGES, UNDO = "stock.hold.create", "bank.charge.create", "stock.hold.delete_by_saga"
EVER = Lasting.FOR_EVER


def fault(kind: str = "error_before", at: str = HOLDS, count: int | Lasting = 1, nth: int = 1) -> Fault:
    return Fault(kind=kind, operation=at, count=count, nth=nth)


def run(
    *faults: Fault,
    strikes: tuple[int, ...] = (),
    sites: tuple[tuple[str, int], ...] = (),
    first: tuple[int, ...] = (),
    struck: int | None = None,
) -> RunSummary:
    """`sites`: those that nothing struck, as (operation, nth)."""
    newest = len(faults) - 1 if struck is None else struck
    return RunSummary(
        input_index=0,
        plan=FaultPlan(faults),
        saga_id="saga",
        found={},
        strikes=strikes or (1,) * len(faults),
        collateral=0,
        kinds=(),
        sites=tuple((Site(operation=name, nth=nth), newest) for name, nth in sites),
        first=first or (0,) * len(faults),
        trace=b"",
        situations=(),
        statuses=(),
    )


ROOT = run(sites=((HOLDS, 1), (CHARGES, 1)))


def counts(run_summary: RunSummary, parent: RunSummary = ROOT, index: int = -1) -> list[int | Lasting]:
    return [plan.faults[index].count for plan in other_counts(run_summary, parent, KINDS)]


def test_one_call_that_nothing_follows_is_as_good_as_for_ever() -> None:
    assert counts(run(fault(), sites=((CHARGES, 1),))) == []
    assert counts(run(fault(), strikes=(0,), sites=((HOLDS, 1),))) == []


def test_one_call_that_another_follows_is_tried_for_ever() -> None:
    assert counts(run(fault(), sites=((HOLDS, 2),))) == [EVER]
    assert counts(run(fault(nth=2), sites=((HOLDS, 1),))) == []


@pytest.mark.parametrize(
    ("strikes", "between"), [(1, []), (2, [1]), (3, [1, 2]), (4, [1, 2, 3]), (9, [1, 2, 3])]
)
def test_for_ever_says_which_counts_between_differ(strikes: int, between: list[int]) -> None:
    assert counts(run(fault(count=EVER), strikes=(strikes,))) == between


def test_a_participant_that_is_away_is_missed_at_all_its_routes_from_then_on() -> None:
    assert counts(run(fault("refuse"), sites=((UNDO, 1),))) == [EVER]
    assert counts(run(fault("refuse"), sites=((UNDO, 1), (CHARGES, 1)), first=(1,))) == []
    assert counts(run(fault("refuse"), sites=((CHARGES, 1),))) == []


def test_a_kind_that_cannot_last_for_ever_is_tried_once_more() -> None:
    twice = run(Fault(kind="crash", operation=HOLDS, variant="applied"), sites=((HOLDS, 2),))
    assert counts(twice) == [2]
    assert KINDS["duplicate"].counts == (1,)
    assert counts(run(fault("duplicate"), sites=((HOLDS, 2),))) == []


def test_an_earlier_fault_is_tried_longer_where_the_newest_leads_to_a_call_of_it() -> None:
    alone = run(fault(), sites=((CHARGES, 1),))
    beside = run(fault(), fault(at=CHARGES), sites=((HOLDS, 2),))
    assert counts(beside, alone, index=0) == [EVER]
    assert counts(run(fault(), fault(at=CHARGES), sites=()), alone, index=0) == []


def test_but_not_where_that_made_another_run_already() -> None:
    alone = run(fault(), sites=((HOLDS, 2), (CHARGES, 1)))
    assert counts(run(fault(), fault(at=CHARGES), sites=((HOLDS, 2),)), alone, index=0) == []


def test_an_earlier_fault_for_ever_is_cut_to_the_counts_that_only_now_differ() -> None:
    alone = run(fault(count=EVER), strikes=(2,), sites=((CHARGES, 1),))
    beside = run(fault(count=EVER), fault(at=CHARGES), strikes=(4, 1))
    assert counts(beside, alone, index=0) == [2, 3]


def test_what_lasts_until_a_restart_is_left_as_it_is() -> None:
    gone = run(fault(count=Lasting.UNTIL_RESTART), sites=((HOLDS, 3),), strikes=(2,))
    assert counts(gone) == []


def test_a_fault_keeps_the_calls_that_it_covers_from_others_though_it_did_nothing_there() -> None:
    sites = ((HOLDS, 2), (HOLDS, 4), (CHARGES, 1))
    lasting = run(fault("garbage", count=EVER), strikes=(2,), sites=sites)
    assert open_sites(lasting) == (Site(operation=CHARGES),)
    assert counts(lasting) == [1, 2, 3]
    thrice = run(fault("garbage", count=3), strikes=(2,), sites=sites)
    assert open_sites(thrice) == (Site(operation=HOLDS, nth=4), Site(operation=CHARGES))


# What was equal, and is so no more ------------------------------------------------------------------


def test_an_equal_run_is_revived_where_its_fault_would_strike_now() -> None:
    equal = run(fault("slow"), sites=((CHARGES, 1),))
    again = run(fault(at=CHARGES), sites=((HOLDS, 2),))
    (plan,) = revived(equal, again, KINDS)
    assert plan == FaultPlan((fault("slow", count=EVER), fault(at=CHARGES)))


def test_not_where_it_would_strike_nothing_or_the_newest_strikes_before_it() -> None:
    equal = run(fault("slow"), sites=((CHARGES, 1),))
    assert list(revived(equal, run(fault(at=CHARGES), sites=((UNDO, 1),)), KINDS)) == []
    assert list(revived(equal, run(fault(at=HOLDS), sites=((HOLDS, 2),)), KINDS)) == []


def test_one_that_is_away_for_ever_is_revived_as_it_is() -> None:
    equal = run(fault("refuse", count=EVER), sites=((CHARGES, 1),))
    again = run(fault(at=CHARGES), sites=((UNDO, 1),))
    assert list(revived(equal, again, KINDS)) == [FaultPlan((fault("refuse", count=EVER), fault(at=CHARGES)))]
    before = run(fault(at=CHARGES), sites=((UNDO, 1),), first=(1,))
    assert list(revived(equal, before, KINDS)) == []


# Which counts a run stands for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "strikes", "sites", "equal"),
    [
        (1, 0, (), ()),
        (1, 1, (), (1, 1, 2, 3, EVER)),
        (1, 1, ((HOLDS, 2),), (1,)),
        (2, 1, (), (2, 1, 2, 3, EVER)),
        (3, 3, (), (3, 3, EVER)),
        (EVER, 1, (), (EVER, 1, 2, 3)),
        (EVER, 3, (), (EVER, 3)),
        (EVER, 9, (), (EVER,)),
    ],
)
def test_a_run_stands_for_all_counts_that_would_have_made_it(
    count: int | Lasting,
    strikes: int,
    sites: tuple[tuple[str, int], ...],
    equal: tuple[int | Lasting, ...],
) -> None:
    run_summary = run(fault(count=count), strikes=(strikes,), sites=sites)
    assert equal_counts(run_summary, 0, KINDS["error_before"]) == equal


def test_what_would_strike_more_is_a_call_that_nothing_struck() -> None:
    assert would_strike_more(run(fault(), sites=((HOLDS, 2),)), 0, KINDS["error_before"])
    assert not would_strike_more(run(fault(), sites=((HOLDS, 1),)), 0, KINDS["error_before"])

"""What a guided search has left: nothing at its end, about the truth on its way, and what is not complete."""

from __future__ import annotations

from collections.abc import Callable

from harness.faults import KINDS
from harness.faults.enabled import Possible, enabled_faults
from harness.plan import Fault, FaultPlan, Lasting
from harness.saga import Claim
from harness.search import GuidedSearch, RunSummary
from harness.search.agenda import SINGLES, Planned, Rank
from harness.search.guided import StopAsked
from harness.search.workload import Ahead, Workload
from tests.unit.search.test_order import CRASHES, HOLDS, QUERY, UNDO, Pretender, scenario


def searched(
    depth: int, *, runs: int | None = None, claims: frozenset[Claim] = CRASHES
) -> tuple[GuidedSearch, list[RunSummary], list[Ahead]]:
    one = scenario(claims)
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), depth)
    run_summaries, ahead = [], []
    stop = StopAsked()
    for run_summary in search.run(Pretender(calls=3), stop):
        run_summaries.append(run_summary)
        if len(run_summaries) == runs:
            stop.now()
        ahead.append(search.workload.ahead())
    return search, run_summaries, [*ahead, search.workload.ahead()]


def test_at_the_end_nothing_is_ahead() -> None:
    for depth in (0, 1, 2):
        search, _, ahead = searched(depth)
        assert ahead[-1] == Ahead()
        assert search.complete
        assert search.left_out == 0


def test_once_all_kinds_of_plans_were_seen_the_estimate_is_near_the_truth() -> None:
    _, run_summaries, ahead = searched(2, claims=frozenset())
    runs = len(run_summaries)
    late = [(done, one.all) for done, one in enumerate(ahead) if done > runs / 2]
    assert all(abs(done + left - runs) < runs / 3 for done, left in late)


def test_counts_between_are_not_taken_for_what_leads_to_new_ways_back() -> None:
    """What a refusal led to is expected of the refusals that wait, and of nothing that only counts more."""
    (parent,) = Pretender().run([(0, FaultPlan())])
    workload = Workload(1)

    def planned(kind: str, count: int | Lasting, *, of: RunSummary = parent) -> Planned:
        fault = Fault(kind=kind, operation=HOLDS, count=count)
        newest = Possible(kind=KINDS[kind], variant="", operation=HOLDS)
        plan = of.plan.with_fault(fault)
        rank = Rank.COUNTED if count == 2 else Rank.OTHERS
        return Planned(input_index=0, plan=plan, parent=of, newest=newest, phase=SINGLES, rank=rank)

    refused = planned("reject", 1)
    (back,) = Pretender().run([refused.job])
    workload.found(refused)
    workload.ran(refused)
    for _ in range(8):
        way_back = planned("refuse", 1, of=back)
        workload.found(way_back)
        workload.ran(way_back)
    for _ in range(30):
        workload.found(planned("reject", 2))
    assert workload.ahead().singles == 30


def test_pairs_are_guessed_before_any_was_run() -> None:
    search, run_summaries, _ = searched(2, runs=40)
    assert search.workload.ahead().all > 10 * len(run_summaries)
    assert 0 < search.workload.ahead().singles < search.workload.ahead().all


def test_the_deeper_the_more() -> None:
    left = [searched(depth, runs=40)[0].workload.ahead().all for depth in (1, 2, 3)]
    assert left[0] < left[1] < left[2]


def plans_of(search: GuidedSearch, prefix: str) -> int:
    return sum(number for part, number in search.left_out_parts.items() if part.startswith(prefix))


def until(wanted: Callable[[FaultPlan], bool], depth: int = 2) -> int:
    _, run_summaries, _ = searched(depth)
    return next(index for index, run_summary in enumerate(run_summaries) if wanted(run_summary.plan))


def test_single_faults_are_complete_only_once_none_is_left() -> None:
    first_pair = until(lambda plan: len(plan.faults) == 2 and plan.faults[1].operation != UNDO)
    for runs, complete in ((first_pair - 5, False), (first_pair + 5, True)):
        search, _, _ = searched(2, runs=runs)
        assert (search.singles_complete, plans_of(search, "single") == 0) == (complete, complete)
        assert plans_of(search, "pairs") > 0
        assert not search.complete


def test_without_faults_they_are_never_complete() -> None:
    assert not searched(0)[0].singles_complete
    assert searched(1)[0].singles_complete


def test_what_another_search_reached_is_struck_by_every_fault() -> None:
    one = scenario(frozenset())
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), 1)
    pretender = Pretender(asks_after="reject", turning_back=frozenset())
    list(search.run(pretender, StopAsked()))
    before = len(pretender.plans)
    drawn = [run_summary for run_summary in searched_with_a_query(pretender) if run_summary.sites]
    assert list(search.overhear(drawn)) == drawn
    assert search.singles_complete
    list(search.rest(pretender, StopAsked()))
    kinds = {plan.faults[-1].kind for plan in pretender.plans[before + len(drawn) :]}
    assert kinds == {one.kind.name for one in enabled_faults(one, "sim").possible[QUERY]}


def searched_with_a_query(pretender: Pretender) -> list[RunSummary]:
    plan = FaultPlan(
        tuple(Fault(kind="reject", operation=name) for name in ("stock.hold.create", "bank.charge.create"))
    )
    return list(pretender.run([(0, plan)]))

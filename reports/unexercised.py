"""What no run put to the test, in sentences: silence about it means nothing.

Owns the reading of a report for it. What a pass lacks for it is `reports.lacking`; this is the rest, which a
pass may leave out and a reader should know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.report_model import GuaranteeResult, ScenarioReport, Verdict
from reports.coverage import Matrix, State
from reports.words import counted, plain

_MOST = 6


def unexercised(scenario: ScenarioReport, grid: Matrix | None) -> list[str]:
    """Empty where everything that the report knows of was put to the test."""
    return [
        *_invariants(scenario),
        *_guarantees(scenario),
        *_situations(scenario),
        *_cells(grid),
        *_left_out(scenario),
    ]


def in_short(scenarios: Sequence[ScenarioReport]) -> str:
    """`9 invariants, 6 guarantees and 13 situations`: what none of the scenarios exercised."""
    invariants: dict[str, bool] = {}
    guarantees: dict[str, bool] = {}
    situations: dict[str, bool] = {}
    for one in scenarios:
        for rule in one.invariants:
            tried = rule.verdict is not Verdict.NOT_EXERCISED
            invariants[rule.id] = invariants.get(rule.id, False) or tried
        for claim in one.guarantees:
            tried = claim.result is not GuaranteeResult.NOT_EXERCISED
            guarantees[claim.id] = guarantees.get(claim.id, False) or tried
        for id_ in one.not_claimed:
            guarantees.setdefault(id_, False)
        for situation in one.situations:
            situations[situation.id] = situations.get(situation.id, False) or bool(situation.seen)
    kinds = (("invariant", invariants), ("guarantee", guarantees), ("situation", situations))
    told = [counted(idle, noun) for noun, of in kinds if (idle := sum(not tried for tried in of.values()))]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _invariants(scenario: ScenarioReport) -> Iterator[str]:
    idle = [one.id for one in scenario.invariants if one.verdict is Verdict.NOT_EXERCISED]
    if idle:
        yield f"{counted(len(idle), 'invariant')} that no run could have violated: {_listed(idle)}."


def _guarantees(scenario: ScenarioReport) -> Iterator[str]:
    tried = {one.id for one in scenario.guarantees if one.result is not GuaranteeResult.NOT_EXERCISED}
    idle = [id_ for id_ in scenario.not_claimed if id_ not in tried]
    if idle and not scenario.unclaimed:
        yield (
            f"{counted(len(idle), 'guarantee')} that the saga does not claim, whose faults were not sent: "
            f"{_listed([plain(id_) for id_ in idle])}."
        )


def _situations(scenario: ScenarioReport) -> Iterator[str]:
    unseen = [plain(one.id) for one in scenario.situations if not one.seen and not one.required]
    if unseen:
        yield f"{counted(len(unseen), 'situation')} that no run was in: {_listed(unseen)}."


def _cells(grid: Matrix | None) -> Iterator[str]:
    if grid is None:
        return
    counts = grid.counts()
    for state, told in (
        (State.UNFIRED, "planned, and never seen to fire"),
        (State.IMPOSSIBLE, "that cannot strike: no saga could hold there, or nothing is there to strike"),
        (State.BLANK, "that no plan held"),
    ):
        if state in counts:
            yield f"{counted(counts[state], 'pair')} of fault kind and operation {told}."


def _left_out(scenario: ScenarioReport) -> Iterator[str]:
    if scenario.search.left_out:
        yield f"{counted(scenario.search.left_out, 'plan')} that time left out."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more

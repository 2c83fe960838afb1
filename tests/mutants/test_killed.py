"""Each operator is killed on a sound saga: one mutant each, in sim, and by what it violates.

The whole of it, over every style and the reference orchestrator, is `nox -s mutants`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.campaign import CampaignOptions, run_campaign
from harness.loading import load
from harness.mutation.model import How, Mutant, Status
from harness.mutation.operators import OPERATORS
from harness.mutation.session import planted_in
from harness.mutation.trial import Asked, Result
from harness.mutation.verdicts import judged
from harness.mutation.workers import Job, Workers
from harness.report_model import ScenarioVerdict

ROOT = Path(__file__).parent
SECONDS = 60.0
DEPTHS = {"by_hand": 2, "journal": 2, "booking": 1}

ORIGINAL = Result(verdict=ScenarioVerdict.PASS, singles=True)
"""`test_each_saga_passes` holds that."""

# operator: its saga, a part of the function or line it is in, and what kills it
KILLED_IN = {
    "compensation_dropped": ("by_hand", "for step in reversed(tried)"),
    "failed_undo_is_done": ("by_hand", "stuck = False"),
    "undo_order_forward": ("by_hand", "list(tried)"),
    "undo_in_background": ("by_hand", "ensure_future"),
    "shield_dropped": ("journal", "await work"),
    "swallowed": ("by_hand", "continue"),
    "stops_short": ("by_hand", "reversed(tried))[:-1]"),
    "starts_late": ("by_hand", "reversed(tried))[1:]"),
    "action_dropped": ("by_hand", '"reserve"'),
    "pivot_undone": ("by_hand", "False and word"),
    "retriable_undone": ("by_hand", "False or"),
    "stuck_unsaid": ("by_hand", "if False"),
    "cause_lost": ("by_hand", '"error": ""'),
    "wrong_word": ("by_hand", 'else "completed"'),
    "early_return": ("by_hand", '"completed"'),
    "server_error_is_refusal": ("by_hand", "600"),
    "silence_is_refusal": ("by_hand", "except httpx.TransportError"),
    "status_unchecked": ("by_hand", "if False"),
    "gone_is_failure": ("by_hand", "and False"),
    "refusal_is_done": ("by_hand", "400 <= status"),
    "accepted_is_done": ("by_hand", "if False or"),
    "retry_dropped": ("booking", "range(1)"),
    "retry_unbounded": ("by_hand", "count(0)"),
    "back_off_dropped": ("by_hand", "sleep(0)"),
    "time_out_dropped": ("by_hand", "timeout=None"),
    "fresh_key": ("by_hand", "uuid4"),
    "key_dropped": ("by_hand", "if not name.lower()"),
    "key_shared": ("by_hand", '{ctx.saga_id}:"'),
    "record_after_call": ("journal", "await send"),
    "record_before_call": ("journal", "undone"),
    "record_dropped": ("journal", "sent"),
    "not_committed": ("journal", "flush"),
    "resumed_ignored": ("journal", "resumed"),
    "store_ignored": ("journal", "exists"),
    "lock_dropped": ("booking", "flock"),
}


@pytest.fixture(scope="module")
def ends(request: pytest.FixtureRequest) -> dict[str, Mutant]:
    """One mutant of each operator that is to be tested, those of a saga side by side."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    names = {spec.params.get("operator") for spec in specs if spec is not None}
    return {mutant.operator: mutant for saga in DEPTHS for mutant in _searched(saga, names)}


def _searched(saga: str, wanted: set[str | None]) -> Iterator[Mutant]:
    reference = str(ROOT / saga / "saga.toml")
    sources, planted = planted_in(load(reference))
    jobs = []
    for name, (where, part) in KILLED_IN.items():
        if where == saga and name in wanted:
            found = [one for one in planted if one.operator == name and part in one.diff]
            assert found, f"{name}: no mutant in {saga} has {part!r} in its diff"
            jobs.append(Job(found[0], SECONDS))
    asked = Asked(reference=reference, load=load, world="sim", search="guided", workers=1, depth=DEPTHS[saga])
    with Workers(asked, sources, at_once=2) as workers:
        yield from (judged(ended, ORIGINAL) for ended in workers.run(jobs, lambda: None))


@pytest.mark.parametrize("operator", KILLED_IN)
def test_it_is_killed(operator: str, ends: dict[str, Mutant]) -> None:
    mutant = ends[operator]
    assert mutant.status is Status.KILLED, f"{mutant.runs} runs, {mutant.reason}\n{mutant.diff}"
    assert mutant.how in (How.INVARIANT, How.VERDICT)


def test_every_operator_has_a_saga_on_which_it_is_killed() -> None:
    assert [*KILLED_IN] == [*OPERATORS]


@pytest.mark.parametrize("saga", DEPTHS)
def test_each_saga_passes(saga: str, tmp_path: Path) -> None:
    options = CampaignOptions(
        out=tmp_path, load=load, narrate=lambda *_: [], search="guided", depth=1, workers=1
    )
    (report,) = run_campaign([load(str(ROOT / saga / "saga.toml"))], options, lambda _: None).scenarios
    assert ([one.id for one in report.invariants if one.violations], report.notes) == ([], ())
    assert report.verdict is ScenarioVerdict.PASS

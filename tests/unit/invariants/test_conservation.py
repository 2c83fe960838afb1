"""conservation: only where a resource asks for it, and only of a saga that ended."""

from __future__ import annotations

import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.invariants import Verdict, invariants_of
from harness.participant import Route
from harness.participant.balance import BalanceKind, Does, Posting
from harness.participant.resource import kind_resource
from harness.participant.rest import RestParticipant
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.saga import Json, SagaSpec, Step
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld

POSTINGS = tuple(
    Posting(name=name, routes=(Route(method="POST", path=f"/accounts/{{id}}/{name}"),), does=does)
    for name, does in (("debit", Does.DEBIT), ("deposit", Does.CREDIT), ("hold", Does.HOLD))
)
SPEC = SagaSpec(
    name="transfer",
    steps=(
        Step(name="debit", action="bank.account.debit"),
        Step(name="deposit", action="bank.account.deposit"),
    ),
)


async def transfer(ctx: SagaContext, amounts: Json) -> Json:
    assert isinstance(amounts, dict)
    for name, amount in amounts["move"].items():
        await ctx.client.post(  # type: ignore[misc]  # an async saga has an AsyncClient
            f"{ctx.urls['bank']}/accounts/{name}/{name}",
            json={"saga_id": ctx.saga_id, "amount": amount},
            headers={"Idempotency-Key": f"{ctx.saga_id}:{name}"},
            timeout=0.2,
        )
    return {"status": amounts["status"], "detail": {"error": "as told"}}


def scenario(*, conserved: bool = True) -> Scenario:
    kind = BalanceKind(moves=POSTINGS, opening=100, conserved=conserved)
    return Scenario(
        name="transfer",
        spec=SPEC,
        participants=(RestParticipant("bank", (kind_resource("account", kind),)),),
        saga=CallableSaga(transfer, "transfer"),
    )


@pytest.mark.parametrize(
    ("move", "status", "verdict", "says"),
    [
        ({"debit": 30, "deposit": 30}, "completed", Verdict.HELD, ""),
        (
            {"debit": 30, "deposit": 20},
            "completed",
            Verdict.VIOLATED,
            "the saga completed, and the accounts hold 10 less than before",
        ),
        (
            {"debit": 30, "deposit": 40},
            "compensated",
            Verdict.VIOLATED,
            "the saga compensated, and the accounts hold 10 more than before",
        ),
        ({"debit": 30}, "stuck", Verdict.NOT_EXERCISED, ""),
        ({}, "compensated", Verdict.NOT_EXERCISED, ""),
        ({"hold": 5}, "completed", Verdict.NOT_EXERCISED, ""),
    ],
)
def test_what_a_saga_that_ended_moved_comes_to_zero(
    move: dict[str, Json], status: str, verdict: Verdict, says: str
) -> None:
    with SimWorld() as world:
        run = run_once(scenario(), {"move": move, "status": status}, FaultPlan(), world)
    (found,) = (one for one in run.judgements if one.invariant == "conservation")
    assert (found.verdict, found.message) == (verdict, says)
    assert len(found.evidence) == (len(move) if verdict is Verdict.VIOLATED else 0)


def test_it_is_asked_only_where_something_is_to_be_conserved() -> None:
    assert "conservation" in invariants_of(scenario())
    assert "conservation" not in invariants_of(scenario(conserved=False))

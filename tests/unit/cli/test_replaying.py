"""The three words of `saga-chaos replay`, from what runs came to."""

from __future__ import annotations

from typing import Any

import pytest

from harness.cli.replaying import Word, judged
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan
from harness.search.run_summary import Found, RunSummary, Unconfirmed

PLAN = FaultPlan((Fault(kind="lose_reply", operation="shop.order.create"),))
HELD = {"termination": Found(Verdict.HELD), "isolation": Found(Verdict.NOT_EXERCISED)}


def ran(**more: Any) -> RunSummary:
    """A run in which the fault fired, and nothing was violated."""
    return RunSummary(
        **{
            "input_index": 0,
            "plan": PLAN,
            "saga_id": "s",
            "found": HELD,
            "strikes": (1,),
            "collateral": 0,
            "kinds": (),
            "sites": (),
            "trace": b"",
            "situations": (),
            "statuses": ("compensated",),
            **more,
        }
    )


def violated(invariant: str) -> dict[str, Found]:
    return {**HELD, invariant: Found(Verdict.VIOLATED, "it is wrong")}


LOST = Unconfirmed(fault=0, toxic="timeout", reason="the proxy was too late", void=True)


@pytest.mark.parametrize(
    ("runs", "word", "said"),
    [
        ([ran(found=violated("termination"))], Word.STILL_FAILS, "termination: it is wrong"),
        (
            [ran(found=violated("isolation"))],
            Word.DIFFERS,
            "termination is not violated, but isolation (it is wrong)",
        ),
        (
            [ran(found={"termination": Found(Verdict.UNKNOWN)})],
            Word.DIFFERS,
            "the check of termination crashed, so nothing is known",
        ),
        (
            [ran(strikes=(0,))],
            Word.DIFFERS,
            "nothing is violated, but the plan no longer fires: lose_reply at",
        ),
        (
            [ran(as_planned=(0,))],
            Word.DIFFERS,
            "nothing is violated, but the plan no longer fires: lose_reply",
        ),
        (
            [ran(), ran(unconfirmed=(LOST,)), ran()],
            Word.DIFFERS,
            "it is not known what the caller saw, so nothing is: the proxy was too late",
        ),
        ([ran()], Word.FIXED, "every fault fired, the saga ended compensated, nothing is violated"),
        ([ran(), ran(strikes=(0,)), ran()], Word.FIXED, "every fault fired, the saga ended compensated"),
    ],
)
def test_the_word_is_what_the_runs_show(runs: list[RunSummary], word: Word, said: str) -> None:
    found = judged("termination", runs)
    assert found.word is word
    assert found.sentence.startswith(said)
    assert found.exit_code == (0 if word is Word.FIXED else 1)

"""ISO: a saga undoes what it finds at the participant, and finds what another one made.

A run has one saga so far, so two are played at the fault injector by hand.
"""

from __future__ import annotations

import pytest

from harness.invariants import INVARIANTS, Verdict
from harness.views import View
from tests.planted.kit import HOLD, STOCK, TWINS, spec_of
from tests.unit.faults.counter import Counter

SPEC = spec_of((HOLD,), (STOCK,))
FIRST, SECOND = "saga-1", "saga-2"


def play(owner_of_what_is_undone: str) -> View:
    """Both make a hold; the second asks whose it is to undo, and undoes it."""
    counter = Counter(SPEC, STOCK.fresh(), saga_ids=(FIRST, SECOND))
    for saga_id in (FIRST, SECOND):
        counter.ask("stock", "POST", "/holds", {"saga_id": saga_id}, key=f"{saga_id}:hold")
    listed = counter.ask("stock", "GET", f"/holds?saga_id={owner_of_what_is_undone}").content["items"]
    assert isinstance(listed, list)
    counter.ask("stock", "DELETE", f"/holds/{listed[0]['id']}?saga_id={SECOND}")
    return View(counter.history, SPEC, {"stock.hold": STOCK.resources[0]})


@TWINS
def test_undoing_what_is_anothers(twin: str) -> None:
    judged = INVARIANTS["isolation"].judge(play(SECOND if twin == "sound" else FIRST))
    if twin == "sound":
        assert judged.verdict is Verdict.HELD
        return
    assert judged.verdict is Verdict.VIOLATED
    assert judged.message == "undo of another's work: saga saga-2 changed stock.hold #1 of saga-1"


@pytest.mark.parametrize("twin", ["alone"])
def test_one_saga_does_not_exercise_it(twin: str) -> None:
    counter = Counter(SPEC, STOCK.fresh())
    counter.ask("stock", "POST", "/holds", {"saga_id": FIRST}, key=f"{FIRST}:hold")
    judged = INVARIANTS["isolation"].judge(View(counter.history, SPEC, {"stock.hold": STOCK.resources[0]}))
    assert judged.verdict is Verdict.NOT_EXERCISED

"""Asks all invariants. One that crashes is unknown, with its traceback, and never held."""

from __future__ import annotations

import traceback
from collections.abc import Iterable

from harness.invariants.base import Invariant, Judgement
from harness.report_model import Verdict
from harness.views import View


def judge_view(view: View, invariants: Iterable[Invariant]) -> tuple[Judgement, ...]:
    """One judgement an invariant, in their order."""
    return tuple(_guarded(invariant, view) for invariant in invariants)


def _guarded(invariant: Invariant, view: View) -> Judgement:
    try:
        return invariant.judge(view)
    except Exception as error:  # noqa: BLE001 - whatever a check raises, its verdict is unknown
        return Judgement(
            invariant=invariant.id,
            verdict=Verdict.UNKNOWN,
            message=f"the check crashed: {type(error).__name__}: {error}",
            traceback=traceback.format_exc(),
        )

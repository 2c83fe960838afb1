"""What an invariant is, what it answers, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from harness.report_model import Verdict
from harness.views import SagaView, View

_ORDER = (Verdict.NOT_EXERCISED, Verdict.HELD, Verdict.UNKNOWN, Verdict.VIOLATED)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst verdict wins; of none, nothing was exercised."""
    return max(verdicts, key=_ORDER.index, default=Verdict.NOT_EXERCISED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with its message, and the event indexes that show it; `traceback` where the check crashed."""

    invariant: str
    verdict: Verdict
    message: str = ""
    evidence: tuple[int, ...] = ()
    traceback: str = ""


class InvariantViolated(AssertionError):  # noqa: N818 - a finding, not an error
    """The base of what a violated invariant raises; each has a class of its own, for Hypothesis."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    message: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """An invariant.

    says: the claim, one sentence. finds: what is wrong in a run, in the order found.
    exercised: whether the run could have violated it for one saga. at_end: whether it judges how the run
    ended, and not only what has happened until then.
    """

    id: str
    says: str
    error: type[InvariantViolated]
    finds: Callable[[View, SagaView], Iterable[Finding]]
    exercised: Callable[[View, SagaView], bool]
    at_end: bool = True

    def judge(self, view: View) -> Judgement:
        """Judge a run: the first finding is the message, every saga is looked at.

        Of a run that was ended early nobody knows how it would have ended.
        """
        if self.at_end and view.history.ended_early:
            return Judgement(
                invariant=self.id,
                verdict=Verdict.NOT_EXERCISED,
                message=f"not judged, the run was ended early: {view.history.ended_early}",
            )
        for saga in view.sagas:
            for finding in self.finds(view, saga):
                evidence = tuple(sorted(set(finding.evidence)))
                return Judgement(
                    invariant=self.id, verdict=Verdict.VIOLATED, message=finding.message, evidence=evidence
                )
        for saga in view.sagas:
            if self.exercised(view, saga):
                return _silent(self.id, Verdict.HELD)
        return _silent(self.id, Verdict.NOT_EXERCISED)


@cache
def _silent(invariant: str, verdict: Verdict) -> Judgement:
    """One for all runs: most judgements have nothing to say."""
    return Judgement(invariant=invariant, verdict=verdict)


def always(view: View, saga: SagaView) -> bool:
    """For what every run exercises."""
    del view, saga
    return True

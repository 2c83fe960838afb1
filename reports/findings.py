"""Findings: violated invariants grouped by the counterexample that shows them.

Owns the grouping: one bug that breaks four rules is one entry. Two failure files are of one finding where
scenario, world, plan and input are the same. Refuses to guess that different plans are the same bug.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from harness.history import History
from harness.plan import plan_to_json
from harness.report_model import FailureFile, ScenarioReport
from reports.bundle import Bundle, Violation
from reports.comparison import Change, Since, compared
from reports.runs import without_inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One counterexample. `failure` is None where its file cannot be read; `violations` then says why.

    guarantees: those that it refutes. history, evidence: what is drawn, and the events that show it; the
    evidence of another file counts where its history is the same. since: by invariant. also: what else its
    run violates, which has smaller or earlier counterexamples of its own.
    """

    anchor: str
    scenario: ScenarioReport
    failure: FailureFile | None
    path: str = ""
    violations: tuple[Violation, ...] = ()
    guarantees: tuple[str, ...] = ()
    history: History | None = None
    evidence: frozenset[int] = frozenset()
    since: Mapping[str, Since] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What is wrong, in the words of the rule that tells the harm."""
        if self.violations:
            first = self.violations[0]
            message = first.failure.message if first.failure is not None else ""
            return message or first.invariant.claim or first.invariant.id
        return (self.failure.message if self.failure is not None else "") or "A guarantee is refuted"

    @property
    def size(self) -> tuple[int, int]:
        """As of its first violation: small plans first."""
        if self.violations:
            return self.violations[0].size
        return (self.failure.plan.weight if self.failure is not None else 99), 99


def findings(bundle: Bundle) -> tuple[Finding, ...]:
    """The smallest plans first, in the order of the scenarios."""
    changes = compared(bundle.report, bundle.previous)
    groups: dict[tuple[str, str], list[Violation]] = {}
    for one in sorted(bundle.violations, key=lambda one: one.size):
        groups.setdefault((one.scenario.title, _mark(one)), []).append(one)
    made = [_finding(group, bundle, changes) for group in groups.values()]
    made += _refutations(bundle)
    order = [one.title for one in bundle.report.scenarios]
    return tuple(sorted(made, key=lambda one: (order.index(one.scenario.title), one.size)))


def _mark(violation: Violation) -> str:
    return violation.invariant.id if violation.failure is None else counterexample_id(violation.failure)


def counterexample_id(failure: FailureFile) -> str:
    """Equal for the same plan and input at the same scenario in the same world."""
    content = [failure.scenario.name, failure.world, plan_to_json(failure.plan), failure.input]
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=5).hexdigest()


def _anchor(scenario: ScenarioReport, mark: str) -> str:
    """A plain id for links into the page."""
    named = f"{scenario.title} {mark}".encode("utf-8", "backslashreplace")
    return f"finding-{hashlib.blake2b(named, digest_size=5).hexdigest()}"


def _finding(group: list[Violation], bundle: Bundle, changes: tuple[Change, ...]) -> Finding:
    first = group[0]
    failure = first.failure
    history = bundle.histories.get(failure.history or "") if failure is not None else None
    same = [one.failure for one in group if one.failure is not None and _same(one, history, bundle)]
    title = first.scenario.title
    paths = {one.invariant.failure for one in group}
    return Finding(
        anchor=_anchor(first.scenario, _mark(first)),
        scenario=first.scenario,
        failure=failure,
        path=first.invariant.failure or "",
        violations=tuple(group),
        guarantees=tuple(one.id for one in first.scenario.guarantees if one.failure and one.failure in paths),
        history=history,
        evidence=frozenset(index for one in same for index in one.evidence),
        since={
            one.invariant: one.since
            for one in changes
            if one.scenario == title and one.invariant in {each.invariant.id for each in group}
        },
        also=_also(group, bundle),
    )


def _also(group: list[Violation], bundle: Bundle) -> tuple[str, ...]:
    """By the record of the same run: the same plan and the same saga id, which follows from the input too."""
    failure, runs = group[0].failure, bundle.runs.get(group[0].scenario.title)
    if failure is None or runs is None:
        return ()
    shown = {one.invariant.id for one in group}
    violated = runs.broken.get((without_inputs(failure.plan), failure.saga_id), ())
    return tuple(id_ for id_ in violated if id_ not in shown)


def _same(violation: Violation, history: History | None, bundle: Bundle) -> bool:
    if violation.failure is None or history is None:
        return False
    return bundle.histories.get(violation.failure.history or "") == history


def _refutations(bundle: Bundle) -> list[Finding]:
    """Counterexamples of guarantees that are not those of an invariant."""
    made = []
    for scenario in bundle.report.scenarios:
        for path in dict.fromkeys(one.failure for one in scenario.guarantees):
            failure = bundle.refutations.get(path or "")
            if path is None or failure is None:
                continue
            history = bundle.histories.get(failure.history or "")
            made.append(
                Finding(
                    anchor=_anchor(scenario, path),
                    scenario=scenario,
                    failure=failure,
                    path=path,
                    guarantees=tuple(one.id for one in scenario.guarantees if one.failure == path),
                    history=history,
                    evidence=frozenset(failure.evidence) if history is not None else frozenset(),
                )
            )
    return made

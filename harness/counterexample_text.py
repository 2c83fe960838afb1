"""What the command line and the pytest plugin say of a counterexample, in the words of `reports`."""

from __future__ import annotations

from pathlib import Path

from harness.history import History
from harness.invariants import Judgement
from harness.packages import our_packages
from harness.report_model import FailureFile, Report, ScenarioRef
from harness.runner import Run

with our_packages():
    from reports.bundle import Violation, read_bundle
    from reports.console import failure_lines
    from reports.timeline import timeline
    from reports.words import headline, replay_command


def narrate(history: History, evidence: tuple[int, ...]) -> list[str]:
    """The timeline of a failure file."""
    return timeline(history, evidence)


def counterexample_lines(run: Run, judgement: Judgement, replay: str) -> list[str]:
    """One violated invariant of a run: claim, finding, timeline, plan and how to see it again."""
    failure = FailureFile(
        scenario=ScenarioRef(name=run.scenario, reference=run.scenario),
        world="sim" if run.world == "sim" else "wire",
        plan=run.plan,
        saga_id=run.saga_id,
        invariant=judgement.invariant,
        input=run.input,
        claim=run.invariants[judgement.invariant].says,
        message=judgement.message,
        evidence=judgement.evidence,
        timeline=tuple(narrate(run.history, judgement.evidence)),
    )
    return [
        _title(judgement.invariant, f"{run.scenario} ({run.world})"),
        *failure_lines(failure, replay, shrunk=False),
    ]


def violation_lines(report: Report, folder: Path) -> list[str]:
    """All that a report found, the smallest counterexample in full and last."""
    bundle = read_bundle(report, folder)
    smallest = bundle.smallest
    others = [one for one in bundle.violations if one is not smallest]
    lines = [headline(report), *(f"  {one.invariant.id}: {_replay(one, folder)}" for one in others)]
    return lines if smallest is None else [*lines, "", *_in_full(smallest, folder)]


def _in_full(violation: Violation, folder: Path) -> list[str]:
    title = _title(violation.invariant.id, violation.scenario.title)
    if violation.failure is None:
        return [title, f"  {violation.problem}"]
    return [title, *failure_lines(violation.failure, _replay(violation, folder))]


def _title(invariant: str, where: str) -> str:
    return f"VIOLATED  {invariant}  in {where}"


def _replay(violation: Violation, folder: Path) -> str:
    return replay_command(folder, violation.invariant.failure or "")

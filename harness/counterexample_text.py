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
    from reports.words import counted, headline, replay_command, violations


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
        input=run.hiding.history.began.input,
        claim=run.invariants[judgement.invariant].says,
        message=judgement.message,
        evidence=judgement.evidence,
        timeline=tuple(narrate(run.hiding.history, judgement.evidence)),
        printed=run.hiding.history.printed,
    )
    return [
        _title(judgement.invariant, f"{run.scenario} ({run.world})"),
        *failure_lines(failure, replay, shrunk=False),
    ]


def write_page(report: Report, folder: Path) -> None:
    """report.html and what is beside it, for a campaign that no command line ran."""
    with our_packages():
        from reports.write import write_reports  # noqa: PLC0415 - templates, which a passing test needs not

    write_reports(report, folder)


def violation_lines(report: Report, folder: Path) -> list[str]:
    """All that a report found, the smallest counterexample in full and last."""
    bundle = read_bundle(report, folder)
    smallest = bundle.smallest
    others = [one for one in bundle.violations if one is not smallest]
    also = [f"  {one.invariant.id}: {_replay(one, folder)}" for one in others]
    lines = [_first_line(report, smallest), *also]
    page = f"  The whole report: {(folder / 'report.html').as_posix()}"
    return lines if smallest is None else [*lines, page, "", *_in_full(smallest, folder)]


def _first_line(report: Report, smallest: Violation | None) -> str:
    """What a one-line summary shows names the rule that is broken."""
    if smallest is None:
        return headline(report)
    more = violations(report.scenarios) - 1
    also = f", and {counted(more, 'invariant')} more" if more else ""
    return f"{smallest.invariant.id} violated{also}, in {smallest.scenario.title}"


def _in_full(violation: Violation, folder: Path) -> list[str]:
    title = _title(violation.invariant.id, violation.scenario.title)
    if violation.failure is None:
        return [title, f"  {violation.problem}"]
    return [title, *failure_lines(violation.failure, _replay(violation, folder))]


def _title(invariant: str, where: str) -> str:
    return f"VIOLATED  {invariant}  in {where}"


def _replay(violation: Violation, folder: Path) -> str:
    return replay_command(folder, violation.invariant.failure or "")

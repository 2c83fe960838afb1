"""What a campaign shows while it runs and when it ends: bars on a terminal, plain lines elsewhere.

Owns the screen. The smallest counterexample is the last thing on it. Refuses to keep anything:
what was shown is in the report too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from harness.clock.real import monotonic_s
from harness.report_model import FailureFile, ScenarioReport, ScenarioVerdict
from reports.bundle import Bundle, Violation
from reports.escape import printable
from reports.lacking import lacking
from reports.words import (
    WORLDS,
    counted,
    drawn_words,
    guarantee_note,
    guarantee_words,
    headline,
    input_text,
    input_title,
    plan_lines,
    plan_size,
    proxy_words,
    replay_command,
    search_words,
    seconds,
    unclaimed_words,
    whole_seconds,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_STYLES: Mapping[ScenarioVerdict, str] = {
    ScenarioVerdict.PASS: "bold green",
    ScenarioVerdict.FAIL: "bold red",
    ScenarioVerdict.INCONCLUSIVE: "bold yellow",
}
_MOST_PRINTED = 12
_LONGEST_VERDICT = max(len(verdict) for verdict in ScenarioVerdict)


class CampaignConsole:
    """One a campaign. `interactive` None: as the stream is; a CI log gets a line every `quiet_s`.

    quiet: nothing is shown before the end, and then the verdict and the smallest counterexample alone.
    """

    def __init__(
        self,
        stream: IO[str] | None = None,
        *,
        interactive: bool | None = None,
        now_s: Callable[[], float] = monotonic_s,
        quiet_s: float = 10.0,
        quiet: bool = False,
    ) -> None:
        from rich.console import Console  # noqa: PLC0415 - 40 ms that --help must not pay

        self._out: Console = Console(
            file=stream, force_terminal=interactive, highlight=False, markup=False, emoji=False
        )
        self._now_s = now_s
        self._quiet_s = quiet_s
        self._quiet = quiet
        self._told_s = now_s()
        self._bars: Progress | None = None
        self._bar: TaskID | None = None
        self._title = ""

    def began(self, scenario: str, world: str, *, planned: int | None = None) -> None:
        """A scenario starts in a world; `planned` runs are known to be ahead."""
        self._title = f"{scenario} ({world})"
        self._told_s = self._now_s()
        if self._out.is_terminal and not self._quiet:
            self._show_bar(planned)
        else:
            ahead = f", {counted(planned, 'run')} ahead" if planned else ""
            self._aside(f"{self._title}: searching, {WORLDS.get(world, world)}{ahead}")

    def progressed(
        self, runs: int, *, violated: int = 0, planned: int | None = None, left_s: float | None = None
    ) -> None:
        """So many runs of about so many are done, and so many invariants violated as yet."""
        found = f", {counted(violated, 'invariant')} violated" if violated else ""
        left = f", about {whole_seconds(left_s)} left" if left_s is not None else ""
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, completed=runs, total=planned, found=f"{left}{found}".lstrip(", "))
        elif self._now_s() - self._told_s >= self._quiet_s:
            self._told_s = self._now_s()
            of = f" of {planned:,}" if planned else ""
            self._aside(f"{self._title}: {runs:,}{of} runs{left}{found}")

    def ended(self, scenario: ScenarioReport) -> None:
        """A scenario is judged."""
        self._hide_bar()
        if not self._quiet:
            self._verdict_line(scenario.verdict, _scenario_words(scenario))

    def note(self, sentence: str) -> None:
        """Something that the user should know at once."""
        self._aside(sentence)

    def interrupted(self) -> None:
        """Leave the terminal as it was found."""
        self._hide_bar()

    def finished(self, bundle: Bundle) -> None:
        """The final verdict, why it is no pass, and last the smallest counterexample."""
        self._hide_bar()
        report = bundle.report
        self._aside("")
        where = f"{proxy_words(report)}, {seconds(report.duration_s)}"
        self._verdict_line(report.verdict, f"{headline(report)} ({where})")
        if report.environment:
            self._say(f"  The machine cut it short: {report.environment}")
        for scenario in report.scenarios:
            found = scenario.verdict is ScenarioVerdict.FAIL and bool(scenario.faults.planned)
            for sentence in lacking(scenario):  # where something was found, a short word is enough without it
                (self._aside if found else self._say)(f"  {scenario.title}: {sentence}")
            for sentence in scenario.advice:
                self._aside(f"  {scenario.title}: Advice: {sentence}")
        self._guarantees(bundle)
        self._say(f"  Report: {(bundle.folder / 'report.html').as_posix()}")
        self._list_violations(bundle)
        smallest = bundle.smallest
        if smallest is not None:
            self.violation(smallest, bundle)

    def _guarantees(self, bundle: Bundle) -> None:
        """One line a guarantee that is claimed or was put to the test; the others share one."""
        for scenario in bundle.report.scenarios:
            tried = scenario.faults.planned or scenario.verdict is ScenarioVerdict.PASS
            for line in guarantee_lines(scenario, bundle.folder) if tried else ():
                self._aside(f"  {line}")

    def violation(self, violation: Violation, bundle: Bundle) -> None:
        """The claim, the evidence, the smallest plan and one line to replay it."""
        self._say("")
        self._say(f"VIOLATED  {violation.invariant.id}  in {violation.scenario.title}", style="bold red")
        if violation.failure is None:
            self._say(f"  {violation.problem}")
            return
        replay = replay_command(bundle.folder, violation.invariant.failure or "")
        for line in failure_lines(violation.failure, replay):
            self._say(line, style=_line_style(line))

    def _list_violations(self, bundle: Bundle) -> None:
        others = [
            (one.invariant.id, one.scenario.title, _where(one, bundle))
            for one in bundle.violations
            if one is not bundle.smallest
        ]
        for one in bundle.violations:
            for at in one.invariant.elsewhere:
                where = f"at step {at.step}, {counted(at.minimal_faults, 'fault')}, "
                where += replay_command(bundle.folder, at.failure)
                others.append((one.invariant.id, one.scenario.title, where))
        if not others:
            return
        self._aside("")
        self._aside("Also violated:")
        id_wide, title_wide = (max(len(told[column]) for told in others) for column in (0, 1))
        for id_, title, where in others:
            self._aside(f"  {id_:<{id_wide}}  {title:<{title_wide}}  {where}")

    def _verdict_line(self, verdict: ScenarioVerdict, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - see above

        line = Text(f"{verdict.upper():<{_LONGEST_VERDICT}}  ", style=_STYLES[verdict])
        self._out.print(line.append(printable(text), style="default"), soft_wrap=True)

    def _say(self, line: str, style: str | None = None) -> None:
        self._out.print(printable(line), style=style, soft_wrap=True)

    def _aside(self, line: str) -> None:
        """What a quiet console leaves out."""
        if not self._quiet:
            self._say(line)

    def _show_bar(self, planned: int | None) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        self._hide_bar()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[found]}", markup=False),
        )
        self._bars = Progress(*columns, console=self._out, transient=True)
        self._bar = self._bars.add_task(printable(self._title), total=planned, found="")
        self._bars.start()

    def _hide_bar(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._bar = None


def failure_lines(failure: FailureFile, replay: str, *, shrunk: bool = True) -> list[str]:
    """Everything about a counterexample, as plain lines. `shrunk`: no smaller plan shows it."""
    claim = [f"  {failure.claim}"] if failure.claim else []
    found = [f"  Found: {failure.message}"] if failure.message else []
    found += [f"  {one}" for one in (unclaimed_words(failure),) if one]
    timeline = [f"  {line}" for line in failure.timeline]
    happened = ["", "  What happened", *timeline] if timeline else []
    printed = _first_lines(failure.printed)
    plan = [f"    {line}" for line in plan_lines(failure.plan_to_show, failure.saga_id)]
    size = f"  The {'smallest ' if shrunk else ''}plan: {plan_size(failure.plan)}"
    given = input_text(failure.input_to_show)
    input_ = [f"  {input_title(failure.plan)}: {given}"] if given else []
    lines = [*claim, *found, *happened, *printed, "", size, *plan, *input_, "", f"  Replay: {replay}"]
    return [printable(line) for line in lines]


def _first_lines(printed: str) -> list[str]:
    """What the saga printed; the rest of it is in the failure file and in the page."""
    lines = [line for line in printed.splitlines() if line.strip()]
    if not lines:
        return []
    more = [f"    … {counted(len(lines) - _MOST_PRINTED, 'line')} more"] if len(lines) > _MOST_PRINTED else []
    return ["", "  The saga printed", *(f"    {line}" for line in lines[:_MOST_PRINTED]), *more]


def guarantee_lines(scenario: ScenarioReport, folder: Path) -> list[str]:
    """The table of guarantees of one scenario; those that were neither claimed nor tried share a line."""
    if not scenario.guarantees:
        return []
    told = {one.id: guarantee_words(scenario, one.id) for one in scenario.guarantees}
    idle = [id_ for id_, text in told.items() if text == "not claimed"]
    shown = {id_: text for id_, text in told.items() if id_ not in idle}
    wide, long = (max(map(len, texts), default=0) for texts in (shown, shown.values()))
    lines = [f"Guarantees of {scenario.title}"]
    for id_, text in shown.items():
        note = guarantee_note(scenario, id_)
        told_by = replay_command(folder, note) if note.endswith(".json") else note
        lines.append(f"  {id_:<{wide}}  {text:<{long}}  {told_by}".rstrip())
    return [*lines, *([f"  not claimed: {', '.join(idle)}"] if idle else [])]


def _line_style(line: str) -> str | None:
    if line.startswith("  > "):
        return "bold"
    return "cyan" if line.startswith("  Replay: ") else None


def _scenario_words(scenario: ScenarioReport) -> str:
    fired = f"{scenario.faults.fired:,} of {counted(scenario.faults.planned, 'fault')} fired"
    drawn = drawn_words(scenario)
    told = f"{scenario.title}: {counted(scenario.runs, 'run')}, {fired}, {search_words(scenario)}"
    if scenario.only:
        told += f", judged by {', '.join(scenario.only)} alone"
    return f"{told}, {drawn}" if drawn else told


def _where(violation: Violation, bundle: Bundle) -> str:
    if violation.failure is None:
        return violation.problem
    unclaimed = (
        f" of unclaimed {', '.join(violation.failure.unclaimed)}" if violation.failure.unclaimed else ""
    )
    return f"{plan_size(violation.failure.plan)}{unclaimed}, " + replay_command(
        bundle.folder, violation.invariant.failure or ""
    )

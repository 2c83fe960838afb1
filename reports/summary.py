"""summary.md: the verdict first, then what is violated, then what the verdict rests on.

Owns the Markdown: whatever comes from a saga goes through `reports.escape`, so that it stays text.
Says what was not seen, not claimed, impossible or left out as plainly as what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.report_model import Invariant, Report, ScenarioReport, ScenarioVerdict, Verdict
from reports.bundle import Bundle, Violation
from reports.comparison import compared
from reports.escape import markdown, markdown_block, markdown_cell_code, markdown_code
from reports.lacking import lacking
from reports.words import (
    JUDGEMENTS,
    claims_note,
    counted,
    drawn_words,
    guarantee_ids,
    guarantee_note,
    guarantee_words,
    headline,
    input_text,
    input_title,
    latency_words,
    plan_lines,
    plan_size,
    proxy_words,
    replay_command,
    search_words,
    seconds,
    unclaimed_words,
)


def summary_md(bundle: Bundle) -> str:
    """The whole file."""
    report = bundle.report
    blocks = [
        f"# {report.verdict.upper()}\n\n{headline(report)}\n\n{_provenance(report)}",
        _section("The machine cut it short", [markdown(report.environment)] if report.environment else []),
        _section("Since the report before", _since(bundle)),
        _section("Scenarios", [_scenarios(report)] if report.scenarios else []),
        _section("Violations", [_violation(one, bundle) for one in bundle.violations]),
        _section("What a pass still needs", _lacks(report)),
        _section("Invariants", [_invariants(report)] if report.scenarios else []),
        _section("Guarantees", _guarantees(report)),
        _section("Situations", _situations(report)),
        _section("Faults that cannot strike", _impossible(report)),
        _section("Left for a person", _left_over(report)),
        _section("Left out, and other notes", _notes(report)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _provenance(report: Report) -> str:
    tool = f"{report.tool.name} {report.tool.version}".rstrip()
    came = report.provenance
    parts = [tool, proxy_words(report), seconds(report.duration_s), *([came.began] if came.began else [])]
    told = markdown(", ".join(parts))
    return f"{told}\n\n{markdown_code(came.command)}" if came.command else told


def _since(bundle: Bundle) -> list[str]:
    """What is new, still failing, fixed or not shown again; empty where there is no report before."""
    lines = [
        f"{one.since}: {one.invariant} in {one.scenario}" for one in compared(bundle.report, bundle.previous)
    ]
    return [_list(lines)] if lines else []


def _section(title: str, parts: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n\n".join(parts) if parts else ""


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {markdown(sentence)}" for sentence in sentences)


def _scenarios(report: Report) -> str:
    head = ("Scenario", "World", "Verdict", "Runs", "Faults fired", "Search", "Compensation p50 / p95 / p99")
    return _table(head, (_scenario(one) for one in report.scenarios))


def _scenario(one: ScenarioReport) -> tuple[str, ...]:
    verdict = one.verdict.value if one.verdict is ScenarioVerdict.PASS else f"**{one.verdict}**"
    fired = f"{one.faults.fired:,} of {one.faults.planned:,}"
    name, search = markdown(one.name), markdown(search_words(one))
    return name, one.world, verdict, f"{one.runs:,}", fired, search, latency_words(one)


def _violation(violation: Violation, bundle: Bundle) -> str:
    invariant, failure = violation.invariant, violation.failure
    title = f"### {markdown(invariant.id)} in {markdown(violation.scenario.title)}"
    runs = f"{invariant.violations:,} of {counted(invariant.runs, 'run')} violated it."
    parts = [title, *([markdown(invariant.claim)] if invariant.claim else [])]
    if failure is None:
        return "\n\n".join([*parts, runs, markdown(violation.problem)])
    found = [f"**Found:** {markdown(failure.message)}"] if failure.message else []
    found += [markdown(one) for one in (unclaimed_words(failure),) if one]
    replay = replay_command(bundle.folder, invariant.failure or "")
    given = input_text(failure.input_to_show)
    return "\n\n".join(
        [
            *parts,
            *found,
            runs,
            f"The smallest plan has {plan_size(failure.plan)}:",
            _list(plan_lines(failure.plan_to_show, failure.saga_id)),
            *([f"{input_title(failure.plan)}: {markdown_code(given)}"] if given else []),
            markdown_block("\n".join([*failure.timeline, "", f"$ {replay}"])),
        ]
    )


def _lacks(report: Report) -> list[str]:
    parts = []
    for one in report.scenarios:
        sentences = lacking(one)
        if sentences:
            parts.append(f"### {markdown(one.title)}\n\n{_list(sentences)}")
        parts += [
            f"{markdown_code(broken.id)} crashed:\n\n{markdown_block(broken.crash.rstrip())}"
            for broken in one.invariants
            if broken.crash
        ]
    return parts


def _invariants(report: Report) -> str:
    ids = dict.fromkeys(each.id for one in report.scenarios for each in one.invariants)
    head = ("Invariant", *(markdown(one.title) for one in report.scenarios))
    by_id = [{each.id: each for each in one.invariants} for one in report.scenarios]
    return _table(head, ((markdown(id_), *(_judged(known.get(id_)) for known in by_id)) for id_ in ids))


def _judged(invariant: Invariant | None) -> str:
    if invariant is None:
        return "not judged"
    word = JUDGEMENTS[invariant.verdict]
    if invariant.verdict is Verdict.VIOLATED:
        return f"**{word}** in {invariant.violations:,} of {counted(invariant.runs, 'run')}"
    if invariant.verdict is Verdict.HELD:
        return f"{word} in {counted(invariant.runs, 'run')}"
    return f"**{word}**" if invariant.verdict is Verdict.UNKNOWN else word


def _guarantees(report: Report) -> list[str]:
    ids = guarantee_ids(report)
    if not ids:
        return []
    head = ("Guarantee", *(markdown(one.title) for one in report.scenarios))
    table = _table(
        head, ((markdown(id_), *(_guarantee(one, id_) for one in report.scenarios)) for id_ in ids)
    )
    return [table, claims_note(report)]


def _guarantee(scenario: ScenarioReport, id_: str) -> str:
    text, note = guarantee_words(scenario, id_), guarantee_note(scenario, id_)
    if text.endswith("refuted"):
        text = text.removesuffix("refuted") + "**refuted**"
    told = markdown_cell_code(note) if note.endswith(".json") else markdown(note)
    return f"{text}: {told}" if note else text


def _situations(report: Report) -> list[str]:
    body = [
        (
            markdown(each.id),
            markdown(one.title),
            "yes" if each.required else "no",
            f"{each.seen:,}",
            "" if each.seen else markdown(each.reach),
        )
        for one in report.scenarios
        for each in one.situations
        if each.required or each.seen
    ]
    return [_table(("Situation", "Scenario", "Required", "Seen", "How to reach it"), body)] if body else []


def _impossible(report: Report) -> list[str]:
    body = [
        tuple(markdown(text) for text in (each.fault, each.operation, one.title, each.reason))
        for one in report.scenarios
        for each in one.impossible
    ]
    return [_table(("Fault", "Operation", "Scenario", "Why"), body)] if body else []


def _left_over(report: Report) -> list[str]:
    found = [
        f"{one.title}: {each.resource}"
        + (f" of step {each.step}" if each.step else "")
        + f", in {counted(each.runs, 'run')} that ended stuck"
        for one in report.scenarios
        for each in one.left_over
    ]
    return [_list(found)] if found else []


def _notes(report: Report) -> list[str]:
    found = [
        f"{one.title}: {note}" for one in report.scenarios for note in one.notes if note not in lacking(one)
    ]
    found += [f"{one.title}: Advice: {sentence}" for one in report.scenarios for sentence in one.advice]
    left = [
        f"{one.title}: {counted(one.search.left_out, 'plan')} left out of the search."
        for one in report.scenarios
        if one.search.left_out
    ]
    drawn = [f"{one.title}: {drawn_words(one)}." for one in report.scenarios if drawn_words(one)]
    return [_list([*found, *left, *drawn])] if found or left or drawn else []

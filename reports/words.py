"""The words that all readers share, so that one thing has one name everywhere.

Owns how verdicts, faults, times and commands are written. Refuses to lay anything out.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from harness.plan import Fault, FaultPlan, Lasting, Preemption
from harness.plan.moments import Moment, moment_of
from harness.process_faults import Boundary, ProcessFault
from harness.report_model import (
    FailureFile,
    GuaranteeResult,
    Report,
    ScenarioReport,
    ScenarioVerdict,
    Verdict,
)
from harness.saga import Json
from reports.latency import carried

JUDGEMENTS: Mapping[Verdict, str] = {
    Verdict.HELD: "held",
    Verdict.VIOLATED: "violated",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_EXERCISED: "not exercised",
}

RESULTS: Mapping[GuaranteeResult, str] = {
    GuaranteeResult.VERIFIED: "verified",
    GuaranteeResult.REFUTED: "refuted",
    GuaranteeResult.NOT_EXERCISED: "not exercised",
}

NOT_CLAIMED = "What a saga does not claim is not held against it, and its faults are not sent."
TOO_FEW = "too few"
ALL_SENT = (
    "With --unclaimed the faults of every guarantee were sent, and what they break counts, claimed or not."
)

WORLDS: Mapping[str, str] = {
    "sim": "virtual time, one process",
    "wire": "real sockets behind a proxy",
}


_STRIKES: Mapping[ProcessFault, str] = {
    ProcessFault.CRASH: "the process dies {when}",
    ProcessFault.MOVE: "the process dies {when}, and is resumed on another node",
    ProcessFault.RACE: "the process dies {when}, and two executors resume it at once",
    ProcessFault.FREEZE: "the process freezes {when}, another executor resumes and ends, then it wakes",
    ProcessFault.START_AGAIN: "the same id is started once more {when}",
    ProcessFault.CANCEL: "the caller cancels {when}",
}
_WHEN: Mapping[Boundary, str] = {
    Boundary.BEFORE_SEND: "before {call} is sent",
    Boundary.ON_ARRIVAL: "as {call} arrives, before it is applied",
    Boundary.APPLIED: "once {call} was applied",
    Boundary.ANSWERED: "after the answer to {call}",
    Boundary.ENDED: "after the end of what sent {call}",
    Boundary.BETWEEN: "after {call}, before its next request",
    Boundary.STARTED: "before its first request",
}


def headline(report: Report) -> str:
    """One sentence that says what the verdict rests on."""
    if report.verdict is ScenarioVerdict.FAIL:
        violated = violations(report.scenarios)
        where = sum(1 for one in report.scenarios if one.verdict is ScenarioVerdict.FAIL)
        return f"{counted(violated, 'invariant')} violated in {counted(where, 'scenario')}."
    if report.verdict is ScenarioVerdict.INCONCLUSIVE:
        return "Nothing was violated, but not all that a pass needs was seen."
    runs = sum(one.runs for one in report.scenarios)
    if any(one.only for one in report.scenarios):
        return f"No invariant that was looked at was violated in {counted(runs, 'run')}."
    return f"No invariant was violated in {counted(runs, 'run')}, and all that a pass needs was seen."


def violations(scenarios: Sequence[ScenarioReport]) -> int:
    """How many invariants were violated, over all scenarios."""
    return sum(one.verdict is Verdict.VIOLATED for scenario in scenarios for one in scenario.invariants)


def counted(number: int, noun: str) -> str:
    """`1 run`, `1,204 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def seconds(value_s: float | None) -> str:
    """A duration, to three digits: `0 s`, `40 ms`, `2.50 s`, `31.4 s`, `600 s`."""
    if value_s is None:
        return "none"
    if value_s == 0:
        return "0 s"
    if value_s < 0.9995:
        return f"{value_s * 1000:.3g} ms"
    digits = 2 if value_s < 10 else 1 if value_s < 100 else 0
    return f"{value_s:.{digits}f} s"


def whole_seconds(value_s: float) -> str:
    """An estimate: `1 s`, `95 s`, `12 min`, `3 h`."""
    if value_s < 120:
        return f"{max(1, round(value_s))} s"
    return f"{round(value_s / 60)} min" if value_s < 7200 else f"{round(value_s / 3600)} h"


def fault_place(fault: Fault) -> str:
    """`payments.charge.create, call 1 and the 2 after it`."""
    call = f"call {fault.nth}" + ("" if fault.saga is None else f" of saga {fault.saga}")
    if fault.count is Lasting.FOR_EVER:
        return f"{fault.operation}, from {call} on until all heals"
    if fault.count is Lasting.UNTIL_RESTART:
        return f"{fault.operation}, from {call} on until the next restart"
    more = int(fault.count) - 1
    return f"{fault.operation}, {call}" + (f" and the {more} after it" if more else "")


def fault_name(fault: Fault) -> str:
    """The kind, with its variant where it names one: `late (after undo)`."""
    if fault.variant.endswith("%"):
        return f"{fault.kind} ({fault.variant} of the time-out)"
    return f"{fault.kind} ({plain(fault.variant)})" if fault.variant else fault.kind


def fault_line(fault: Fault) -> str:
    """`lose_reply at payments.charge.create, call 1: the effect is applied, the reply is lost`.

    What strikes a process is shown as that: `crash: the process dies once payments.charge.create #1 was
    applied, twice in a row`.
    """
    told = process_fault_words(fault)
    if told:
        return f"{fault.kind}: {told}"
    meaning = kind_meaning(fault.kind)
    return f"{fault_name(fault)} at {fault_place(fault)}" + (f": {meaning}" if meaning else "")


def process_fault_words(fault: Fault) -> str:
    """What a fault does to the process of the saga, and when; empty for what strikes calls alone."""
    from harness.faults import KINDS  # noqa: PLC0415 - the engine is not needed to read a report

    kind = KINDS.get(fault.kind)
    if kind is None or kind.process_fault is None:
        return ""
    call = f"{fault.operation} #{fault.nth}" + ("" if fault.saga is None else f" of saga {fault.saga}")
    moment = moment_of(fault.variant)
    boundary = kind.decide(kind.meant(fault.variant), None).boundary
    when = when_words(kind.process_fault, boundary, call) if moment is None else _moment_words(moment, call)
    return _STRIKES[kind.process_fault].format(when=when) + _in_a_row(fault.count)


def when_words(process_fault: ProcessFault, boundary: Boundary, call: str) -> str:
    """`once POST /charges was applied`."""
    if process_fault is ProcessFault.START_AGAIN and boundary is Boundary.ON_ARRIVAL:
        return f"as {call} arrives"
    return _WHEN[boundary].format(call=call)


def _moment_words(moment: Moment, call: str) -> str:
    if moment.first:
        return f"after change {moment.change} of its store, before its first call, {call}"
    if moment.percent is None:
        return f"after change {moment.change} of its store that follows {call}"
    if not moment.percent:
        return f"right after the reply to {call}"
    return f"{moment.percent} % into the pause after {call}"


def _in_a_row(count: int | Lasting) -> str:
    if count is Lasting.FOR_EVER:
        return ", each time until all heals"
    if count is Lasting.UNTIL_RESTART:
        return ", until the next restart"
    return {1: "", 2: ", twice in a row"}.get(int(count), f", {count} times in a row")


def plan_lines(plan: FaultPlan, saga_id: str = "") -> list[str]:
    """One line a fault, then one a preemption; one that says so where there is none.

    saga_id: of the first saga of the run that is shown; then it is said too which saga has which id.
    """
    faults = [fault_line(fault) for fault in plan.faults]
    if plan.sagas > 1:
        faults += map(preemption_line, plan.preemptions)
        faults.append(sagas_line(plan))
        faults += map(other_input_line, range(2, plan.sagas + 1), plan.other_inputs)
        faults += [ids_line(plan, saga_id)] if saga_id else []
    return faults or ["no fault at all"]


def sagas_line(plan: FaultPlan) -> str:
    """`2 sagas with the same input, otherwise one after the other`."""
    others = "otherwise " if plan.preemptions else ""
    given = ", each with its own input" if plan.other_inputs else " with the same input"
    return f"{plan.sagas} sagas{given}, {others}one after the other"


def other_input_line(number: int, given: Json) -> str:
    """`saga 2 has the input {"seat":"7"}`."""
    return f"saga {number} has the input {msgspec.json.encode(given).decode()}"


def input_title(plan: FaultPlan) -> str:
    """`The input`, and where sagas have others, whose."""
    return "The input of saga 1" if plan.other_inputs else "The input"


def ids_line(plan: FaultPlan, saga_id: str) -> str:
    """`saga 1 is saga-0f3a, saga 2 is saga-0f3a-2`: plans number the sagas, all else has their ids."""
    return ", ".join(f"saga {number} is {id_}" for number, id_ in enumerate(plan.saga_ids(saga_id), start=1))


def preemption_line(one: Preemption) -> str:
    """`preempt: saga 1 is held at its call 1 of stock.hold.create, and saga 2 runs to its end`."""
    until = "to its end" if one.until is None else f"until its call {one.until.nth} of {one.until.operation}"
    held = f"saga {one.saga} is held at its call {one.nth} of {one.operation}"
    if one.together:
        return f"preempt: {held}, saga {one.run} runs {until}, and the two are delivered at the same time"
    return f"preempt: {held}, and saga {one.run} runs {until}"


def plan_size(plan: FaultPlan) -> str:
    """`1 fault`, `2 faults`, `no fault`, `1 fault and 2 preemptions of 2 sagas`."""
    parts = [counted(len(plan.faults), "fault")] if plan.faults else []
    parts += [counted(len(plan.preemptions), "preemption")] if plan.preemptions else []
    of_sagas = f" of {plan.sagas} sagas" if plan.sagas > 1 else ""
    return (" and ".join(parts) or "no fault") + of_sagas


def input_text(given: Json) -> str:
    """The input on one line; empty where it says nothing."""
    return msgspec.json.encode(given).decode() if given else ""


def kind_meaning(kind: str) -> str:
    """What a kind does, in the words of its own module; empty for one that is not known here."""
    from harness.faults import KINDS  # noqa: PLC0415 - the engine is not needed to read a report

    return KINDS[kind].meaning if kind in KINDS else ""


def plain(word: str) -> str:
    """An id as words."""
    return word.replace("_", " ")


def replay_command(out: Path, failure: str) -> str:
    """What to paste to see it again."""
    return f"saga-chaos replay {shlex.quote((out / failure).as_posix())}"


def search_words(scenario: ScenarioReport) -> str:
    """`guided and Hypothesis, depth 2, complete`."""
    search = scenario.search
    kind = {"both": "guided and Hypothesis", "guided": "guided", "hypothesis": "Hypothesis"}[search.kind]
    depth = f", depth {search.depth}" if search.kind != "hypothesis" else ""
    if search.interleavings:
        depth += f", {counted(search.interleavings, 'run')} of several sagas"
    if search.complete:
        return f"{kind}{depth}, complete"
    singles = ", single faults complete" if search.singles_complete else ""
    left = f", {counted(search.left_out, 'plan')} left out" if search.left_out else ", not complete"
    needs = f" (all of it needs about {whole_seconds(search.needs_s)})" if search.needs_s is not None else ""
    return f"{kind}{depth}{singles}{left}{needs}"


def drawn_words(scenario: ScenarioReport) -> str:
    """`500 plans drawn (100 % fired all their faults, 76 % three or more)`; empty where none were."""
    drawn = scenario.search.drawn
    if drawn is None or not drawn.plans:
        return ""
    fired, three = drawn.all_fired / drawn.plans, drawn.three_or_more / drawn.plans
    return (
        f"{counted(drawn.plans, 'plan')} drawn "
        f"({_percent(fired)} fired all their faults, {_percent(three)} three or more)"
    )


def _percent(share: float) -> str:
    """Rounded down: what is not all must not look like it."""
    return f"{int(share * 100)} %"


def proxy_words(report: Report) -> str:
    """Which proxy was used."""
    if report.proxy.kind == "none":
        wire = any(one.world == "wire" for one in report.scenarios)
        return "no proxy was reached" if wire else "no proxy, virtual time only"
    name = {"toxiproxy": "Toxiproxy", "embedded": "embedded proxy"}[report.proxy.kind]
    return f"{name} {report.proxy.version}".rstrip()


def latency_words(one: ScenarioReport) -> str:
    """`40 ms / 120 ms / 2.50 s`, or that there is none; no percentile that the sample does not carry."""
    latency = one.compensation_latency_s
    if latency is None or not latency.n:
        return "none measured"
    told = (TOO_FEW if value is None else seconds(value) for value in carried(latency).values())
    return f"{' / '.join(told)} ({counted(latency.n, 'saga')})"


def guarantee_ids(report: Report) -> list[str]:
    """All that any scenario claims, does not claim, or was judged by."""
    named = (
        (*(each.id for each in one.guarantees), *one.claims, *one.not_claimed) for one in report.scenarios
    )
    return list(dict.fromkeys(id_ for ids in named for id_ in ids))


def guarantee_words(scenario: ScenarioReport, id_: str) -> str:
    """`claimed, verified`, `not claimed`."""
    found = next((one for one in scenario.guarantees if one.id == id_), None)
    claimed = found.claimed if found else id_ in scenario.claims
    result = RESULTS[found.result] if found else RESULTS[GuaranteeResult.NOT_EXERCISED]
    if not claimed and not scenario.unclaimed and result == RESULTS[GuaranteeResult.NOT_EXERCISED]:
        return "not claimed"
    return f"{'claimed' if claimed else 'not claimed'}, {result}"


def guarantee_note(scenario: ScenarioReport, id_: str) -> str:
    """The failure file of one that was refuted, or why nothing of it can strike; else empty."""
    found = next((one for one in scenario.guarantees if one.id == id_), None)
    return (found.failure or found.reason) if found else ""


def claims_note(report: Report) -> str:
    """What became of that which is not claimed."""
    return ALL_SENT if any(one.unclaimed for one in report.scenarios) else NOT_CLAIMED


def unclaimed_words(failure: FailureFile) -> str:
    """Says so where a counterexample rests on faults of guarantees that the saga does not claim."""
    if not failure.unclaimed:
        return ""
    return f"By faults of what the saga does not claim: {', '.join(failure.unclaimed)}."

"""junit.xml: one suite a scenario and world, with a case for the scenario's verdict and one an invariant.

Owns the mapping to the format that CI systems read: valid against the schema of Ant's JUnit task, which
is the strictest of those published, and against Jenkins's. Refuses a vacuous green: a suite whose
scenario did not pass has at least one case that is not green.

All invariants are judged in the same runs, so the time of a search is that of the case `verdict`,
and the others have none of their own.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from harness.report_model import Invariant, ScenarioReport, ScenarioVerdict, Verdict
from reports.bundle import Bundle, Violation
from reports.escape import printable, printable_lines
from reports.lacking import lacking
from reports.words import (
    JUDGEMENTS,
    counted,
    input_text,
    input_title,
    plan_lines,
    replay_command,
    seconds,
    unclaimed_words,
    violations,
)

_NO_TIME = "0.000"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")  # UTC; the schema knows no zone


def junit_xml(bundle: Bundle) -> bytes:
    """The whole file."""
    root = ET.Element("testsuites")
    for number, scenario in enumerate(bundle.report.scenarios):
        root.append(_suite(number, scenario, bundle))
    ET.indent(root)
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return whole + b"\n"


def _suite(number: int, scenario: ScenarioReport, bundle: Bundle) -> ET.Element:
    suite = ET.Element("testsuite", {"name": printable(scenario.title)})
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(scenario, bundle):
        ET.SubElement(properties, "property", {"name": name, "value": printable(value)})
    suite.append(_verdict_case(scenario, bundle))
    for invariant in scenario.invariants:
        suite.append(_case(invariant, scenario, bundle))
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    suite.attrib |= {"package": "saga-chaos", "id": str(number), "hostname": "localhost"}
    began = bundle.report.provenance.began.removesuffix("Z")
    if _MOMENT.fullmatch(began):
        suite.set("timestamp", began)
    suite.attrib |= _counts(list(suite.iter("testcase")))
    suite.set("time", f"{scenario.duration_s:.3f}")
    return suite


def _counts(cases: list[ET.Element]) -> dict[str, str]:
    names = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    counts = {name: sum(case.find(tag) is not None for case in cases) for tag, name in names.items()}
    return {name: str(number) for name, number in {"tests": len(cases), **counts}.items()}


def _properties(scenario: ScenarioReport, bundle: Bundle) -> list[tuple[str, str]]:
    return [
        ("tool", f"{bundle.report.tool.name} {bundle.report.tool.version}".rstrip()),
        ("saga", scenario.saga),
        ("world", scenario.world),
        ("verdict", scenario.verdict.value),
        ("runs", str(scenario.runs)),
        ("faults_fired", str(scenario.faults.fired)),
    ]


def _testcase(name: str, scenario: ScenarioReport, time: str) -> ET.Element:
    classname = f"{printable(scenario.name)}.{scenario.world}"
    return ET.Element("testcase", {"name": printable(name), "classname": classname, "time": time})


def _verdict_case(scenario: ScenarioReport, bundle: Bundle) -> ET.Element:
    """The scenario as a whole: what it lacks for a pass is an error of its own."""
    case = _testcase("verdict", scenario, f"{scenario.duration_s:.3f}")
    if scenario.verdict is ScenarioVerdict.PASS:
        return case
    violated = violations((scenario,))
    missing = lacking(scenario) or ([] if violated else [*scenario.notes])
    ran = f"{counted(scenario.runs, 'run')} in {seconds(scenario.duration_s)}"
    lines = [f"The scenario is {scenario.verdict}, after {ran}.", *missing]
    if scenario.verdict is ScenarioVerdict.FAIL:
        lines += [_line_of(one) for one in scenario.invariants if one.verdict is Verdict.VIOLATED]
        message = f"{counted(violated, 'invariant')} violated"
        case.append(_element("failure", message, "fail", "\n".join(lines)))
    else:
        lines += [bundle.report.environment] if bundle.report.environment else []
        lines += [] if lines[1:] else ["The report does not say why."]
        case.append(_element("error", "the scenario is inconclusive", "inconclusive", "\n".join(lines)))
    return case


def _line_of(invariant: Invariant) -> str:
    return f"{invariant.id} is violated in {invariant.violations:,} of {counted(invariant.runs, 'run')}."


def _case(invariant: Invariant, scenario: ScenarioReport, bundle: Bundle) -> ET.Element:
    case = _testcase(invariant.id, scenario, _NO_TIME)
    if invariant.verdict is Verdict.VIOLATED:
        case.append(_failure(invariant, scenario, bundle))
    elif invariant.verdict is Verdict.UNKNOWN:
        why = "the invariant crashed" if invariant.crash else "the invariant could not be judged"
        case.append(_element("error", why, JUDGEMENTS[invariant.verdict], invariant.crash or why))
    elif invariant.verdict is Verdict.NOT_EXERCISED:
        ET.SubElement(case, "skipped", {"message": "no run exercised it"})
    return case


def _failure(invariant: Invariant, scenario: ScenarioReport, bundle: Bundle) -> ET.Element:
    violation = next(
        one for one in bundle.violations if one.scenario is scenario and one.invariant is invariant
    )
    message = (violation.failure.message if violation.failure else "") or invariant.claim or "violated"
    return _element("failure", message, "violated", "\n".join(_failure_lines(violation, bundle)))


def _failure_lines(violation: Violation, bundle: Bundle) -> list[str]:
    lines = [violation.invariant.claim] if violation.invariant.claim else []
    lines.append(_line_of(violation.invariant))
    failure = violation.failure
    if failure is None:
        return [*lines, violation.problem]
    plan = [f"  {line}" for line in plan_lines(failure.plan_to_show, failure.saga_id)]
    given = input_text(failure.input_to_show)
    lines += [one for one in (unclaimed_words(failure),) if one]
    lines += ["Smallest plan:", *plan, *([f"{input_title(failure.plan)}: {given}"] if given else [])]
    replay = replay_command(bundle.folder, violation.invariant.failure or "")
    return [*lines, "Timeline:", *failure.timeline, f"Replay: {replay}"]


def _element(tag: str, message: str, type_: str, text: str) -> ET.Element:
    element = ET.Element(tag, {"message": printable(message), "type": type_})
    element.text = printable_lines(text)
    return element

"""junit.xml: one suite a scenario and world, one case an invariant.

Owns the mapping to the format that CI systems read. Refuses a vacuous green: a suite whose
scenario did not pass has at least one case that is not green.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from harness.report_model import Invariant, Judgement, ScenarioReport, Verdict
from reports.bundle import Bundle, Violation
from reports.lacking import lacking
from reports.words import fault_line, replay_command, unclaimed_words

_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def junit_xml(bundle: Bundle) -> bytes:
    """The whole file."""
    root = ET.Element("testsuites", {"name": bundle.report.tool.name})
    for scenario in bundle.report.scenarios:
        root.append(_suite(scenario, bundle))
    cases, seconds = list(root.iter("testcase")), bundle.report.duration_s
    _count(root, cases)
    root.set("time", f"{seconds:.3f}")
    ET.indent(root)
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return whole + b"\n"


def _suite(scenario: ScenarioReport, bundle: Bundle) -> ET.Element:
    suite = ET.Element("testsuite", {"name": scenario.title})
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(scenario):
        ET.SubElement(properties, "property", {"name": name, "value": _text(value)})
    for invariant in scenario.invariants:
        suite.append(_case(invariant, scenario, bundle))
    cases = list(suite.iter("testcase"))
    if scenario.verdict is not Verdict.PASS and not any(_red(case) for case in cases):
        suite.append(_verdict_case(scenario))
    cases = list(suite.iter("testcase"))
    _count(suite, cases)
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    suite.set("time", f"{scenario.duration_s:.3f}")
    for case in cases:  # all of them are judged in every run, so each has its share of the time
        case.set("time", f"{scenario.duration_s / len(cases):.3f}")
    return suite


def _properties(scenario: ScenarioReport) -> list[tuple[str, str]]:
    return [
        ("saga", scenario.saga),
        ("world", scenario.world),
        ("verdict", scenario.verdict.value),
        ("runs", str(scenario.runs)),
        ("faults_fired", str(scenario.faults.fired)),
    ]


def _case(invariant: Invariant, scenario: ScenarioReport, bundle: Bundle) -> ET.Element:
    case = ET.Element("testcase", {"name": invariant.id, "classname": f"{scenario.name}.{scenario.world}"})
    if invariant.verdict is Judgement.VIOLATED:
        case.append(_failure(invariant, scenario, bundle))
    elif invariant.verdict is Judgement.UNKNOWN:
        why = "the invariant crashed" if invariant.crash else "the invariant could not be judged"
        case.append(_element("error", why, "unknown", invariant.crash or why))
    elif invariant.verdict is Judgement.NOT_EXERCISED:
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
    if violation.failure is None:
        return [*lines, violation.problem]
    plan = [f"  {fault_line(fault)}" for fault in violation.failure.plan.faults] or ["  no fault at all"]
    replay = replay_command(bundle.folder, violation.invariant.failure or "")
    lines += [one for one in (unclaimed_words(violation.failure),) if one]
    return [*lines, "Smallest plan:", *plan, "Timeline:", *violation.failure.timeline, f"Replay: {replay}"]


def _verdict_case(scenario: ScenarioReport) -> ET.Element:
    case = ET.Element("testcase", {"name": "verdict", "classname": f"{scenario.name}.{scenario.world}"})
    why = lacking(scenario) or list(scenario.notes) or ["The report does not say why."]
    case.append(_element("error", f"the scenario is {scenario.verdict}", scenario.verdict, "\n".join(why)))
    return case


def _element(tag: str, message: str, type_: str, text: str) -> ET.Element:
    element = ET.Element(tag, {"message": _text(message), "type": type_})
    element.text = _text(text)
    return element


def _red(case: ET.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _count(element: ET.Element, cases: list[ET.Element]) -> None:
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", str(sum(case.find("error") is not None for case in cases)))


def _text(text: str) -> str:
    """Without what XML cannot hold."""
    return _NOT_XML.sub("�", text)

"""What two published schemas of junit.xml ask for, as tables.

`ANT`: the schema of Apache Ant's JUnit task (JUnit.xsd, windyroad/JUnit-Schema), the strictest of those in
use: order counts, and much is required. `JENKINS`: that of Jenkins's xUnit plugin (junit-10.xsd), less
what only Surefire writes. Both were read, and are told here in tables of our own; neither is copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

ANY = re.compile(r".*", re.DOTALL)
TOKEN = re.compile(r".*\S.*", re.DOTALL)
WHOLE = re.compile(r"\d+")
DECIMAL = re.compile(r"\d+(\.\d+)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
SUREFIRE_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Of one element. children: a pattern of their names, each followed by a blank."""

    required: Mapping[str, re.Pattern[str]]
    optional: Mapping[str, re.Pattern[str]]
    children: str = ""
    text: bool = False


_MESSAGE = Rule(required={"type": ANY}, optional={"message": ANY}, text=True)
_LOOSE_MESSAGE = Rule(required={}, optional={"type": ANY, "message": ANY}, text=True)
_COUNTS = {"tests": WHOLE, "failures": WHOLE, "errors": WHOLE}

ANT: Mapping[str, Rule] = {
    "testsuites": Rule(required={}, optional={}, children=r"(testsuite )*"),
    "testsuite": Rule(
        required={
            "package": ANY,
            "id": WHOLE,
            "name": TOKEN,
            "timestamp": MOMENT,
            "hostname": TOKEN,
            **_COUNTS,
            "time": DECIMAL,
        },
        optional={"skipped": WHOLE},
        children=r"properties (testcase )*system-out system-err ",
    ),
    "properties": Rule(required={}, optional={}, children=r"(property )*"),
    "property": Rule(required={"name": TOKEN, "value": ANY}, optional={}),
    "testcase": Rule(
        required={"name": ANY, "classname": ANY, "time": DECIMAL},
        optional={},
        children=r"(skipped |error |failure )?",
    ),
    "failure": _MESSAGE,
    "error": _MESSAGE,
    "skipped": Rule(required={}, optional={"message": ANY}, text=True),  # of any type, in the schema
    "system-out": Rule(required={}, optional={}, text=True),
    "system-err": Rule(required={}, optional={}, text=True),
}

JENKINS: Mapping[str, Rule] = {
    **ANT,
    "testsuites": Rule(
        required={},
        optional={"name": ANY, "time": SUREFIRE_TIME, **_COUNTS},
        children=r"(testsuite )*",
    ),
    "testsuite": Rule(
        required={"name": ANY, **_COUNTS},
        optional={
            "group": ANY,
            "time": SUREFIRE_TIME,
            "skipped": ANY,
            "timestamp": ANY,
            "hostname": ANY,
            "id": ANY,
            "package": ANY,
            "file": ANY,
            "log": ANY,
            "url": ANY,
        },
        children=r"(testsuite |properties |testcase |system-out |system-err )*",
    ),
    "testcase": Rule(
        required={"name": ANY},
        optional={"time": ANY, "classname": ANY, "group": ANY},
        children=r"(skipped |error |failure |system-out |system-err )*",
    ),
    "failure": _LOOSE_MESSAGE,
    "error": _LOOSE_MESSAGE,
    "skipped": _LOOSE_MESSAGE,
}


def problems(document: bytes, rules: Mapping[str, Rule]) -> list[str]:
    """Everything that is not as the rules want it."""
    root = ET.fromstring(document)
    found = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    return [*found, *(one for element in root.iter() for one in _wrong(element, rules))]


def _wrong(element: ET.Element, rules: Mapping[str, Rule]) -> Iterator[str]:
    rule = rules.get(element.tag)
    if rule is None:
        yield f"{element.tag}: unknown"
        return
    known = {**rule.required, **rule.optional}
    yield from (f"{element.tag}: no {name}" for name in rule.required if name not in element.attrib)
    for name, value in element.attrib.items():
        if name not in known:
            yield f"{element.tag}: unknown {name}"
        elif known[name].fullmatch(value) is None:
            yield f"{element.tag}: {name}={value!r}"
    children = "".join(f"{child.tag} " for child in element)
    if re.fullmatch(rule.children, children) is None:
        yield f"{element.tag}: children {children}"
    texts = [element.text, *(child.tail for child in element)]
    if not rule.text and any(text and text.strip() for text in texts):
        yield f"{element.tag}: text"

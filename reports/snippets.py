"""What can be copied from a finding: the pytest function that shows it again.

Owns the text of it, which runs as it stands, in the folder in which the campaign ran. Refuses to run it.
"""

from __future__ import annotations

import re
from pathlib import Path
from pprint import pformat

from harness.plan import FaultPlan
from harness.report_model import FailureFile
from harness.saga import Json

_WIDTH = 96
_READ = 'plan_from_json(failure["plan"])'


def pytest_function(failure: FailureFile, path: str = "") -> str:
    """A test that fails as long as the finding stands.

    path: of the failure file, from which an input with secrets is read.
    """
    hidden = failure.shown_input is not None or bool(failure.shown_other_inputs)
    plan = _READ if failure.shown_other_inputs else _plan(failure.plan)
    imports = f"from harness.plan import {', '.join(_names(plan))}\n"
    given = _indented(pformat(failure.input, width=_WIDTH, sort_dicts=False))
    if hidden:
        given = 'failure["input"]'
        imports = f"import json\nfrom pathlib import Path\n\n{imports}"
    note = ""
    if failure.unclaimed:
        claims = ", ".join(failure.unclaimed)
        note = f"    # Its faults are of {claims}, which the saga does not claim: let it claim them first.\n"
    return (
        f"{imports}\n\n"
        f"def test_{_name(failure)}(saga_chaos):\n"
        f"{note}"
        f"{_file(path) if hidden else ''}"
        f"    plan = {plan}\n"
        f"    given = {given}\n"
        f"    scenario = {_portable(failure.scenario.reference)!r}\n"
        f"    run = saga_chaos.run(scenario, plan, input=given, world={failure.world!r})\n"
        "    saga_chaos.check(run)\n"
    )


def _file(path: str) -> str:
    return f"    failure = json.loads(Path({path!r}).read_text())\n"


def _portable(reference: str) -> str:
    """A path below the current folder is relative to it: another checkout has it there, too."""
    path, colon, name = reference.partition(":")
    here = Path.cwd()
    below = Path(path).is_absolute() and Path(path).is_relative_to(here)
    return f"{Path(path).relative_to(here).as_posix()}{colon}{name}" if below else reference


def _plan(plan: FaultPlan) -> str:
    """As Python, a line for each fault and each preemption."""
    faults = "".join(f"        {fault!r},\n" for fault in plan.faults)
    if plan.sagas == 1:
        return f"FaultPlan((\n{faults}    ))" if faults else "FaultPlan()"
    preemptions = "".join(f"            {one!r},\n" for one in plan.preemptions)
    parts = [f"faults=(\n{faults.replace('        ', ' ' * 12)}        )"] if faults else []
    parts += [f"preemptions=(\n{preemptions}        )"] if preemptions else []
    parts.append(f"sagas={plan.sagas}")
    others = "".join(f"            {_deeper(one)},\n" for one in plan.other_inputs)
    parts += [f"other_inputs=(\n{others}        )"] if others else []
    return f"FaultPlan(\n{''.join(f'        {part},' + chr(10) for part in parts)}    )"


def _names(plan: str) -> list[str]:
    names = ("Fault", "FaultPlan", "Lasting", "Preemption", "Site", "plan_from_json")
    return [name for name in names if f"{name}(" in plan or f"{name}." in plan]


def _name(failure: FailureFile) -> str:
    """As an identifier: the scenario and the rule."""
    return re.sub(r"\W+", "_", f"{failure.scenario.name}_{failure.invariant}", flags=re.ASCII).strip("_")


def _indented(text: str) -> str:
    return text.replace("\n", "\n            ")


def _deeper(given: Json) -> str:
    return _indented(pformat(given, width=_WIDTH - 4, sort_dicts=False))

"""`failures/*.json`: a counterexample, and all that replays it.

Owns its types, reading and writing. It is read to be run again, so an unknown key is an error.
Refuses to run it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from harness.choices import WorldName
from harness.errors import PlanError, ReportError, misplaced, nearest
from harness.json_files import converted, json_object, pretty, write_whole
from harness.plan import FaultPlan, plan_from_json, plan_to_json
from harness.report_model.report import Tool
from harness.report_model.verdicts import Verdict
from harness.saga import Json

FORMAT_VERSION = 1


class ScenarioRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reference`: what the command line was given, so that it can be loaded again.

    path: the same from the folder of the file. digest: of what the scenario is made of. signature: shows
    that this machine wrote the file (`harness.campaign.references`). Each is empty where there is none.
    """

    name: str
    reference: str
    path: str = ""
    digest: str = ""
    signature: str = ""


class FoundBy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a counterexample was found: the search, its seed, and after how many runs."""

    kind: str = "guided"
    seed: int | None = None
    runs: int = 0


class FailureFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """failures/*.json: the smallest run that shows a violation, and all that replays it.

    claim: what the invariant says. message: what was found instead. evidence: event indexes in the
    history. history: path of the history, relative to the report's folder. added_claims: what the
    search let the saga claim on top of its own. unclaimed: those of them that the plan has faults of.
    printed: by the saga in that run. shown_input: the input without its secrets, where it has any; `input` is
    whole, for a replay needs it. shown_other_inputs: the same of those of the plan.
    """

    scenario: ScenarioRef
    world: WorldName
    plan: FaultPlan
    saga_id: str
    invariant: str
    input: Json = None
    verdict: Verdict = Verdict.VIOLATED
    claim: str = ""
    message: str = ""
    evidence: tuple[int, ...] = ()
    timeline: tuple[str, ...] = ()
    history: str | None = None
    search: FoundBy = FoundBy()
    tool: Tool = Tool()
    added_claims: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()
    printed: str = ""
    shown_input: Json = None
    shown_other_inputs: tuple[Json, ...] = ()
    format_version: int = FORMAT_VERSION

    @property
    def input_to_show(self) -> Json:
        """The input as it may be printed."""
        return self.input if self.shown_input is None else self.shown_input

    @property
    def plan_to_show(self) -> FaultPlan:
        """The plan as it may be printed."""
        others = self.shown_other_inputs
        return replace(self.plan, other_inputs=others) if others else self.plan


def write_failure(failure: FailureFile, path: Path) -> None:
    """Atomically, with the plan in its file form."""
    content = msgspec.to_builtins(failure) | {"plan": plan_to_json(failure.plan)}
    write_whole(path, pretty(content))


def read_failure(path: Path) -> FailureFile:
    """Raises ReportError; strictly, for what was misspelt would be replayed as something else."""
    content = json_object(path, FORMAT_VERSION)
    for name in content:
        if name not in FailureFile.__struct_fields__:
            raise ReportError(misplaced(f"{path}, key", name, nearest(name, FailureFile.__struct_fields__)))
    try:
        plan = plan_from_json(content.get("plan"), f"{path}, plan")
    except PlanError as error:
        raise ReportError(str(error)) from error
    return converted({**content, "plan": msgspec.to_builtins(plan)}, FailureFile, path)

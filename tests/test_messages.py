"""Every error of ours says where, what was found and what was expected.

One of each kind is provoked and read; and every place in the source that raises one is looked at,
so that a new message that forgets a part fails here by its line.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from harness.adapter import CallableSaga
from harness.adapter.outcome import read_outcome
from harness.adapter.subprocess import SubprocessSaga
from harness.campaign import CampaignOptions
from harness.errors import (
    EnvironmentFault,
    PlanError,
    ReportError,
    SagaChaosError,
    ScenarioError,
    UsageError,
    misplaced,
    nearest,
)
from harness.faults import KINDS
from harness.history import read_history
from harness.json_files import json_object, write_whole
from harness.loader import load_scenario
from harness.participant import Route
from harness.plan import Fault, FaultPlan, check_plan, plan_from_json
from harness.saga import SagaSpec, SagaStart, Step, StepKind
from harness.scenario import Scenario
from harness.situations import required_situations
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, SHOP, spec_of

ROOT = Path(__file__).parent.parent
FILE = Path(__file__)
SPEC = spec_of((HOLD, CHARGE), SHOP)


def step(name: str, **more: object) -> Step:
    return Step(name=name, action="stock.hold.create", **more)  # type: ignore[arg-type]


def saga(*steps: Step) -> SagaSpec:
    return SagaSpec(name="order", steps=steps)


async def nothing(ctx: object, input_: object) -> None: ...


def scenario(**more: object) -> Scenario:
    return Scenario(
        **{  # type: ignore[arg-type]
            "name": "order",
            "spec": SPEC,
            "participants": SHOP,
            "saga": CallableSaga(nothing, "sagas.py:nothing"),
            **more,
        }
    )


def options(**more: object) -> CampaignOptions:
    return CampaignOptions(
        out=Path("out"),
        load=lambda name: scenario(),
        narrate=lambda history, evidence: [],
        **more,  # type: ignore[arg-type]
    )


def command() -> SubprocessSaga:
    return SubprocessSaga(command=("node", "saga.js"), cwd=Path())


def run_in_sim() -> None:
    with SimWorld() as world:
        world.run(scenario(saga=command()), [SagaStart(id="saga-1", input={})], FaultPlan())


@dataclass(frozen=True, kw_only=True)
class Says:
    """The class and the three parts."""

    error: type[SagaChaosError]
    where: str
    found: str
    expected: str


def checked(**fault: object) -> None:
    plan = FaultPlan((Fault(**{"kind": "refuse", "operation": "stock.hold.create", **fault}),))  # type: ignore[arg-type]
    check_plan(plan, operations=["stock.hold.create"], kinds=KINDS)


PROVOKED: dict[str, tuple[Callable[[], object], Says]] = {
    "two steps with one name": (
        lambda: saga(step("hold"), step("hold")),
        Says(error=ScenarioError, where="saga 'order', steps", found="'hold'", expected="a name of its own"),
    ),
    "no steps": (
        saga,
        Says(error=ScenarioError, where="saga 'order', steps", found="[]", expected="at least one step"),
    ),
    "a step after one that is not there": (
        lambda: saga(step("hold"), step("ship", after=("holt",))),
        Says(
            error=ScenarioError,
            where="step 'ship', after",
            found="'holt'",
            expected="'hold' (did you mean it?)",
        ),
    ),
    "steps in a circle": (
        lambda: saga(step("hold", after=("ship",)), step("ship", after=("hold",))),
        Says(
            error=ScenarioError,
            where="saga 'order', after",
            found="['hold', 'ship']",
            expected="steps without a circle",
        ),
    ),
    "two pivots": (
        lambda: saga(step("hold", kind=StepKind.PIVOT), step("ship", kind=StepKind.PIVOT)),
        Says(
            error=ScenarioError,
            where="saga 'order', steps",
            found="['hold', 'ship']",
            expected="at most one pivot",
        ),
    ),
    "no inputs": (
        lambda: scenario(inputs=()),
        Says(
            error=ScenarioError, where="scenario 'order', inputs", found="()", expected="at least one input"
        ),
    ),
    "an operation that nobody has": (
        lambda: scenario(spec=saga(Step(name="hold", action="stock.holds.create"))),
        Says(
            error=ScenarioError,
            where="scenario 'order', step 'hold', action",
            found="'stock.holds.create'",
            expected="'stock.hold.create' (did you mean it?)",
        ),
    ),
    "an action that creates nothing": (
        lambda: scenario(spec=saga(Step(name="hold", action="stock.hold.find"))),
        Says(
            error=ScenarioError,
            where="scenario 'order', step 'hold', action",
            found="'stock.hold.find'",
            expected="a create operation",
        ),
    ),
    "a compensation that undoes nothing": (
        lambda: scenario(spec=saga(step("hold", compensation="stock.hold.find"))),
        Says(
            error=ScenarioError,
            where="scenario 'order', step 'hold', compensation",
            found="'stock.hold.find'",
            expected="a delete or delete_by_saga operation",
        ),
    ),
    "a route that is none": (
        lambda: Route.parse("holds", "saga.toml, line 9"),
        Says(error=ScenarioError, where="saga.toml, line 9", found="'holds'", expected="a method and a path"),
    ),
    "a saga that is no function": (
        lambda: CallableSaga(7, "sagas.py:order"),  # type: ignore[arg-type]
        Says(error=ScenarioError, where="sagas.py:order", found="7", expected="a function saga(ctx, input)"),
    ),
    "a saga that takes something else": (
        lambda: CallableSaga(lambda ctx: None, "sagas.py:order"),  # type: ignore[arg-type, misc]
        Says(
            error=ScenarioError,
            where="sagas.py:order",
            found="(ctx)",
            expected="a function that takes (ctx, input): too many positional arguments",
        ),
    ),
    "a situation that nobody knows": (
        lambda: required_situations(scenario(requires=("compensations",))),
        Says(
            error=ScenarioError,
            where="saga 'planted', requires",
            found="'compensations'",
            expected="'compensation' (did you mean it?)",
        ),
    ),
    "a scenario that is not registered": (
        lambda: load_scenario("ordr", registered={"order": scenario}),
        Says(error=ScenarioError, where="ordr", found="", expected="order"),
    ),
    "a saga.toml that is not there": (
        lambda: load_scenario("nowhere/saga.toml", registered={}),
        Says(error=ScenarioError, where="nowhere/saga.toml", found="", expected="file"),
    ),
    "a plan for an operation that is not there": (
        lambda: checked(operation="stock.hold.creat"),
        Says(
            error=PlanError,
            where="plan, fault 1, operation",
            found="'stock.hold.creat'",
            expected="'stock.hold.create' (did you mean it?)",
        ),
    ),
    "a plan that is no list": (
        lambda: plan_from_json("refuse", "failure.json, plan"),
        Says(error=PlanError, where="failure.json, plan", found="'refuse'", expected="a list of faults"),
    ),
    "a history of another version": (
        lambda: read_history(FILE),
        Says(
            error=ReportError,
            where=f"{FILE}, line 1",
            found="Every error of ours",
            expected="format_version 1",
        ),
    ),
    "a report that is not there": (
        lambda: json_object(Path("nowhere/report.json"), 1),
        Says(
            error=ReportError,
            where="nowhere/report.json",
            found="'No such file or directory'",
            expected="a file to read",
        ),
    ),
    "a report that is no JSON": (
        lambda: json_object(FILE, 1),
        Says(
            error=ReportError,
            where=str(FILE),
            found="JSON is malformed",
            expected="JSON as saga-chaos writes it",
        ),
    ),
    "a folder that cannot be written to": (
        lambda: write_whole(FILE / "report.json", b""),
        Says(
            error=EnvironmentFault,
            where=str(FILE),
            found="cannot write report.json",
            expected="a folder that can be written to",
        ),
    ),
    "an option out of bounds": (
        lambda: options(depth=-1),
        Says(error=UsageError, where="--depth", found="-1", expected="a whole number from 0 on"),
    ),
    "no time at all": (
        lambda: options(seconds=0.0),
        Says(error=UsageError, where="--seconds", found="0.0", expected="a number above 0"),
    ),
    "a world that the saga cannot run in": (
        lambda: scenario(saga=command()).world("sim"),
        Says(
            error=UsageError,
            where="scenario 'order', saga node saga.js, world",
            found="'sim'",
            expected="wire: a process of its own",
        ),
    ),
    "a command in sim": (
        run_in_sim,
        Says(error=UsageError, where="scenario 'order'", found="node saga.js", expected="--world wire"),
    ),
}


@pytest.mark.parametrize("what", PROVOKED)
def test_a_message_says_where_what_was_found_and_what_was_expected(what: str) -> None:
    provoke, says = PROVOKED[what]
    with pytest.raises(says.error) as caught:
        provoke()
    message = str(caught.value)
    assert "\n" not in message
    assert says.where in message
    assert says.found in message
    assert says.expected in message
    assert type(caught.value) is says.error


def test_each_class_ends_the_command_with_its_exit_code() -> None:
    codes = {
        SagaChaosError: 4,
        UsageError: 2,
        ScenarioError: 2,
        PlanError: 2,
        ReportError: 2,
        EnvironmentFault: 4,
    }
    assert {error: error.exit_code for error in codes} == codes


def test_what_a_saga_returned_is_a_finding_and_told_the_same_way() -> None:
    problem = read_outcome({"status": "complete"}).problem
    assert problem is not None
    assert problem.startswith(
        "the saga returned, status: found 'complete', expected 'completed' (did you mean"
    )


def test_the_parts_of_a_message() -> None:
    assert misplaced("here", 1, "two") == "here: found 1, expected two"
    assert nearest("b", ()) == "one of none"
    assert nearest("zzz", ("b", "a")) == "one of a, b"
    assert nearest("ab", ("abc", "x")) == "'abc' (did you mean it?), or one of abc, x"


# Every place that raises one -------------------------------------------------------------------

RELAYED = {"error", "refusal", "reason"}
"""Names of a message that another one said in full."""

OF_THE_CLOCK = {"WorldOver", "DeadLock", "SimThreadRefused"}
"""Told to a saga inside a run, never to a user by themselves: they name the caller and the time."""

COMPLETE_OTHERWISE = {
    "harness/clock/virtual.py": "virtual time: a run is active already",
    "harness/toxiproxy/discovery.py": "no Toxiproxy server here; tried ",
    "harness/toxiproxy/embedded/server.py": "the embedded proxy server",
    "harness/toxiproxy/server.py": "found no answer in",
}
"""Misuse of our own code, and what lists all that was tried: found and expected in other words."""


@cache
def _nodes() -> tuple[tuple[str, ast.Call | ast.ClassDef], ...]:
    return tuple(
        (str(path.relative_to(ROOT)), node)
        for package in ("harness", "fakes", "scenarios", "reports")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.ClassDef)
    )


def _tree() -> set[str]:
    """The classes of the error tree, wherever they are defined."""
    classes = [node for _, node in _nodes() if isinstance(node, ast.ClassDef)]
    names = {"SagaChaosError"}
    for _ in range(4):  # deeper than any branch
        names |= {one.name for one in classes if {ast.unparse(base) for base in one.bases} & names}
    return names


def _sites() -> Iterator[tuple[str, ast.Call]]:
    tree = _tree() - OF_THE_CLOCK
    for file, node in _nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in tree:
            yield file, node


def test_every_place_that_raises_one_says_all_three() -> None:
    sites = list(_sites())
    assert len(sites) > 80
    wrong = [
        f"{file}:{call.lineno}: {ast.unparse(call)}"
        for file, call in sites
        if not _whole(call) and COMPLETE_OTHERWISE.get(file, "nowhere") not in ast.unparse(call)
    ]
    assert wrong == []


def _whole(call: ast.Call) -> bool:
    text = ast.unparse(call)
    relays = any(isinstance(node, ast.Name) and node.id in RELAYED for node in ast.walk(call))
    return "misplaced(" in text or "expected" in text or relays


def test_the_exceptions_are_still_there() -> None:
    told = [(file, ast.unparse(call)) for file, call in _sites()]
    for file, says in COMPLETE_OTHERWISE.items():
        assert any(one == file and says in text for one, text in told), f"{file} no longer says {says!r}"

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import scenarios
from harness.bus import Bus
from harness.saga import Claim
from scenarios import REGISTRY

DURABLE = ("order-fulfilment-durable", "order-fulfilment-durable-sync", "order-fulfilment-command")
HOLDING = (
    *("order-fulfilment", "order-fulfilment-sync", "order-fulfilment-forward", *DURABLE),
    *("client-onboarding", "dbt-project-creation", "web-app-deployment"),
    *("wiki-generation", "wiki-generation-parallel"),
    *("client-onboarding-choreographed", "dbt-project-creation-choreographed"),
)


@pytest.mark.parametrize("name", REGISTRY)
def test_a_scenario_is_known_by_its_name(name: str) -> None:
    scenario = REGISTRY[name]()
    assert (scenario.name, scenario.reference) == (name, name)
    assert scenario.summary
    fakes = [one for one in scenario.participants if not isinstance(one, Bus)]
    assert all(fake.fresh().conserved() for fake in fakes)  # type: ignore[attr-defined]


def test_those_that_claim_to_hold() -> None:
    assert set(HOLDING) <= {name for name, make in REGISTRY.items() if make().holds}
    assert not REGISTRY["order-fulfilment-as-documented"]().holds


@pytest.mark.parametrize("name", DURABLE)
def test_the_durable_ones_claim_all_that_a_process_can_meet(name: str) -> None:
    claims = set(Claim) - {Claim.IRREVERSIBLE_STEP}
    if name != "order-fulfilment-durable":  # nothing else can be cancelled
        claims -= {Claim.CANCEL}
    assert REGISTRY[name]().spec.claims == claims


def test_the_plain_function_is_plain() -> None:
    assert not REGISTRY["order-fulfilment-sync"]().saga.asynchronous  # type: ignore[attr-defined]
    assert REGISTRY["order-fulfilment"]().saga.asynchronous  # type: ignore[attr-defined]


def test_listing_names_imports_no_scenario() -> None:
    code = (
        "import sys, scenarios; list(scenarios.REGISTRY);"
        "print([m for m in sys.modules if m.startswith(('scenarios.', 'harness', 'httpx'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_orchestrator_knows_no_harness() -> None:
    folder = Path(scenarios.__file__).parent / "orchestrator"
    imported = {
        name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
    }
    assert not {name for name in imported if name.split(".")[0] in ("harness", "fakes")}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []

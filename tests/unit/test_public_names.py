"""The names that users import from `harness`, and nothing beside them."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import harness

PUBLIC = [
    "CallableSaga",
    "Claim",
    "Correlation",
    "Fault",
    "FaultPlan",
    "InvariantViolated",
    "Lasting",
    "Outcome",
    "Overlap",
    "Owner",
    "Participant",
    "Preemption",
    "Request",
    "ResourceSpec",
    "RestParticipant",
    "Route",
    "Run",
    "SagaContext",
    "SagaPolicy",
    "SagaSpec",
    "SagaStart",
    "Scenario",
    "SimWorld",
    "Site",
    "Status",
    "Step",
    "StepKind",
    "Verb",
    "WireWorld",
    "fault_plans",
    "load",
    "run_once",
    "run_sagas",
    "saga_test",
]


def test_all_is_what_it_says() -> None:
    assert sorted(harness.__all__) == PUBLIC
    for name in PUBLIC:
        found = getattr(harness, name)
        assert found.__name__ == name
        assert found.__module__.startswith("harness.")


def test_nothing_else_is_public() -> None:
    rooms = {name for name, value in vars(harness).items() if isinstance(value, ModuleType)}
    others = {name for name in vars(harness) if not name.startswith("_")} - rooms
    assert others <= set(PUBLIC)
    assert [name for name in dir(harness) if not name.startswith("_")] == PUBLIC


def test_what_is_not_there_is_refused_as_ever() -> None:
    with pytest.raises(AttributeError, match="module 'harness' has no attribute 'Sega'"):
        harness.Sega  # noqa: B018 - that is what is tried


def test_importing_it_imports_nothing_of_ours_or_others() -> None:
    script = (
        "import sys\nbefore = set(sys.modules)\nimport harness\n"
        "new = set(sys.modules) - before - {'harness'}\n"
        "foreign = {name for name in new if name.partition('.')[0] not in sys.stdlib_module_names}\n"
        "sys.exit(str(foreign) if foreign else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)

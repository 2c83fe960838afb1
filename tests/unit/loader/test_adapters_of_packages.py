"""Adapters that packages offer: a saga.toml of ours, and its start on the wire, import none of them."""

from __future__ import annotations

from importlib import metadata

import pytest

from harness.adapter import CallableSaga
from harness.errors import ScenarioError
from harness.loader import adapters, load_scenario
from harness.loader.adapters import AdapterPlugin, launched_by
from harness.registry import Registry
from tests.unit.loader.conftest import MINIMAL, Write

GROUP = "saga_chaos.adapters"


@pytest.fixture(autouse=True)
def _broken_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that raises when what it offers is imported."""
    point = metadata.EntryPoint("broken", "no_such_module_anywhere:PLUGIN", GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda *, group: [point] if group == GROUP else [])
    ours = adapters.ADAPTERS.ours.values()
    registry = Registry("adapter", GROUP, AdapterPlugin, lambda one: one.name, ours)
    monkeypatch.setattr("harness.loader.adapters.ADAPTERS", registry)
    monkeypatch.setattr("harness.loader.adapter_table.ADAPTERS", registry)


def test_a_file_that_names_ours_imports_nobodys_package(write: Write) -> None:
    assert isinstance(load_scenario(str(write()), registered={}).saga, CallableSaga)


def test_a_file_that_names_none_is_told_of_ours(write: Write) -> None:
    ours = ", ".join(sorted(adapters.ADAPTERS.ours))
    with pytest.raises(ScenarioError, match=f"expected one of {ours}$"):
        load_scenario(str(write(MINIMAL.replace('adapter = "callable"\n', ""))), registered={})


def test_a_file_that_names_the_package_is_told_what_is_wrong_with_it(write: Write) -> None:
    with pytest.raises(ScenarioError, match=r"entry point 'broken' .*ModuleNotFoundError"):
        load_scenario(str(write(MINIMAL.replace('"callable"', '"broken"'))), registered={})


def test_what_ours_launches_is_launched_without_importing_a_package(write: Write) -> None:
    saga = load_scenario(str(write()), registered={}).saga
    found = launched_by(saga)
    assert found is not None
    assert found[0].name == "callable"

"""docs/messages.md: its saga is one, its kinds are those of the code, and its numbers are the bus's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.bus.promise import ACK_TIMEOUT_S, REDELIVER_AFTER_S
from harness.cli import main
from harness.faults import KINDS
from harness.loader.toml_file import load_toml
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds.sim import SimWorld
from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    return str(found)


def test_its_saga_completes(tmp_path: Path) -> None:
    (tmp_path / "saga.toml").write_text(block("toml"))
    (tmp_path / "handlers.py").write_text(block("python"))
    scenario = load_toml("saga.toml", tmp_path / "saga.toml")
    with SimWorld() as world:
        run = run_once(scenario, scenario.inputs[0], FaultPlan(), world)
    assert not [one.message for one in run.judgements if one.message]
    assert [one.status for one in run.view.sagas] == ["completed"]


def test_the_doctor_finds_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "saga.toml").write_text(block("toml"))
    (tmp_path / "handlers.py").write_text(block("python"))
    code = main(["doctor", str(tmp_path / "saga.toml")])
    assert (code, "a worker failed" in capsys.readouterr().out) == (0, False)


def test_its_table_has_every_kind_of_a_delivery_with_its_variants() -> None:
    rows = [line.split("|")[1:-1] for line in TEXT.splitlines() if re.match(r"\| \w+_\w+ \|", line)]
    told = {row[0].strip(): row[2].strip() for row in rows}
    kinds = {kind.name: kind for kind in KINDS.values() if kind.deliveries}
    assert set(told) == set(kinds)
    for name, kind in kinds.items():
        assert told[name].startswith(", ".join(kind.variants))


def test_its_numbers_are_those_of_the_bus() -> None:
    assert f"{ACK_TIMEOUT_S['sim']:.0f} s in sim, {ACK_TIMEOUT_S['wire']:.0f} s on the wire" in TEXT
    assert f"({REDELIVER_AFTER_S['sim']:.0f} s, {REDELIVER_AFTER_S['wire']} s)" in TEXT

"""Where the stores of sim lie: in memory where the system has it, else where everything temporary does."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.adapter import SagaContext
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds.sim import SimWorld, store
from tests.sound.test_rules import scenario


@pytest.fixture(autouse=True)
def nobody_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "_MEMORY", tmp_path)
    monkeypatch.setattr(store, "_ROOM", 0)
    return tmp_path


def test_a_saga_gets_a_folder_there_and_nothing_of_it_stays(memory: Path) -> None:
    seen: list[Path] = []

    async def saga(ctx: SagaContext, input_: object) -> object:
        (ctx.store_dir / "mark").write_text("")
        seen.append(ctx.store_dir)
        return {"status": "completed"}

    with SimWorld() as world:
        run_once(scenario(saga), {}, FaultPlan(), world)
    assert seen[0].is_relative_to(memory)
    assert not list(memory.iterdir())


def test_a_folder_that_somebody_chose_is_taken(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.in_memory() == memory
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert store.in_memory() is None


def test_memory_without_room_is_left_alone(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_ROOM", 1 << 62)
    assert store.in_memory() is None


def test_a_system_without_it_takes_another_place(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_MEMORY", memory / "none")
    assert store.in_memory() is None

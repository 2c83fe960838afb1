from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from harness.absent import absent


def test_a_module_is_hidden_and_there_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with absent("colorsys"), pytest.raises(ModuleNotFoundError):
        import_module("colorsys")
    assert import_module("colorsys").__name__ == "colorsys"


def test_a_module_that_is_loaded_stays() -> None:
    with absent("pytest"):
        assert import_module("pytest") is pytest
    assert sys.modules["pytest"] is pytest


def test_a_worker_starts_without_what_only_others_need() -> None:
    script = (
        "import sys\n"
        "import harness.campaign.local, harness.loading, harness.worlds.sim, harness.worlds.wire\n"
        "heavy = {'click', 'hypothesis', 'matplotlib', 'pandas', 'pygments', 'pytest', 'rich'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_was_hidden_from_a_library_can_be_had() -> None:
    script = "import harness.adapter, harness.clock, httpx._main, pytest, time_machine\n"
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)

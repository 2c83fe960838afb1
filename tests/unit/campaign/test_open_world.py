"""Which world a machine can have."""

from __future__ import annotations

import sys

import pytest

from harness.campaign.open_world import make_world
from harness.errors import EnvironmentFault


def test_on_windows_sim_is_there_and_the_wire_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert type(make_world("sim", "auto", print)).__name__ == "SimWorld"
    with pytest.raises(EnvironmentFault, match="use WSL"):
        make_world("wire", "auto", print)

"""A signal that reaches nobody is none, whoever notices first that the process has ended."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.blows import Blow
from harness.worlds.wire.executors.stage import Stage
from harness.worlds.wire.executors.supervisor import Supervisor, _Begin


class Process:
    """An executor that takes note of what it is sent."""

    cancelled = False

    def __init__(self, *, over: bool) -> None:
        self._over = over
        self.sent: list[str] = []

    def over(self) -> bool:
        return self._over

    def kill(self) -> None:
        self.sent.append("kill")

    def freeze(self) -> None:
        self.sent.append("freeze")

    def cancel(self) -> bool:
        self.sent.append("cancel")
        return True

    def bury(self) -> None: ...

    def left(self) -> tuple[()]:
        return ()


def supervised(process: Process) -> Supervisor:
    traffic = SimpleNamespace(lock=threading.RLock(), occupants=None, deal=None, on_settling=None)
    stage = SimpleNamespace(traffic=traffic, urls=lambda lane: {}, began=lambda **_: 1)
    starter = SimpleNamespace(lane=None, start=lambda place: process, close=lambda: None)
    supervisor = Supervisor(cast("Stage", stage), cast("Any", starter))
    supervisor._begin(_Begin(at_s=0.0, node=1, resumed=False))
    return supervisor


@pytest.mark.parametrize("blow", [Blow.CRASH, Blow.MOVE, Blow.RACE, Blow.FREEZE, Blow.CANCEL])
@pytest.mark.parametrize("over", [False, True])
def test_no_signal_reaches_a_process_that_is_over(blow: Blow, *, over: bool) -> None:
    process = Process(over=over)
    supervisor = supervised(process)
    assert supervisor._deal(1, blow) is not over
    assert bool(process.sent) is not over
    supervisor.close()

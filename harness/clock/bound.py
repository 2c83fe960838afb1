"""Owns that locks, queues and events of asyncio outlive the run in which they were first waited for.

A process has one loop as long as it lives, and a lock that its sagas share is bound to that. In sim each run
has a loop of its own: what was bound to that of a run which is over is bound anew, where asyncio would raise
"is bound to a different event loop". Sagas side by side have loops that stand for that one, too. Refuses to
bind anew what another loop of the same run has.
"""

# ruff: noqa: SLF001 - asyncio keeps the loop of a primitive to itself

from __future__ import annotations

from asyncio import events, mixins
from typing import Any

from harness.clock.loop import VirtualLoop
from harness.clock.replacements import Replacements

_primitive: Any = mixins._LoopBoundMixin
_get_loop = _primitive._get_loop


def install(replacements: Replacements) -> None:
    """Teach the primitives; outside of a run nothing changes."""
    replacements.replace(_primitive, "_get_loop", get_loop)


def get_loop(primitive: Any) -> Any:
    """The loop that it is bound to."""
    bound, running = primitive._loop, events._get_running_loop()
    if isinstance(bound, VirtualLoop) and isinstance(running, VirtualLoop):
        one = bound.of_the_process and running.of_the_process
        primitive._loop = bound if bound.scheduler is running.scheduler and not one else running
    return _get_loop(primitive)

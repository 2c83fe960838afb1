"""Owns what `asyncio` itself answers inside a run: its loops, and the order of its sets.

A saga that calls `asyncio.run`, `asyncio.Runner`, `asyncio.new_event_loop` or, on the Pythons
that allow it, `asyncio.get_event_loop` outside of a loop gets a `VirtualLoop` on the active
scheduler. Event loop policies are left as they are: they are on their way out of Python, and
setting one is a warning.

`as_completed` and `all_tasks` walk sets of things that hash by address; inside a run they
walk in the order that was given, or of creation.
"""

# ruff: noqa: SLF001 - what asyncio does with sets is reached only through its own module names

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Iterable
from typing import Any

from harness.clock.active import current
from harness.clock.loop import VirtualLoop
from harness.clock.replacements import Replacements

_new_event_loop = asyncio.new_event_loop
_all_tasks = asyncio.all_tasks
_as_completed = asyncio.as_completed
# The newer name first: asking a newer Python for the older one may be a warning.
_policy_class: Any = getattr(events, "_BaseDefaultEventLoopPolicy", None) or getattr(
    events, "BaseDefaultEventLoopPolicy", None
)
_gathering_class: Any = asyncio.tasks._GatheringFuture  # type: ignore[attr-defined]


def install(replacements: Replacements) -> None:
    """Teach asyncio about runs; outside of one nothing changes."""
    for module in (asyncio, asyncio.events):
        replacements.replace(module, "new_event_loop", new_event_loop)
    for module in (asyncio, asyncio.tasks):
        replacements.replace(module, "all_tasks", all_tasks)
        replacements.replace(module, "as_completed", as_completed)
    _gathering_class.__hash__ = _gathering_hash
    if _policy_class is not None:
        replacements.replace(_policy_class, "new_event_loop", _policy_dispatch(_policy_class.new_event_loop))


def new_event_loop() -> asyncio.AbstractEventLoop:
    run = current()
    return _new_event_loop() if run is None else VirtualLoop(run.scheduler)


def all_tasks(loop: asyncio.AbstractEventLoop | None = None) -> set[asyncio.Task[Any]]:
    loop = asyncio.get_running_loop() if loop is None else loop
    return set(loop.unfinished()) if isinstance(loop, VirtualLoop) else _all_tasks(loop)


def as_completed(fs: Any, *, timeout: float | None = None) -> Any:
    if not isinstance(events._get_running_loop(), VirtualLoop):
        return _as_completed(fs, timeout=timeout)
    if isinstance(fs, Iterable) and not asyncio.isfuture(fs) and not asyncio.iscoroutine(fs):
        # Tasks hash by number, the coroutines they are made of by address.
        fs = [asyncio.ensure_future(each) for each in dict.fromkeys(fs)]
    return _as_completed(fs, timeout=timeout)


def remember_current_loop() -> tuple[Any, dict[str, Any]] | None:
    """What `asyncio.set_event_loop` was last told in this thread."""
    local = getattr(getattr(events, "_event_loop_policy", None), "_local", None)
    return None if local is None else (local, dict(vars(local)))


def restore_current_loop(remembered: tuple[Any, dict[str, Any]] | None) -> None:
    """Forget what a run told `asyncio.set_event_loop`."""
    local = getattr(getattr(events, "_event_loop_policy", None), "_local", None)
    if local is not None:
        vars(local).clear()
        vars(local).update(remembered[1] if remembered and remembered[0] is local else {})


def _policy_dispatch(original: Any) -> Any:
    def dispatch(policy: Any) -> asyncio.AbstractEventLoop:
        run = current()
        loop: asyncio.AbstractEventLoop = original(policy) if run is None else VirtualLoop(run.scheduler)
        return loop

    return dispatch


def _gathering_hash(future: Any) -> int:
    loop = future.get_loop()
    if not isinstance(loop, VirtualLoop):
        return object.__hash__(future)
    if not hasattr(future, "_sim_number"):
        future._sim_number = loop.next_number()
    return int(future._sim_number)

"""A saga that is a Python callable, `async def saga(ctx, input)` or the same without `async`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from harness.adapter.context import SagaContext
from harness.errors import ScenarioError, misplaced
from harness.process_faults import ProcessFault
from harness.saga import Json


@dataclass(frozen=True, slots=True)
class CallableSaga:
    """Runs in both worlds. `durable`: it can be called again with `ctx.resumed` after a crash."""

    function: Callable[[SagaContext, Json], object]
    name: str
    durable: bool = False

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ScenarioError(misplaced(self.name, self.function, "a function saga(ctx, input)"))
        _check_signature(self.function, self.name)

    @property
    def written(self) -> tuple[object, ...]:
        """What the user wrote of it: the function, or several."""
        return (self.function,)

    @property
    def worlds(self) -> tuple[str, ...]:
        """Both; sim unless asked otherwise."""
        return ("sim", "wire")

    @property
    def alone(self) -> str | None:
        """Runs side by side have nothing in common."""
        return None

    def unfit(self, process_fault: ProcessFault) -> str | None:
        """A plain function has no point at which it could be cancelled."""
        if process_fault is ProcessFault.CANCEL and not self.asynchronous:
            return "a plain function cannot be cancelled"
        return None

    @property
    def asynchronous(self) -> bool:
        """Whether calling it makes a coroutine."""
        call = getattr(self.function, "__call__", None)  # noqa: B004 - objects whose __call__ is async
        return inspect.iscoroutinefunction(self.function) or inspect.iscoroutinefunction(call)


def _check_signature(function: Callable[[SagaContext, Json], object], name: str) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # builtins without a signature: the call itself will tell
    try:
        signature.bind(None, None)
    except TypeError as error:
        raise ScenarioError(
            misplaced(name, str(signature), f"a function that takes (ctx, input): {error}")
        ) from None

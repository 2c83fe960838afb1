"""`@saga_test`: a campaign as a test."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.choices import ProxyKind, SearchKind, WorldName
from harness.pytest_plugin.options import SearchOptions

if TYPE_CHECKING:
    from harness.scenario import Scenario

REPORT = "report"
REQUEST = "request"


def saga_test(  # noqa: PLR0913 - the options of `saga-chaos run`, by name
    scenario: str | Scenario | Callable[[], Scenario],
    *,
    world: WorldName = "sim",
    search: SearchKind = "both",
    depth: int | None = None,
    examples: int | None = None,
    seed: int | None = None,
    seconds: float | None = None,
    proxy: ProxyKind = "auto",
    unclaimed: bool = False,
    stored: bool = True,
    allow_inconclusive: bool = False,
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Search a scenario, and fail the test with the smallest counterexample where one is found.

    scenario: a Scenario, a function that returns one, or a reference as `saga-chaos run` takes it;
    relative paths start at the test's folder. The decorated function may take `report`, the
    `ScenarioReport` of what was searched, for assertions of its own, and fixtures as every test
    does; it is called when nothing was violated. A search that saw too little fails the test, too,
    unless `allow_inconclusive`. unclaimed: send the faults of every guarantee, claimed or not.
    stored: try the counterexamples of earlier sessions first, and keep those of this one.
    """
    asked = SearchOptions(
        world=world,
        search=search,
        depth=depth,
        examples=examples,
        seed=seed,
        seconds=seconds,
        proxy=proxy,
        unclaimed=unclaimed,
        stored=stored,
    )

    def decorate(function: Callable[..., object]) -> Callable[..., object]:
        parameters = _parameters(function)

        @functools.wraps(function)
        def test(*positional: Any, **named: Any) -> object:
            from harness.pytest_plugin.search import passing_report  # noqa: PLC0415 - the engine, late

            request = named[REQUEST] if REQUEST in parameters else named.pop(REQUEST)
            report = passing_report(scenario, asked, function, request, allow_inconclusive=allow_inconclusive)
            if REPORT in parameters:
                named[REPORT] = report
            return function(*positional, **named)

        test.__signature__ = _signature(parameters)  # type: ignore[attr-defined]  # read by pytest
        return test

    return decorate


def _parameters(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    if inspect.iscoroutinefunction(function) or not inspect.isroutine(function):
        raise TypeError(f"@saga_test: found {function!r}, expected a plain test function, without async")
    return dict(inspect.signature(function).parameters)


def _signature(parameters: dict[str, inspect.Parameter]) -> inspect.Signature:
    """What pytest has to bring: all but the report, and the request in any case."""
    asked = [one for name, one in parameters.items() if name != REPORT]
    if REQUEST not in parameters:
        asked.append(inspect.Parameter(REQUEST, inspect.Parameter.KEYWORD_ONLY))
    return inspect.Signature(asked)

"""Which operation a request asks for, by its method and path.

Refuses two operations of records at one route. Moves of one resource may share theirs; which of them is meant
its kind says (`Kind.chosen`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from harness.errors import ScenarioError, misplaced
from harness.participant.resource import Matched, Operation, ResourceSpec, Route, Verb


class Router:
    """Finds the operation of a method and path."""

    def __init__(self, participant: str, resources: Iterable[ResourceSpec]) -> None:
        self.operations: dict[str, Operation] = {}
        self._static: dict[tuple[str, str], Matched] = {}
        self._rivals: dict[tuple[str, str], list[Operation]] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Operation]] = []
        for resource in resources:
            for operation, routes in _operations(participant, resource):
                self.operations[operation.name] = operation
                for route in routes:
                    rivals = self._rivals.setdefault((route.method, route.path.rstrip("/")), [])
                    if not rivals or resource.kind is None:
                        self._add(route, operation)
                    rivals.append(operation)

    def match(self, method: str, path: str) -> Matched | None:
        """None where nothing serves the request."""
        found = self._static.get((method, path.rstrip("/")))
        if found is not None:
            return found
        for wanted, pattern, operation in self._patterns:
            hit = pattern.match(path) if wanted == method else None
            if hit is not None:
                return Matched(operation, hit.groupdict().get("id"))
        return None

    def rivals(self, operation: Operation) -> Sequence[Operation]:
        """All that share the route under which an operation was found, itself first."""
        return next(found for found in self._rivals.values() if found[0] is operation)

    def _add(self, route: Route, operation: Operation) -> None:
        if "{" in route.path:
            self._patterns.append((route.method, route.pattern(), operation))
            return
        place = route.method, route.path.rstrip("/")
        taken = self._static.get(place)
        if taken is not None:
            where = f"route {route.method} {route.path}"
            raise ScenarioError(
                misplaced(where, operation.name, f"one operation, and it is {taken.operation.name}")
            )
        self._static[place] = Matched(operation, None)


def _operations(participant: str, resource: ResourceSpec) -> Iterator[tuple[Operation, tuple[Route, ...]]]:
    kind = resource.kind
    for verb, routes in resource.routes.items():
        if kind is None or verb.queries:
            yield Operation(participant=participant, resource=resource, verb=verb), routes
    for move in () if kind is None else kind.moves:
        operation = Operation(
            participant=participant,
            resource=resource,
            verb=Verb.DELETE if move.undoes else Verb.CREATE,
            label=move.name,
            undoes=tuple(f"{participant}.{resource.name}.{name}" for name in move.undoes),
        )
        yield operation, move.routes

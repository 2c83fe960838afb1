"""Reads the routes of a resource from the way that people write them."""

from __future__ import annotations

from collections.abc import Mapping

from harness.participant import Route, Verb


def routes(resource: str, **by_verb: str) -> Mapping[Verb, tuple[Route, ...]]:
    """From `create="POST /charges", …`. Raises ScenarioError where one is not a method and a path."""
    return {
        Verb(name): (Route.parse(text, f"resource {resource!r}, {name}"),) for name, text in by_verb.items()
    }

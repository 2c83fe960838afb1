"""What a test asks of its campaign."""

from __future__ import annotations

from dataclasses import dataclass

from harness.choices import ProxyKind, SearchKind, WorldName


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """The options of `saga-chaos run`; None: the world's default.

    stored: whether counterexamples of earlier sessions are tried first, and those of this one are kept.
    """

    world: WorldName
    search: SearchKind
    depth: int | None
    examples: int | None
    seed: int | None
    seconds: float | None
    proxy: ProxyKind
    unclaimed: bool
    stored: bool

"""What a test asks of its campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of `saga-chaos run`; None: the world's default."""

    world: Literal["sim", "wire"]
    search: Literal["guided", "hypothesis", "both"]
    depth: int | None
    examples: int | None
    seed: int | None
    seconds: float | None
    proxy: Literal["auto", "toxiproxy", "embedded"]
    unclaimed: bool

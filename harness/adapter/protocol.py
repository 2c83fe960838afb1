"""The seam: what every adapter tells about itself."""

from __future__ import annotations

from typing import Protocol

from harness.blows import Blow


class SagaAdapter(Protocol):
    """A saga under test. `worlds` are those it can run in, the default one first."""

    @property
    def name(self) -> str:
        """Where the saga comes from, for people: `sagas.py:order`."""

    @property
    def worlds(self) -> tuple[str, ...]:
        """`sim` and `wire`, or `wire` alone."""

    @property
    def alone(self) -> str | None:
        """Why its runs cannot go side by side, or None where they can."""

    def unfit(self, blow: Blow) -> str | None:
        """Why a blow cannot befall a saga of this kind, or None where it can."""

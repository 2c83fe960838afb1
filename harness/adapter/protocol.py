"""The seam: what every adapter tells about itself."""

from __future__ import annotations

from typing import Protocol


class SagaAdapter(Protocol):
    """A saga under test. `worlds` are those it can run in, the default one first."""

    @property
    def name(self) -> str:
        """Where the saga comes from, for people: `sagas.py:order`."""

    @property
    def worlds(self) -> tuple[str, ...]:
        """`sim` and `wire`, or `wire` alone."""

"""The seam: what every adapter tells about itself."""

from __future__ import annotations

from typing import Protocol

from harness.process_faults import ProcessFault


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

    def unfit(self, process_fault: ProcessFault) -> str | None:
        """Why a process fault cannot strike a saga of this kind, or None where it can."""

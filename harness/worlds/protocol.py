"""The seam between the runner and a world."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from harness.history import History
from harness.plan import FaultPlan
from harness.report_model import Proxy
from harness.saga import SagaStart
from harness.scenario import Scenario


class World(Protocol):
    """Entered once for many runs, so that servers, proxies and patches are set up once.

    A run never raises for what a saga did: that is in the history. It raises UsageError where the
    saga cannot run in this world, and EnvironmentFault where the machine failed.
    """

    @property
    def name(self) -> str:
        """`sim` or `wire`."""

    @property
    def own_hosts(self) -> bool:
        """Whether an executor on another node has a host name of its own there."""

    @property
    def proxy(self) -> Proxy:
        """What stands between saga and participants, once the world is entered."""

    def run(self, scenario: Scenario, sagas: Sequence[SagaStart], plan: FaultPlan) -> History:
        """Faults, settling; the history is whole when this returns.

        sagas: those that the run starts, all of the scenario's kind, each with an id of its own.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

"""A run as invariants and situations see it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from harness.history import ExecutorBegan, ExecutorEnded, History
from harness.participant import ResourceSpec
from harness.saga import SagaSpec
from harness.views.ledger import LedgerView
from harness.views.saga import SagaView


class View:
    """One history, seen through the ledger and through each of its sagas."""

    def __init__(self, history: History, spec: SagaSpec, resources: Mapping[str, ResourceSpec]) -> None:
        self.history = history
        self.spec = spec
        self.resources = resources

    def evidence(self, event: ExecutorEnded | None) -> tuple[int, ...]:
        """Where an end stands in the history; nothing for none."""
        index = self._places.get(id(event))
        return () if index is None else (index,)

    @cached_property
    def _places(self) -> dict[int, int]:
        """Of every event; a saga that runs for ever ends thousands of times."""
        return {id(one): index for index, one in enumerate(self.history.events)}

    @cached_property
    def ledger(self) -> LedgerView:
        """What was really applied."""
        return LedgerView(self.history)

    @cached_property
    def sagas(self) -> tuple[SagaView, ...]:
        """Each saga of the run, less those whose time to begin had not come when the run was over."""
        ids = self.history.began.saga_ids
        if self.history.began.sagas:  # unset where the only one began with the run
            began = {one.saga_id for _, one in self.history.of(ExecutorBegan)}
            ids = tuple(one for one in ids if one in began)
        return tuple(SagaView(one, self.history, self.spec, self.resources) for one in ids)

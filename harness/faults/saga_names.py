"""The names by which the sagas of a run go: the ids that they were given, and those that a service makes.

Owns what a name stands for: a saga of the run, one that was judged already, or nobody. A service that makes
its ids works for the saga before it has told the id, so until then a name that nobody had is taken for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable


class SagaNames:
    """Of one run. saga_ids: those that the sagas were given. earlier: of sagas whose runs are over."""

    def __init__(self, saga_ids: tuple[str, ...], earlier: Collection[str] = frozenset()) -> None:
        self._saga_ids = saga_ids
        self._earlier = earlier
        self._earlier_made: frozenset[str] = frozenset()
        self._made: dict[str, str] = {}  # an id that a service made, to the saga's own
        self._expected: list[str] = []
        self._taken: set[str] = set()

    @property
    def made(self) -> tuple[str, ...]:
        """The ids that a service made in this run."""
        return tuple(self._made)

    @property
    def only(self) -> str:
        """The saga, where the run has a single one; else empty."""
        return self._saga_ids[0] if len(self._saga_ids) == 1 else ""

    def known(self, name: str) -> bool:
        """Whether it stands for a saga, of this run or of an earlier one."""
        return name in self._saga_ids or name in self._made or self.of_an_earlier_run(name)

    def of_an_earlier_run(self, name: str) -> bool:
        """Whether the saga was judged already."""
        return name not in self._made and (name in self._earlier or name in self._earlier_made)

    def stands_for(self, name: str) -> str:
        """The id of the saga that goes by a name; the name itself where that is nobody of this run."""
        if self._expected and not self.known(name):
            self._made[name] = self._expected[0]
            self._taken.add(name)
        return self._made.get(name, name)

    # What whoever starts a saga tells -----------------------------------------------------------

    def made_earlier(self, ids: Iterable[str]) -> None:
        """Ids that the same service made in runs that are over."""
        self._earlier_made = self._earlier_made.union(ids)

    def expect(self, saga_id: str) -> None:
        """A service is asked to start a saga, and has not told its id for it."""
        self._expected.append(saga_id)

    def told(self, saga_id: str, made: str | None) -> list[str]:
        """The service has told the id that it made; None: it failed to.

        Returns the names that were taken for it and are not, once nothing more is expected.
        """
        self._expected.remove(saga_id)
        if made is not None:
            self._made[made] = saga_id
            self._taken.discard(made)
        if self._expected:
            return []
        wrong, self._taken = sorted(self._taken), set()
        return wrong if made is not None else []

    def unanswered(self, saga_id: str) -> None:
        """Whoever was asked is gone: what was taken for the id may have been it."""
        self._expected.remove(saga_id)
        self._taken.clear()

"""What an HTTP service calls the saga of a run: the id that it was given, or one that the service makes.

Owns reading that id from the answer to the POST, for those who attribute calls. Refuses to ask.
"""

from __future__ import annotations

import msgspec

from harness.adapter.http import HttpSaga, found_at
from harness.adapter.subprocess import cut
from harness.errors import misplaced
from harness.saga import Json
from harness.worlds.wire.traffic import Traffic


class MadeIds:
    """Of one run. latest: what the service told last; the saga's own id where it makes none."""

    def __init__(self, saga: HttpSaga, saga_id: str, traffic: Traffic) -> None:
        self._field = saga.fields.made_id
        self._post = f"POST {saga.paths.start}"
        self._saga_id = saga_id
        self._lock = traffic.lock
        self._names = traffic.injector.names
        self.latest: str | None = saga_id if self._field is None else None

    def expect(self) -> None:
        """The saga is about to be started: until the service tells, an id that nobody had is its own."""
        if self._field is not None:
            with self._lock:
                self._names.expect(self._saga_id)

    def lost(self) -> None:
        """Whoever was asked to start it did not answer."""
        if self._field is not None:
            with self._lock:
                self._names.unanswered(self._saga_id)

    def read(self, answer: bytes) -> str | None:
        """Take the id from the answer to the POST; what is wrong with it."""
        if self._field is None:
            return None
        made = _id(answer, self._field)
        with self._lock:
            wrong = self._names.told(self._saga_id, made)
        if made is None:
            expected = f"{self._field!r} in its JSON, the id that the service makes"
            return misplaced(f"{self._post}: the answer", cut(answer.decode(errors="replace")), expected)
        self.latest = made
        if wrong:
            where = f"{self._post} was answered with the id {made!r}; the id in calls before that"
            return misplaced(where, ", ".join(wrong), f"{made!r}, where [saga.correlation] says")
        return None


def _id(answer: bytes, path: str) -> str | None:
    """A text, or a number as one."""
    try:
        made: Json = found_at(msgspec.json.decode(answer), path)
    except msgspec.DecodeError:
        return None
    if isinstance(made, int) and not isinstance(made, bool):
        return str(made)
    return made if isinstance(made, str) and made else None

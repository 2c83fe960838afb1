"""What goes wrong on the servers' loop ends the run, and nobody waits for it in vain."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import SagaChaosError
from harness.worlds.wire.run_signals import RunSignals


class FailingLoudly:
    """Around the work of one participant. give_up: ends what waits for that work."""

    def __init__(self, participant: str, signals: RunSignals, give_up: Callable[[], object]) -> None:
        self._participant = participant
        self._signals = signals
        self._give_up = give_up

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        if isinstance(error, SagaChaosError):
            self._signals.abort(error)
        else:
            name = type(error).__name__
            self._signals.abort(SagaChaosError(f"participant {self._participant!r}: {name}: {error}"))
        self._give_up()
        return True

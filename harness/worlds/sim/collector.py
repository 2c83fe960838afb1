"""Garbage is collected between runs, never within one, and not after every one.

When a lost object is finalised must not depend on what happened to be allocated before: that
would be a clock of its own. And left to itself, Python's collector would look at everything that
a run has left behind as soon as the next object is made: a tenth of a run's time.
"""

from __future__ import annotations

import gc

EVERY_RUNS = 64
"""What these many runs left behind is collected at once."""

ALL_EVERY_RUNS = 1024
"""So often also what survived a collection: it is kept by somebody, and grows with a search."""

_YOUNG = 1


class Collector:
    """Takes over Python's collector while a sim world is open."""

    def __init__(self) -> None:
        self._runs = 0
        self._enabled = False

    def open(self) -> None:
        """What lives now lives on: leave it out of every later collection.

        Old garbage may be left out with it. To look for that costs a tenth of a second in a process with
        many modules, and in a test suite more: it is collected once the world is closed, when Python likes.
        """
        self._enabled = gc.isenabled()
        gc.disable()
        gc.collect(_YOUNG)
        gc.freeze()

    def close(self) -> None:
        """Give everything back."""
        gc.unfreeze()
        if self._enabled:
            gc.enable()

    def after_a_run(self) -> None:
        """Collect, if it is time."""
        self._runs += 1
        if self._runs % ALL_EVERY_RUNS == 0:
            gc.collect()
        elif self._runs % EVERY_RUNS == 0:
            gc.collect(_YOUNG)

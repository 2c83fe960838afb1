"""Owns randomness inside a run: every source is a function of the run's seed.

The module `random` is seeded when a run begins and gets its state back when it ends. What
would ask the operating system (`os.urandom`, and so `uuid4`, `secrets`, `SystemRandom`, and
generators that are made or seeded without a seed) is answered from the seed; `uuid1` gets a
node from it instead of the machine's address.
"""

from __future__ import annotations

import os
import random
import uuid
from typing import Any

from harness.clock.active import current
from harness.clock.replacements import Replacements

_urandom = os.urandom
_getrandom = getattr(os, "getrandom", None)
_getnode = uuid.getnode
_seed = random.Random.seed
_MULTICAST = 1 << 40


class Sources:
    """The replacements; bound methods, for the reason that `clocks` gives."""

    def urandom(self, size: int, /) -> bytes:
        run = current()
        return _urandom(size) if run is None else run.entropy.take(size)

    def getrandom(self, size: int, flags: int = 0) -> bytes:
        run = current()
        if run is None and _getrandom is not None:
            return bytes(_getrandom(size, flags))
        return self.urandom(size)

    def getnode(self) -> int:
        run = current()
        if run is None:
            return _getnode()
        if run.node is None:
            # RFC 9562: a node that is no hardware address has the multicast bit.
            run.node = int.from_bytes(run.entropy.take(6), "big") | _MULTICAST
        return run.node


def install(replacements: Replacements) -> None:
    """Replace the sources; outside of a run they answer as ever."""
    sources = Sources()
    replacements.replace(os, "urandom", sources.urandom)
    replacements.replace(random, "_urandom", sources.urandom)
    if _getrandom is not None:
        replacements.replace(os, "getrandom", sources.getrandom)
    replacements.replace(uuid, "getnode", sources.getnode)
    replacements.replace(random.Random, "seed", _seed_deterministically)
    shared: random.Random = random.seed.__self__  # type: ignore[attr-defined]
    replacements.replace(random, "seed", shared.seed)


def _seed_deterministically(generator: random.Random, a: Any = None, version: int = 2) -> None:
    run = current()
    if a is None and run is not None:
        a = int.from_bytes(run.entropy.take(16), "big")
    _seed(generator, a, version)

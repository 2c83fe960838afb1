"""The worlds of one pytest process: made when first used, kept for the session.

A simulated world is entered for each run alone, because while it is in force every `httpx` client of
the process belongs to it. A wire world stays open, since its servers take a tenth of a second to
start; it is closed before any other world opens, for a process holds one at a time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn
from unittest import mock

import pytest

from harness.choices import ProxyKind, WorldName
from harness.clock import real

if TYPE_CHECKING:
    from harness.worlds import World


class Worlds:
    """Those of one session. `proxy` is what the wire uses."""

    def __init__(self, proxy: ProxyKind) -> None:
        self.proxy = proxy
        self._sim: World | None = None
        self._wire: World | None = None

    @contextmanager
    def entered(self, name: str) -> Iterator[World]:
        """A world, ready for a run."""
        with exits_refused():
            if name == "wire":
                yield self._open_wire()
                return
            self.close()
            with self._closed_sim() as sim:
                yield sim

    def close(self) -> None:
        """End the servers of the wire; the next run starts them again."""
        if self._wire is not None:
            self._wire.__exit__(None, None, None)
            self._wire = None

    def _made(self, name: WorldName) -> World:
        from harness.campaign.open_world import make_world  # noqa: PLC0415 - not every session runs a saga

        return make_world(name, self.proxy, lambda line: print(line, file=sys.stderr))  # noqa: T201

    def _closed_sim(self) -> World:
        if self._sim is None:
            self._sim = self._made("sim")
        return self._sim

    def _open_wire(self) -> World:
        if self._wire is None:
            self._wire = self._made("wire")
            self._wire.__enter__()
        return self._wire


_WORLDS = pytest.StashKey[Worlds]()


def worlds_of(config: pytest.Config) -> Worlds:
    """Of the session that `config` belongs to."""
    return config.stash.setdefault(_WORLDS, Worlds(config.getoption("--saga-proxy")))


def close_worlds(config: pytest.Config) -> None:
    """Whatever was opened."""
    if _WORLDS in config.stash:
        config.stash[_WORLDS].close()


@contextmanager
def exits_refused() -> Iterator[None]:
    """A saga that calls `os._exit(0)` must not end pytest, and with success at that."""
    with mock.patch("os._exit", _refusing(real.process_id(), os._exit)):
        yield


def _refusing(ours: int, end: Callable[[int], NoReturn]) -> Callable[[int], NoReturn]:
    def refuse(status: int) -> NoReturn:
        if real.process_id() != ours:
            end(status)  # a forked child may
        raise SystemExit(f"os._exit({status})")

    return refuse

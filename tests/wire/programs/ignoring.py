"""A Toxiproxy server that takes every order and does not carry out all of them.

    python ignoring.py [TOXIC …]     # these types of toxic pass everything on; `enabled`: nothing is disabled

With all of them ignored it is a plain forwarder that speaks the API. Its address is its first line; it
ends with its standard input.
"""

from __future__ import annotations

import sys
from typing import Any

from harness.toxiproxy.embedded.proxy import Proxy
from harness.toxiproxy.embedded.standalone import run_child
from harness.toxiproxy.embedded.toxics import REGISTRY
from harness.toxiproxy.embedded.toxics.base import Behaviour

EVERYTHING = (*(name for name in REGISTRY if name != "noop"), "enabled")


def ignore(name: str) -> None:
    if name == "enabled":
        _never_disable()
        return
    passes_on = {"__slots__": (), "pipe": Behaviour.pipe, "resets": False, "closes_when_removed": False}
    REGISTRY[name] = type(f"Ignored_{name}", (REGISTRY[name],), passes_on)


def _never_disable() -> None:
    update = Proxy.update

    async def ignoring(self: Proxy, **asked: Any) -> None:
        await update(self, **{**asked, "enabled": True})

    Proxy.update = ignoring  # type: ignore[method-assign]


if __name__ == "__main__":
    for one in sys.argv[1:] or EVERYTHING:
        ignore(one)
    sys.exit(run_child("127.0.0.1", 0))

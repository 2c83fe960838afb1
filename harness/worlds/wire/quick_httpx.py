"""What httpx does anew for every client or call although the answer never changes.

Owns three settings of the process that hold while a wire world is entered. None of them changes what
a saga sees, save that its loopback calls do not go through an HTTP proxy.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from unittest import mock

import httpx


@contextmanager
def quick_httpx() -> Iterator[None]:
    """All three."""
    with ExitStack() as stack:
        # A TLS context costs 16 ms, and nothing here speaks TLS.
        cached = functools.lru_cache(maxsize=8)(httpx.create_ssl_context)
        stack.enter_context(mock.patch("httpx._transports.default.create_ssl_context", cached))
        stack.enter_context(_missing_for_good("sniffio"))
        stack.enter_context(_without_http_proxy())
        yield


@contextmanager
def _missing_for_good(module: str) -> Iterator[None]:
    """The module for which httpcore looks seven times a call: a fifth of a run where it is missing."""
    if module in sys.modules or find_spec(module) is not None:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # the documented way to say that there is none
    try:
        yield
    finally:
        sys.modules.pop(module, None)


@contextmanager
def _without_http_proxy() -> Iterator[None]:
    """A saga's own clients must not send loopback through what HTTP_PROXY names."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    for name, value in before.items():
        os.environ[name] = ",".join([*filter(None, [value]), "127.0.0.1", "localhost"])
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

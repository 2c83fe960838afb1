"""Modules that a library imports only where they are there, and that nobody here uses.

Owns how such a module is hidden from the library while it is imported: every process of saga-chaos, each
worker among them, starts a quarter faster without httpx's command line and time-machine's pytest fixture.
Refuses to hide what is loaded already; afterwards whoever asks for the module gets it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(module: str) -> Iterator[None]:
    """Within, importing `module` raises ModuleNotFoundError, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # the documented way to say that there is none
    try:
        yield
    finally:
        del sys.modules[module]

"""Commands that run a module of ours in a process of its own."""

from __future__ import annotations

import sys

from harness.packages.finder import ROOT

_START = (
    "import runpy, sys; sys.path.insert(0, {root!r}); import harness; sys.path.remove({root!r}); "
    "runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
)


def python_m(module: str) -> tuple[str, ...]:
    """`python -m module`, which finds ours though the folder it is called in has a `harness` of its own."""
    return (sys.executable, "-c", _START.format(root=str(ROOT), module=module))

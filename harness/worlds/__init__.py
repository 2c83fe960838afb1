"""Worlds: where a scenario runs. `sim` is virtual time in one process, `wire` real sockets.

Owns the `World` seam. Each world moves messages between a saga and the participants' fault injector and
shows the fault injector's symptoms to the saga; neither decides what a fault means or judges a run.
"""

from harness.worlds.protocol import World

__all__ = ["World"]

"""The sim world: virtual time, one process, one thread, thousands of runs a minute.

Owns the run loop over `harness.clock`, the httpx transports that carry calls to the fault injector, and the
respx router that catches the clients a saga builds for itself. Refuses real sockets, threads and
processes, loudly: a saga that needs them belongs on the wire.
"""

from harness.worlds.sim.world import SimWorld

__all__ = ["SimWorld"]

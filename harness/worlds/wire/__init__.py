"""The wire world: real sockets on loopback, each participant behind a proxy of its own.

Owns the participants' HTTP servers, the toxics that show a fault's symptom, the wrapper that sees
what httpx sends before it is sent, and the phases of a run in real time. Refuses to decide what a
fault means (`harness.faults`), to speak to a proxy server (`harness.toxiproxy`) and to judge.
"""

from harness.worlds.wire.world import WireWorld

__all__ = ["WireWorld"]

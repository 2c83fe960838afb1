"""One call on the wire: what strikes it, who saw it, and what of that was confirmed."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

from harness.faults.in_flight import InFlightCall
from harness.plan.decision import Symptom
from harness.toxiproxy.client import Toxic


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """The toxic that was armed for a call when its reply, of `size` bytes, was written."""

    proxy: str
    toxic: Toxic
    size: int
    written_s: float


@dataclass(slots=True, kw_only=True, eq=False)
class WireCall:
    """One call.

    tagged: seen by the httpx wrapper, which then says how it ended; else the fault injector finds out.
    symptom: what the caller is to see.
    hangs: its sender is struck at this call, which gets no answer: that needs no toxic.
    endless, read_timeout_s: what is known of how long its caller waits.
    left: set on the servers' loop once the caller waits no more.
    late: its caller, whom nobody sees, had left when its request was read.
    held: it waited at the door for its saga's turn.
    kept_s: for how long its request was kept waiting at the fault injector.
    """

    in_flight: InFlightCall
    participant_server: str
    tagged: bool
    symptom: Symptom
    endless: bool = False
    read_timeout_s: float | None = None
    hangs: bool = False
    armed: Armed | None = None
    left: asyncio.Event | None = None
    kept_s: float = 0.0
    arrived: bool = False
    late: bool = False
    held: bool = False

    def watch(self, lock: threading.RLock) -> None:
        """From now on `left` tells; on the servers' loop. lock: of the traffic."""
        self.left = asyncio.Event()
        with lock:
            if self.in_flight.progress.over:
                self.left.set()

    @property
    def bystander(self) -> bool:
        """Under way, and to be answered like any other."""
        return self.symptom is Symptom.NONE and not self.in_flight.progress.over

"""What a caller must have seen of a reply that was written while a toxic was armed.

Owns comparing what was seen with what the toxic does, and the words for what does not fit. Pure; who
saw it, the caller itself or a canary, does not matter here. Refuses to choose toxics (`toxics`).
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.plan.decision import Symptom
from harness.toxiproxy.client import Toxic

EARLY = 0.9
"""A reply that came so much sooner than the toxic holds it up was not held up by it."""

HELD_S = 0.01
"""A reply that was held up for so long until everything healed was slow; a prompt one takes 1 ms or 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Of one reply. Times in seconds since it was written.

    received: bytes of it. whole_s: when its last byte came; None where some did not. closed_s: when the
    connection was over; None where it is still open. reset: whether that was a reset.
    """

    received: int = 0
    whole_s: float | None = None
    closed_s: float | None = None
    reset: bool = False

    def __str__(self) -> str:
        if self.whole_s is not None:
            return f"the whole reply after {_ms(self.whole_s)}"
        bytes_ = f"{self.received} bytes of the reply" if self.received else "nothing"
        if self.closed_s is None:
            return f"{bytes_}, on an open connection"
        end = "reset" if self.reset else "closed"
        return f"{bytes_}, and the connection {end} after {_ms(self.closed_s)}"


def contradiction(toxic: Toxic, size: int, seen: Seen, lifted_s: float | None = None) -> str | None:
    """Why a reply of `size` bytes was not struck by the toxic, or None where it was.

    lifted_s: when the toxic was removed, where it had to last until then.
    """
    expected = _broken(toxic, size, seen, lifted_s)
    return None if expected is None else f"found {seen}, expected {expected}"


def least_s(toxic: Toxic, size: int) -> float:
    """How long the toxic holds up a whole reply, or its end, at least."""
    attributes = toxic.attributes
    if toxic.type == "bandwidth":
        return size / attributes["rate"] / 1000
    if toxic.type == "slicer":
        return (_slices(size, attributes["average_size"]) - 1) * attributes["delay"] / 1_000_000
    held_ms = attributes["delay"] if toxic.type == "slow_close" else attributes.get("latency", 0)
    return held_ms / 1000


def _broken(toxic: Toxic, size: int, seen: Seen, lifted_s: float | None) -> str | None:
    """What should have been seen, where it was not."""
    if toxic.type == "timeout":
        silent = seen.received == 0 and seen.closed_s is not None and seen.closed_s >= (lifted_s or 0.0)
        return None if silent else "silence for as long as the toxic was armed"
    if toxic.type == "reset_peer":
        return None if seen.reset and seen.whole_s is None else "a connection reset"
    if toxic.type == "limit_data":
        limit = toxic.attributes["bytes"]
        cut = seen.closed_s is not None and (seen.received == limit or (seen.reset and seen.received < limit))
        return None if cut else f"{limit} bytes of {size}, and then the end"
    held_s = least_s(toxic, size)
    whole_s = seen.closed_s if toxic.type == "slow_close" and seen.whole_s is not None else seen.whole_s
    late = whole_s is not None and whole_s >= EARLY * held_s
    return None if late else f"the whole reply, not before {_ms(held_s)}"


def _slices(size: int, average: int) -> int:
    """Of a chunk that is halved until the pieces are small enough, without variation."""
    if size <= average:
        return 1
    return _slices(size // 2, average) + _slices(size - size // 2, average)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


SHOWN = {
    Symptom.SILENCE: "silence",
    Symptom.RESET: "a connection reset",
    Symptom.CUT: "a reply cut short",
    Symptom.REFUSED: "no connection",
}
"""What a caller in our process must have seen, in words."""

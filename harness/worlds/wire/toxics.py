"""Which toxic shows which symptom.

All of them strike the reply's stream, after the participant has parsed the request: so the fault injector
knows what was applied, and the caller's connection behaves as it would in the wild.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from harness.latency_profile import Link
from harness.plan.decision import Delay, Symptom
from harness.toxiproxy.client import Toxic

DISABLED = "disabled"
"""What is recorded in place of a toxic where the proxy itself was away."""

SLOW_S = 0.05
"""Unless the plan says how slow."""

SLICES = 10

LINGER = Toxic(type="reset_peer", stream="downstream", attributes={"timeout": 0}, name="linger", hits=False)
"""Never hits, but makes the server close every connection opened since with a reset: a `reset_peer`
that comes later only closes it."""


_STANDING = ("profile_upstream", "profile_downstream")


def standing_toxics(link: Link) -> tuple[Toxic, Toxic]:
    """Those that delay every message of every run: a latency profile is no fault."""
    attributes = {"latency": link.one_way_ms, "jitter": link.jitter_ms}
    up, down = _STANDING
    return (
        Toxic(type="latency", stream="upstream", attributes=attributes, name=up),
        Toxic(type="latency", stream="downstream", attributes=attributes, name=down),
    )


def of_a_run(names: Iterable[str]) -> tuple[str, ...]:
    """Less those that stay from run to run."""
    return tuple(name for name in names if name not in _STANDING)


def slow_s(delay: Delay, read_timeout_s: float | None) -> float:
    """How late a reply is to be. Where the caller's time-out is not known, 50 % of it counts as `SLOW_S`."""
    if delay.seconds is None and (delay.share is None or read_timeout_s is None):
        return delay.of_s(2 * SLOW_S)
    return delay.of_s(read_timeout_s or 0.0)


def shown(variant: str, status: int, *, ends: bool = True) -> str:
    """The variant that a reply can show: where there is never a body, nobody waits for the end of it.

    ends: an answer may end with the connection; the confirm of a broker does not.
    """
    endless = status == HTTPStatus.NO_CONTENT or not ends
    return "latency" if variant == "slow_close" and endless else variant


def toxic_for(symptom: Symptom, variant: str, payload: bytes, late_s: float = SLOW_S) -> Toxic:
    """The toxic that must be armed before `payload` is written. `late_s`: of a reply that is to be late."""
    if symptom is Symptom.SILENCE:
        return _downstream("timeout", timeout=0)
    if symptom is Symptom.CUT:
        return _downstream("limit_data", bytes=_half_way(payload))
    if symptom is Symptom.DELAYED:
        return _slow(variant, len(payload), max(1, round(late_s * 1000)))
    # Refused, too: a caller whose requests are seen only here has connected already.
    return _downstream("reset_peer", timeout=0)


def _slow(variant: str, size: int, late_ms: int) -> Toxic:
    if variant == "bandwidth":
        return _downstream("bandwidth", rate=max(1, size // late_ms))
    if variant == "slicer":
        delay_us = late_ms * 1000 // SLICES
        return _downstream("slicer", average_size=max(1, size // SLICES), size_variation=0, delay=delay_us)
    if variant == "slow_close":
        return _downstream("slow_close", delay=late_ms)
    return _downstream("latency", latency=late_ms, jitter=0)


def _half_way(payload: bytes) -> int:
    """Half of the body, or of the head where there is no body to cut."""
    head, _, body = payload.partition(b"\r\n\r\n")
    return len(head) + 4 + len(body) // 2 if len(body) > 1 else len(head) // 2


def _downstream(type_: str, **attributes: int) -> Toxic:
    return Toxic(type=type_, stream="downstream", attributes=attributes, name=type_)

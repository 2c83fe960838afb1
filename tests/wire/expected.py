"""What each fault kind comes to on the wire, and the check of it.

Run through a proxy the check must pass; through a plain forwarder it must not.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.history import CallFailed, History
from harness.plan.decision import Symptom
from harness.saga import SagaStart
from harness.worlds.wire import WireWorld
from tests.wire.orders import effects_of, plan, probe, probed, receipts, scenario


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Of the first call, which the fault strikes; the second one must go through."""

    came: object
    toxic: str | None
    effect: bool
    symptom: Symptom | None = None
    at_least_s: float = 0.0


SHOWN_BY_THE_PROXY = {
    ("refuse", ""): Expected(came="ConnectError", toxic="disabled", effect=False, symptom=Symptom.REFUSED),
    ("lose_request", ""): Expected(
        came="ReadTimeout", toxic="timeout", effect=False, symptom=Symptom.SILENCE
    ),
    ("reset_before", ""): Expected(came="ReadError", toxic="reset_peer", effect=False, symptom=Symptom.RESET),
    ("reset_after", ""): Expected(came="ReadError", toxic="reset_peer", effect=True, symptom=Symptom.RESET),
    ("lose_reply", ""): Expected(came="ReadTimeout", toxic="timeout", effect=True, symptom=Symptom.SILENCE),
    ("cut_reply", ""): Expected(
        came="RemoteProtocolError", toxic="limit_data", effect=True, symptom=Symptom.CUT
    ),
    ("slow", "latency"): Expected(came=201, toxic="latency", effect=True, at_least_s=0.045),
    ("slow", "bandwidth"): Expected(came=201, toxic="bandwidth", effect=True, at_least_s=0.03),
    ("slow", "slicer"): Expected(came=201, toxic="slicer", effect=True, at_least_s=0.03),
    ("slow", "slow_close"): Expected(came=201, toxic="slow_close", effect=True, at_least_s=0.045),
}
SHOWN_BY_THE_INJECTOR = {
    ("error_before", ""): Expected(came=500, toxic=None, effect=False),
    ("error_after", ""): Expected(came=500, toxic=None, effect=True),
    ("partial", ""): Expected(came=500, toxic=None, effect=True),
    ("reject", ""): Expected(came=409, toxic=None, effect=False),
    ("throttle", "429"): Expected(came=429, toxic=None, effect=False),
    ("throttle", "503"): Expected(came=503, toxic=None, effect=False),
    ("garbage", ""): Expected(came=201, toxic=None, effect=True),
}
ALL = {**SHOWN_BY_THE_PROXY, **SHOWN_BY_THE_INJECTOR}


def check(world: WireWorld, kind: str, variant: str, expected: Expected) -> None:
    history = world.run(scenario(probe), [SagaStart(id="saga-1", input={})], plan(kind, variant=variant))
    first, second = probed(history)
    assert first.came == expected.came
    assert first.took_s >= expected.at_least_s
    assert second.came == 201
    [receipt] = receipts(history)
    assert (receipt.call, receipt.fault, receipt.kind, receipt.toxic) == (1, 0, kind, expected.toxic)
    assert bool(effects_of(history, 1)) == expected.effect
    assert [one.symptom for one in _failures(history)] == ([expected.symptom] if expected.symptom else [])


def _failures(history: History) -> list[CallFailed]:
    return [event for event in history.events if isinstance(event, CallFailed)]

"""Scenarios by name, so that another process can load them: `tests/planted/messages/scenario.py:SHOP`."""

from __future__ import annotations

from dataclasses import replace

from harness.bus import Promise
from harness.saga import Claim
from tests.planted.messages.shop import Shop

QUICK = Promise(ack_timeout_s=0.5, redeliver_after_s=0.05)

DURABLE = replace(
    Shop().scenario(promise=QUICK, claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})),
    reference=f"{__file__}:DURABLE",
)

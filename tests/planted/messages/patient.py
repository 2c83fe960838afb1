"""The durable shop with time-outs beyond the start of a process: one is held while another starts."""

from __future__ import annotations

from dataclasses import replace

import httpx

from harness.adapter.handlers import HandlerContext, MessageEvent
from harness.bus import Promise
from harness.saga import Claim
from tests.planted.messages.shop import Shop

LONG_S = 25.0


class Patient(Shop):
    """Sound."""

    async def publish(self, ctx: HandlerContext, event: MessageEvent, type_: str) -> None:
        await ctx.publish(type_, {}, id=f"{event.id}/{type_}", timeout_s=LONG_S)

    async def send(
        self, ctx: HandlerContext, method: str, where: str, headers: dict[str, str]
    ) -> httpx.Response:
        participant, _, path = where.partition("/")
        url = f"{ctx.urls[participant]}/{path}"
        return await ctx.client.request(
            method, url, json={"saga_id": ctx.saga_id}, headers=headers, timeout=LONG_S
        )


PATIENT = replace(
    Patient().scenario(
        promise=Promise(ack_timeout_s=2 * LONG_S, redeliver_after_s=0.05),
        claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH}),
    ),
    reference=f"{__file__}:PATIENT",
    patience_s=40.0,
)

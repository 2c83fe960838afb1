"""The floor: the saga and the participants' handlers called directly, with no harness between them.

The saga is the same, its httpx client too; underneath lies a transport that hands each request to
its participant and the answer back. No clock, no fault injector, no history, no judgement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import httpx

from harness.adapter import CallableSaga, SagaContext
from harness.participant import Owner, Participant, Request
from harness.scenario import Scenario


class _Direct(httpx.AsyncBaseTransport):
    def __init__(self, participants: Mapping[str, Participant], saga_id: str) -> None:
        self._participants = participants
        self._owner = Owner(saga_id=saga_id)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        participant = self._participants[request.url.host]
        plain = Request(
            method=request.method,
            path=request.url.path,
            query={},
            headers={name.decode().lower(): value.decode() for name, value in request.headers.raw},
            body=request.content,
        )
        matched = participant.match(plain)
        assert matched is not None
        response = participant.handle(matched.operation, matched.id, plain, self._owner).response
        return httpx.Response(response.status, content=response.body, request=request)


def floor_per_s(scenario: Scenario, sagas: int) -> float:
    """Fault-free sagas a second."""
    return asyncio.run(_floor(scenario, sagas))


async def _floor(scenario: Scenario, sagas: int) -> float:
    saga = scenario.saga
    assert isinstance(saga, CallableSaga)
    began = time.process_time()
    for number in range(sagas):
        participants = {one.name: one.fresh() for one in scenario.participants}
        saga_id = f"saga-{number}"
        async with httpx.AsyncClient(transport=_Direct(participants, saga_id), trust_env=False) as client:
            urls = {name: f"http://{name}" for name in participants}
            context = SagaContext(saga_id=saga_id, urls=urls, client=client)
            await saga.function(context, scenario.inputs[0])  # type: ignore[misc]
    return sagas / (time.process_time() - began)

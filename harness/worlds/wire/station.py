"""A station: one participant's HTTP server, behind its front.

Owns serving requests: at once where nothing strikes, else the toxic is armed for that request before
its answer is written, and removed once the caller has left. Callers whom the httpx wrapper cannot see
and who come while a reply is being lost are struck by accident, as if their request had been lost, and
that is recorded. Everything here runs on the servers' loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING

from harness.participant import Request, Response
from harness.plan.treatment import Symptom
from harness.worlds.wire.background import Background
from harness.worlds.wire.front import Exposure, Front
from harness.worlds.wire.http import Connection, encode
from harness.worlds.wire.toxics import DISABLED, slow_s, toxic_for
from harness.worlds.wire.traffic import Call, Traffic

if TYPE_CHECKING:
    from harness.worlds.wire.outages import Outages

STRUCK_LIMIT_S = 2.0


class Station(Front):
    """One participant's place on the wire, from run to run."""

    def __init__(self, name: str, background: Background, lane: int = 1) -> None:
        super().__init__(name, background)
        self.lane = lane
        self.outages: Outages | None = None
        self._server: asyncio.Server | None = None

    # Set up and taken down --------------------------------------------------------------------

    async def listen(self) -> int:
        """Start the server; its port."""
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._on_request, self.connections), "127.0.0.1", 0
        )
        self._server = server
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.close()

    # Requests ---------------------------------------------------------------------------------

    def _on_request(self, connection: Connection, request: Request, tag: str | None) -> None:
        traffic = self._traffic
        call = traffic.arrived(self.name, self.lane, tag, request) if traffic is not None else None
        if call is None or traffic is None:
            connection.close()
        elif call.hangs:
            self._background.spawn(self._hang(traffic, connection, call))
        elif self.outages:
            self._background.spawn(self._serve_amid_outages(traffic, connection, call, self.outages))
        elif call.symptom is Symptom.NONE and self._exposure is None:
            self._answer(traffic, connection, call)
        else:
            self._background.spawn(self._serve_with_care(traffic, connection, call))

    def _answer(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        self._write(traffic, connection, call, traffic.through_the_door(call))

    def _write(self, traffic: Traffic, connection: Connection, call: Call, response: Response) -> None:
        if call.tagged:
            connection.write(encode(response))
        elif connection.gone:
            traffic.failed(call, Symptom.SILENCE, abandoned=True)
        else:
            # Recorded first: once it is written, the caller may already act on it.
            traffic.answered(call, response)
            connection.write(encode(response))

    async def _serve_with_care(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        with self._failing_loudly():
            if call.symptom is not Symptom.NONE:
                await self._strike(traffic, connection, call)
                return
            if not await self._lost_to_a_toxic(traffic, connection, call):
                self._answer(traffic, connection, call)

    async def _lost_to_a_toxic(self, traffic: Traffic, connection: Connection, call: Call) -> bool:
        """Whether a toxic that is armed for another call strikes this one; waits for one that does not."""
        while (exposure := self._exposure) is not None and exposure.armed.is_set():
            if exposure.silences and not exposure.lifting:
                await self._lose_by_accident(traffic, connection, call, exposure)
                return True
            await exposure.gone.wait()
            if exposure.silences and connection.gone:  # the toxic took it along as it went
                traffic.accident(call, exposure.toxic.name)
                self._conclude(traffic, call)
                return True
        return False

    # Amid outages -----------------------------------------------------------------------------

    async def _serve_amid_outages(
        self, traffic: Traffic, connection: Connection, call: Call, outages: Outages
    ) -> None:
        with self._failing_loudly():
            too_late = outages.falling(self.name)
            await outages.arriving(self.name)
            if too_late:
                self._drop(traffic, connection, call)
            elif (outage := outages.dies_with(call)) is not None:
                traffic.through_the_door(call)
                await outages.take_down([outage], call.passage.call)
                traffic.armed(call, DISABLED)
                traffic.failed(call, Symptom.RESET)
            elif call.symptom is not Symptom.NONE:
                await outages.take_down(outages.ending(call, None), call.passage.call)
                await self._strike(traffic, connection, call)
            elif not await self._lost_to_a_toxic(traffic, connection, call):
                await self._answer_before_outages(traffic, connection, call, outages)

    def _drop(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        """It came while its participant went away, and is lost."""
        traffic.accident(call, DISABLED, kind="reset_before", symptom=Symptom.RESET)
        traffic.failed(call, Symptom.RESET)
        connection.close()

    async def _answer_before_outages(
        self, traffic: Traffic, connection: Connection, call: Call, outages: Outages
    ) -> None:
        """The others are away before the answer is written, this one as soon as it has been read."""
        number, response = call.passage.call, traffic.through_the_door(call)
        due = outages.ending(call, response.status)
        await outages.take_down([one for one in due if one.participant != self.name], number)
        self._write(traffic, connection, call, response)
        await outages.take_down_after([one for one in due if one.participant == self.name], number)

    async def _hang(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        """Its sender is struck and hears nothing, until the connection goes with it or all settles."""
        with self._failing_loudly():
            self._watch(traffic, call)
            await self._first_of(call, connection, self._settling.wait())
            self._conclude(traffic, call)
            connection.close()

    async def _strike(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        """Deliver or hold, arm, answer, wait until the caller has left, and disarm."""
        self._watch(traffic, call)
        response = traffic.through_the_door(call)
        strike = call.passage.strike
        variant = strike.variant if strike is not None else ""
        payload = encode(response, until_close=variant == "slow_close")
        toxic = toxic_for(call.symptom, variant, payload, self._slow_s(call))
        exposure = await self._arm(call, toxic)
        if exposure is None:
            self._conclude(traffic, call)
            connection.close()
            return
        traffic.armed(call, exposure.toxic.name)
        if call.symptom is Symptom.DELAYED and not call.tagged:
            traffic.answered(call, response)  # recorded first: the caller may act on it before we know
        connection.write(payload)
        if variant == "slow_close":
            connection.close()
        await self._until_left(connection, call)
        self._conclude(traffic, call)
        await self._disarm(exposure, call)

    def _watch(self, traffic: Traffic, call: Call) -> None:
        call.left = asyncio.Event()
        with traffic.lock:
            if call.passage.over:
                call.left.set()

    async def _lose_by_accident(
        self, traffic: Traffic, connection: Connection, call: Call, exposure: Exposure
    ) -> None:
        self._watch(traffic, call)
        traffic.accident(call, exposure.toxic.name)
        await self._first_of(call, connection, self._settling.wait())
        self._conclude(traffic, call)

    # Waiting ----------------------------------------------------------------------------------

    async def _until_left(self, connection: Connection, call: Call) -> None:
        if call.symptom is Symptom.SILENCE:
            await self._first_of(call, connection, self._settling.wait())
        elif call.symptom is Symptom.DELAYED and not call.tagged:
            await self._settled_within(2 * self._slow_s(call))
        elif call.symptom is Symptom.DELAYED:
            await self._first_of(call, connection, self._settled_within(self._slow_s(call) + STRUCK_LIMIT_S))
        else:
            await self._first_of(call, connection, asyncio.sleep(STRUCK_LIMIT_S))

    async def _settled_within(self, limit_s: float) -> None:
        """A late reply comes at once when everything settles."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settling.wait(), limit_s)

    def _slow_s(self, call: Call) -> float:
        return slow_s(call.passage.treatment.delay, call.read_timeout_s)

    async def _first_of(self, call: Call, connection: Connection, limit: Awaitable[object]) -> None:
        """Until the caller has left, as its side or ours sees it, or the limit."""
        assert call.left is not None
        watched = [asyncio.ensure_future(call.left.wait()), asyncio.ensure_future(limit)]
        if not (call.tagged and call.symptom is Symptom.DELAYED):  # its reply may outlive our connection
            watched.append(asyncio.ensure_future(asyncio.shield(connection.lost())))
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        for one in watched:
            one.cancel()

    def _conclude(self, traffic: Traffic, call: Call) -> None:
        """Say how a call ended that settling broke off, or whose caller cannot tell."""
        if self._settling.is_set() and call.symptom is Symptom.SILENCE:
            traffic.failed(call, Symptom.RESET, broken_off=True)
        elif not call.tagged:
            traffic.failed(call, call.symptom)

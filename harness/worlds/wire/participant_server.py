"""A server: one participant's HTTP server, behind its front.

Owns serving requests: at once where nothing strikes, else the toxic is armed for that request before
its answer is written, and removed once the caller has left. For callers whom the httpx wrapper cannot
see, a canary gets the same answer under the same toxic; canaries that come while a reply is being lost
are struck as a collateral hit, as if their request had been lost, and that is recorded. Everything here runs
on
the servers' loop.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from harness.participant import Request, Response
from harness.plan.decision import Symptom
from harness.worlds.wire.background import Background
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.door import HELD, WireDoor
from harness.worlds.wire.http import Caller, Connection
from harness.worlds.wire.message_bus import WireBus
from harness.worlds.wire.outage_triggers import Outage
from harness.worlds.wire.outages import Outages
from harness.worlds.wire.participant_proxy import ParticipantProxy
from harness.worlds.wire.struck import StruckCall
from harness.worlds.wire.toxics import DISABLED
from harness.worlds.wire.traffic import Traffic

DROPPED_LIMIT_S = 0.5
"""For a proxy that is disabled to drop the connections that it had."""


class ParticipantServer(ParticipantProxy):
    """One participant's place on the wire, from run to run."""

    def __init__(self, name: str, background: Background, endpoint_set: int = 1) -> None:
        super().__init__(name, background)
        self.endpoint_set = endpoint_set
        self.outages: Outages | None = None
        self._server: asyncio.Server | None = None

    # Set up and taken down --------------------------------------------------------------------

    async def listen(self) -> int:
        """Start the server; its port."""
        server = await asyncio.get_running_loop().create_server(self._accepted, "127.0.0.1", 0)
        self._server = server
        port: int = server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """What its callers are told."""
        return f"http://{self.proxy.listen}"

    def _accepted(self) -> asyncio.Protocol:
        return Connection(self._on_request, self.connections)

    def _subscribe(self, connection: Caller, bus: WireBus, request: Request) -> None:
        connection.write(connection.encode(bus.subscribe(self.endpoint_set, request)))

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.close()

    # Requests ---------------------------------------------------------------------------------

    def _on_request(self, connection: Caller, request: Request, tag: str | None) -> None:
        if tag is not None and (canary := self._canaries.under_way(tag)) is not None:
            canary.reached(connection)
            return
        traffic = self._traffic
        bus = None if traffic is None else traffic.bus
        if bus is not None and bus.name == self.name and bus.takes(request):
            self._subscribe(connection, bus, request)
            return
        call = (
            traffic.calls.arrived(self.name, self.endpoint_set, tag, request) if traffic is not None else None
        )
        if call is not None and not call.tagged:
            call.late = connection.has_left()
        if call is None or traffic is None:
            connection.close()
        elif traffic.door is not None:
            self._background.spawn(self._at_the_door(traffic, connection, call, traffic.door))
        else:
            self._serve(traffic, connection, call)

    async def _at_the_door(
        self, traffic: Traffic, connection: Caller, call: WireCall, door: WireDoor
    ) -> None:
        """It goes on when its saga does; one whose caller has left by then has lost its request."""
        with self._failing_loudly():
            if await door.comes(call) and not connection.gone:
                self._serve(traffic, connection, call)
                return
            over = call.in_flight.progress.over
            if call.held and (call.tagged or not over):  # else its sender is dead
                traffic.calls.collateral(call, HELD)
            if not over:
                traffic.calls.failed(call, Symptom.SILENCE, abandoned=True)
            connection.close()

    def _serve(self, traffic: Traffic, connection: Caller, call: WireCall) -> None:
        if call.hangs:
            self._background.spawn(self._hang(traffic, connection, call))
        elif self.outages:
            self._background.spawn(self._serve_amid_outages(traffic, connection, call, self.outages))
        elif call.symptom is Symptom.NONE and self._armed_toxic is None and not traffic.waits(call):
            self._answer(traffic, connection, call)
        else:
            self._background.spawn(self._serve_with_care(traffic, connection, call))

    def _answer(self, traffic: Traffic, connection: Caller, call: WireCall) -> None:
        self._write(traffic, connection, call, traffic.calls.through_the_injector(call))

    def _write(self, traffic: Traffic, connection: Caller, call: WireCall, response: Response) -> None:
        if call.tagged:
            connection.write(connection.encode(response))
        elif connection.has_left():
            traffic.calls.failed(call, Symptom.SILENCE, abandoned=True)
        else:
            # Recorded first: once it is written, the caller may already act on it.
            traffic.calls.answered(call, response)
            connection.write(connection.encode(response))

    async def _serve_with_care(self, traffic: Traffic, connection: Caller, call: WireCall) -> None:
        with self._failing_loudly():
            if call.symptom is not Symptom.NONE:
                await StruckCall(self, traffic, connection, call).strike()
                return
            if not await self._lost_to_a_toxic(traffic, connection, call):
                response = await traffic.through_the_injector(call)
                if traffic.takes_time(call):
                    await self._toxics_gone()
                self._write(traffic, connection, call, response)

    async def _toxics_gone(self) -> None:
        """While a service took its time, a toxic may have been armed for another call."""
        while (armed_toxic := self._armed_toxic) is not None and armed_toxic.armed.is_set():
            await armed_toxic.gone.wait()

    async def _lost_to_a_toxic(self, traffic: Traffic, connection: Caller, call: WireCall) -> bool:
        """Whether a toxic that is armed for another call strikes this one; waits for one that does not."""
        while (armed_toxic := self._armed_toxic) is not None and armed_toxic.armed.is_set():
            if armed_toxic.silences and not armed_toxic.lifting:
                await StruckCall(self, traffic, connection, call).be_lost_with(armed_toxic)
                return True
            await armed_toxic.gone.wait()
            if armed_toxic.silences and connection.gone:  # the toxic took it along as it went
                traffic.calls.collateral(call, armed_toxic.toxic.name)
                StruckCall(self, traffic, connection, call).conclude()
                return True
        return False

    # Amid outages -----------------------------------------------------------------------------

    async def _serve_amid_outages(
        self, traffic: Traffic, connection: Caller, call: WireCall, outages: Outages
    ) -> None:
        with self._failing_loudly():
            too_late = outages.falling(self.name)
            await outages.arriving(call)
            if too_late:
                self._drop(traffic, connection, call)
                outages.dropped(call)
            elif (outage := outages.dies_with(call)) is not None:
                await traffic.through_the_injector(call)
                await outages.take_down([outage], call.in_flight.call)
                await self._die(traffic, connection, call, outage.canary)
                if await self._up_again(traffic, call):
                    await outages.restarted(outage)
            elif call.symptom is not Symptom.NONE:
                await self._strike_before_outages(traffic, connection, call, outages)
            elif not await self._lost_to_a_toxic(traffic, connection, call):
                await self._answer_before_outages(traffic, connection, call, outages)

    async def _die(self, traffic: Traffic, connection: Caller, call: WireCall, met: str | None) -> None:
        """The participant is away in the middle of a call, whose connection has gone with it."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(connection.lost()), DROPPED_LIMIT_S)
        traffic.confirmations.died(call, met if connection.gone else "the caller's connection still open")
        traffic.calls.failed(call, Symptom.RESET)
        connection.close()

    async def _up_again(self, traffic: Traffic, call: WireCall) -> bool:
        """Whether it was a process that died, and has been started again; waits for that."""
        if traffic.own is None or not traffic.takes_time(call):
            return False
        await traffic.own.until_back(self.name)
        return True

    def _drop(self, traffic: Traffic, connection: Caller, call: WireCall) -> None:
        """It came while its participant went away, and is lost."""
        traffic.calls.collateral(call, DISABLED, symptom=Symptom.RESET)
        traffic.calls.failed(call, Symptom.RESET)
        connection.close()

    async def _answer_before_outages(
        self, traffic: Traffic, connection: Caller, call: WireCall, outages: Outages
    ) -> None:
        """The others are away before the answer is written, this one as soon as it has been read."""
        number, response = call.in_flight.call, await traffic.through_the_injector(call)
        due = outages.ending(call, response.status)
        await outages.take_down([one for one in due if one.participant != self.name], number)
        self._write(traffic, connection, call, response)
        await outages.take_down_after([one for one in due if one.participant == self.name], number)

    async def _strike_before_outages(
        self, traffic: Traffic, connection: Caller, call: WireCall, outages: Outages
    ) -> None:
        """The same for a call that a toxic strikes: that needs the proxy until its caller has seen it."""
        number = call.in_flight.call
        own: list[Outage] = []

        async def before_answer(status: int | None) -> None:
            due = outages.ending(call, status)
            own.extend(one for one in due if one.participant == self.name)
            await outages.take_down([one for one in due if one.participant != self.name], number)

        await StruckCall(self, traffic, connection, call).strike(before_answer)
        await outages.take_down_after(own, number, answered=False)

    async def _hang(self, traffic: Traffic, connection: Caller, call: WireCall) -> None:
        with self._failing_loudly():
            await StruckCall(self, traffic, connection, call).hang()

"""One call that a fault strikes by a symptom: from the injector to the proof that its toxic worked.

Owns the order of things: deliver or hold, arm, answer, wait until the caller has left, disarm, confirm.
A caller whom the httpx wrapper sees tells itself what it saw; for all others a canary is answered under
the same toxic at the same moment. Everything here runs on the servers' loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from harness.clock.real import monotonic_s
from harness.participant import Response
from harness.plan.decision import Symptom
from harness.worlds.wire.armed_toxic import ArmedToxic
from harness.worlds.wire.call import Armed, WireCall
from harness.worlds.wire.http import Caller
from harness.worlds.wire.participant_proxy import ParticipantProxy
from harness.worlds.wire.symptoms import EARLY, least_s
from harness.worlds.wire.toxics import shown, slow_s, toxic_for
from harness.worlds.wire.traffic import Traffic

BeforeAnswer = Callable[[int | None], Awaitable[None]]

STRUCK_LIMIT_S = 2.0
BEHIND_S = 0.025
"""A link of the proxy may be so much behind another."""


class StruckCall:
    """The call, its connection and what it is answered, at the front that it came through."""

    def __init__(
        self, participant_proxy: ParticipantProxy, traffic: Traffic, connection: Caller, call: WireCall
    ) -> None:
        self._participant_proxy = participant_proxy
        self._traffic = traffic
        self._connection = connection
        self._call = call
        call.watch(traffic.lock)

    async def strike(self, before_answer: BeforeAnswer | None = None) -> None:
        """All of it. before_answer: is given the status that the caller will see, None where it sees none."""
        call, traffic, connection = self._call, self._traffic, self._connection
        if call.symptom is Symptom.REFUSED:
            traffic.confirmations.not_refused(call)
        if call.symptom is Symptom.DELAYED and not traffic.calls.may_lose_reply(call):
            await self._keep_waiting(before_answer)
            return
        response = await traffic.through_the_injector(call)
        if before_answer is not None:
            await before_answer(response.status if call.symptom is Symptom.DELAYED else None)
        match = call.in_flight.fault_match
        wanted = match.variant if match is not None else ""
        variant = shown(wanted, response.status, ends=self._connection.ends)
        payload = self._connection.encode(response, until_close=variant == "slow_close")
        toxic = toxic_for(call.symptom, variant, payload, self._late_s)
        armed_toxic = await self._participant_proxy.arm(call, toxic)
        if armed_toxic is None:
            self.conclude()
            connection.close()
            return
        with self._participant_proxy.confirming():
            await self._expose(armed_toxic, response, payload)

    async def be_lost_with(self, armed_toxic: ArmedToxic) -> None:
        """A toxic that is armed for another call strikes this one, which is lost on its way."""
        self._traffic.calls.collateral(self._call, armed_toxic.toxic.name)
        await self._first_of(self._participant_proxy.settling.wait())
        self.conclude()

    async def hang(self) -> None:
        """Its sender is struck and hears nothing, until the connection goes with it or all settles."""
        await self._first_of(self._participant_proxy.settling.wait())
        self.conclude()
        self._connection.close()

    def conclude(self) -> None:
        """Say how a call ended that settling broke off, or whose caller cannot tell."""
        if self._participant_proxy.settling.is_set() and self._call.symptom is Symptom.SILENCE:
            self._traffic.calls.failed(self._call, Symptom.RESET, broken_off=True)
        elif not self._call.tagged:
            self._traffic.calls.failed(self._call, self._call.symptom)

    # Under the toxic --------------------------------------------------------------------------

    async def _expose(self, armed_toxic: ArmedToxic, response: Response, payload: bytes) -> None:
        call, toxic = self._call, armed_toxic.toxic
        closes = toxic.type == "slow_close"
        proxy = self._participant_proxy.proxy.name
        armed = Armed(proxy=proxy, toxic=toxic, size=len(payload), written_s=monotonic_s())
        self._traffic.confirmations.armed(call, armed)
        self._connection.write(payload)
        if not call.tagged:
            armed_toxic.answer_canary(payload, close=closes)
        if closes:
            self._connection.close()
        left = False
        if self._is_slow_unseen:
            left = await self._until_whole(armed_toxic, armed, response)
        else:
            await self._until_left()
            self.conclude()
            if not (call.tagged or armed_toxic.silences):
                await armed_toxic.struck()
        await self._participant_proxy.disarm(armed_toxic, call)
        if not call.tagged:
            await self._confirm(armed_toxic, left=left)

    async def _confirm(self, armed_toxic: ArmedToxic, *, left: bool) -> None:
        await armed_toxic.gone.wait()
        self._traffic.confirmations.canary(self._call, await armed_toxic.finding(), left=left)
        armed_toxic.close()

    # Waiting ----------------------------------------------------------------------------------

    async def _until_left(self) -> None:
        if self._call.symptom is Symptom.SILENCE:
            await self._first_of(self._participant_proxy.settling.wait())
        elif self._call.symptom is Symptom.DELAYED:
            await self._first_of(self._settled_within(self._late_s + STRUCK_LIMIT_S))
        else:
            await self._first_of(asyncio.sleep(STRUCK_LIMIT_S))

    async def _first_of(self, limit: Awaitable[object]) -> None:
        """Until the caller has left, as its side or ours sees it, or the limit."""
        call = self._call
        assert call.left is not None
        watched = [asyncio.ensure_future(call.left.wait()), asyncio.ensure_future(limit)]
        if not (call.tagged and call.symptom is Symptom.DELAYED):  # its reply may outlive our connection
            watched.append(asyncio.ensure_future(asyncio.shield(self._connection.lost())))
        await _first(watched)

    async def _settled_within(self, limit_s: float) -> None:
        """A late reply comes at once when everything settles."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._participant_proxy.settling.wait(), limit_s)

    @property
    def _late_s(self) -> float:
        return slow_s(self._call.in_flight.decision.delay, self._call.read_timeout_s)

    # A slow reply to a caller whom nobody sees -------------------------------------------------

    @property
    def _is_slow_unseen(self) -> bool:
        return self._call.symptom is Symptom.DELAYED and not self._call.tagged

    async def _until_whole(self, armed_toxic: ArmedToxic, armed: Armed, response: Response) -> bool:
        """Until the caller has it, or has left before; whether it left."""
        due_s = armed.written_s + EARLY * least_s(armed.toxic, armed.size)
        self._traffic.calls.answer_slowly(self._call, response, due_s)
        ends_itself = armed.toxic.type == "slow_close"
        watched: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(armed_toxic.struck()),
            asyncio.ensure_future(self._participant_proxy.settling.wait()),
        ]
        if not ends_itself:
            watched.append(asyncio.ensure_future(asyncio.shield(self._connection.lost())))
        await _first(watched)
        if monotonic_s() < due_s and self._connection.gone and not ends_itself:
            self._traffic.calls.failed(self._call, Symptom.SILENCE, abandoned=True)
            return True
        self._traffic.calls.answered(self._call, response)
        await asyncio.sleep(BEHIND_S)
        return False

    async def _keep_waiting(self, before_answer: BeforeAnswer | None) -> None:
        """Slow on the way up: a caller that has left must not have lost a reply that it may not lose."""
        began_s = monotonic_s()
        await self._first_of(self._settled_within(self._late_s))
        self._call.kept_s = monotonic_s() - began_s
        if self._connection.gone or self._call.in_flight.progress.over:
            self._traffic.calls.left_while_waiting(self._call)
            return
        response = await self._traffic.through_the_injector(self._call)
        if before_answer is not None:
            await before_answer(response.status)
        if not self._call.tagged:  # else its caller tells
            self._traffic.calls.answered(self._call, response)
        self._connection.write(self._connection.encode(response))


async def _first(watched: Sequence[asyncio.Future[Any]]) -> None:
    """Until one of them is done; the others are given up."""
    await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
    for one in watched:
        one.cancel()

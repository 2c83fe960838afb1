"""What confirms a fault on the wire (RULES §6).

Owns when a receipt is given: once the caller has seen the symptom, as the httpx wrapper tells for callers
in this process and a canary under the same toxic for all others; for answers of a fault, once they were
given to a caller that still waited. What else struck a call is recorded as a collateral hit, and a fault
whose
symptom was not seen as unconfirmed. Everything here is called under the lock of the traffic.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.clock.real import monotonic_s
from harness.faults.injector import FaultInjector
from harness.history import FaultFired, FaultUnconfirmed, ParticipantAway
from harness.participant import Response
from harness.plan.decision import Symptom
from harness.worlds.wire.armed_toxic import Finding
from harness.worlds.wire.call import Armed, Call
from harness.worlds.wire.evidence import Evidence, ProxyIdle
from harness.worlds.wire.symptoms import EARLY, HELD_S, SHOWN, least_s
from harness.worlds.wire.toxics import DISABLED

_LOST = {
    Symptom.REFUSED: ("refuse", "refuse"),
    Symptom.SILENCE: ("lose_request", "lose_reply"),
    Symptom.RESET: ("reset_before", "reset_after"),
    Symptom.CUT: ("cut_reply", "cut_reply"),
}
"""What a call came to that was struck as a collateral hit: not delivered, or delivered."""


UNSEEN_CLIENT = (
    "the client is not seen before it connects, so that it met a reset where it had to meet nobody"
)


class Receipts:
    """Of one run. `abort` ends it."""

    def __init__(
        self, injector: FaultInjector, evidence: Evidence, abort: Callable[[ProxyIdle], object]
    ) -> None:
        self._injector = injector
        self._evidence = evidence
        self._abort = abort
        self.settling = False

    # What the caller tells --------------------------------------------------------------------

    def answered(self, call: Call, response: Response) -> None:
        """The whole reply reached its caller."""
        in_flight = call.in_flight
        if in_flight.over or in_flight.decision.process_fault is not None:
            return
        if call.symptom is Symptom.DELAYED:
            self._answered_slowly(call)
        elif call.symptom is not Symptom.NONE:
            self._leaked(call, response)
        elif in_flight.struck_at_delivery and in_flight.reply is not None:
            if response.status == in_flight.reply.status:
                self._injector.receipt(in_flight)
            else:
                self.unconfirmed(call, f"found status {response.status}, expected {in_flight.reply.status}")

    def failed(self, call: Call, symptom: Symptom, *, left: bool, sent: bool = True) -> None:
        """A caller in this process saw no whole reply. left: of its own accord; sent: it tried to connect."""
        in_flight = call.in_flight
        if in_flight.over or call.hangs or in_flight.decision.process_fault is not None or not call.tagged:
            return
        came = Symptom.SILENCE if left else symptom
        if in_flight.strike is None:
            return
        if call.symptom is Symptom.REFUSED:
            self._refused(call, symptom, met=sent and not left)
        elif call.symptom is Symptom.DELAYED and not (
            call.arrived or self._injector.may_lose_reply(in_flight)
        ):
            self._injector.receipt(in_flight, kind="lose_request")  # it is kept back, and reaches nobody now
        elif call.symptom is Symptom.NONE or call.armed is None:
            self._gone_before(call)
        else:
            self._ended(call, call.armed, came)

    # What a canary tells ----------------------------------------------------------------------

    def canary(self, call: Call, found: Finding, came_to: str | None = None) -> None:
        """One was under the toxic of a call. came_to: what the caller saw, where it left too early."""
        armed, in_flight = call.armed, call.in_flight
        if armed is None or in_flight.receipted:
            return
        if found.why is None:
            self._evidence.worked(armed.toxic.type)
            self._shown(call, armed.toxic.name, came_to)
        elif found.lifted_first and self.settling and call.symptom is Symptom.DELAYED:
            self._held_until_healed(call, armed.toxic.name, found.held_s)
        else:
            self.unconfirmed(call, f"a canary {found.why}", armed.toxic.name)
            if found.looked:
                self._doubt(armed.proxy, armed.toxic.type, found.why)

    def away(self, proxy: str, met: str | None) -> None:
        """A canary tried to connect to a disabled proxy: what it met, or None where it was refused."""
        if met is None:
            self._evidence.worked(DISABLED)
        else:
            self._doubt(proxy, DISABLED, f"found {met}, expected a refused connection")

    # What the fault injector tells ----------------------------------------------------------------------

    def landed(self, call: Call) -> None:
        """A held request was delivered; its fault has fired once its caller was seen to wait in vain, too."""
        call.landed = True
        self._fire_if_late(call)

    def unconfirmed(self, call: Call, reason: str, toxic: str | None = None, *, void: bool = True) -> None:
        """What the caller saw is not what the fault shows. void: or is not known, so the run is none."""
        in_flight = call.in_flight
        if in_flight.strike is None or in_flight.receipted:
            return
        in_flight.receipted = True
        self._injector.recorder.add(
            FaultUnconfirmed(
                t_s=self._injector.recorder.now_s(),
                call=in_flight.call,
                fault=in_flight.strike.fault,
                kind=in_flight.strike.kind,
                toxic=toxic,
                reason=reason,
                void=void,
            )
        )

    def collateral(self, call: Call, symptom: Symptom, toxic: str | None) -> None:
        """A call was lost by what was armed for another."""
        kind = _LOST[symptom][call.in_flight.deliveries > 0]
        self._injector.collateral(call.in_flight, kind, toxic)

    def not_refused(self, call: Call) -> None:
        """A call that was to meet nobody has arrived: the proxy is there, or its caller came unseen.

        Such a caller is shown a reset instead, which is no refusal.
        """
        if call.tagged:
            self._abort(
                ProxyIdle(
                    f"proxy of {call.participant_server!r}: found a request that came through, "
                    "expected no connection, for it had been disabled; is it a Toxiproxy server?"
                )
            )
            return
        self.unconfirmed(call, UNSEEN_CLIENT, DISABLED)
        call.symptom = Symptom.RESET
        self._injector.collateral(call.in_flight, "reset_before", "reset_peer")

    def died(self, call: Call, met: str | None) -> None:
        """A participant was taken away in the middle of a call; `met`: what shows that it was not."""
        if met is None:
            self._injector.receipt(call.in_flight, DISABLED)
        else:
            self.unconfirmed(call, f"found {met}, expected a participant that is away", DISABLED)

    def outage(self, call: int, fault: int, kind: str, participant: str | None) -> None:
        """A participant was away, and a call met that: this one, or one after it that nobody could see.

        participant: None where it was this one.
        """
        self._injector.recorder.add(
            FaultFired(
                t_s=self._injector.recorder.now_s(),
                call=call,
                fault=fault,
                kind=kind,
                toxic=DISABLED,
                participant=participant,
            )
        )

    def went_away(self, call: int, fault: int, kind: str, participant: str) -> None:
        """A participant is away from now on, for calls that nobody can see."""
        now_s = self._injector.recorder.now_s()
        self._injector.recorder.add(
            ParticipantAway(
                t_s=now_s, participant=participant, call=call, fault=fault, kind=kind, toxic=DISABLED
            )
        )

    def outage_unconfirmed(self, call: int, fault: int, kind: str, reason: str, *, void: bool) -> None:
        """A participant was taken away, and nobody was seen to meet that. void: it was not away at all."""
        now_s = self._injector.recorder.now_s()
        self._injector.recorder.add(
            FaultUnconfirmed(
                t_s=now_s, call=call, fault=fault, kind=kind, toxic=DISABLED, reason=reason, void=void
            )
        )

    # ------------------------------------------------------------------------------------------

    def _answered_slowly(self, call: Call) -> None:
        if call.armed is not None:
            if call.tagged:
                self._slow(call, call.armed)
        elif self.settling:  # its request was kept waiting
            self._held_until_healed(call, None, call.kept_s)
        else:
            self._injector.receipt(call.in_flight)

    def _held_until_healed(self, call: Call, toxic: str | None, held_s: float) -> None:
        """A reply came at once as everything healed. It was slow if its caller waited for it until then."""
        if held_s >= HELD_S:
            self._injector.receipt(call.in_flight, toxic)
            return
        why = f"everything healed {held_s * 1000:.0f} ms after the reply was held up, before it was due"
        self.unconfirmed(call, why, toxic, void=False)

    def _slow(self, call: Call, armed: Armed) -> None:
        took_s, held_s = monotonic_s() - armed.written_s, least_s(armed.toxic, armed.size)
        if took_s >= EARLY * held_s:
            self._evidence.worked(armed.toxic.type)
            self._injector.receipt(call.in_flight, armed.toxic.name)
            return
        if self.settling:
            self._held_until_healed(call, armed.toxic.name, took_s)
            return
        why = f"found the whole reply after {took_s * 1000:.0f} ms, expected {held_s * 1000:.0f} ms"
        self.unconfirmed(call, why, armed.toxic.name)
        self._doubt(armed.proxy, armed.toxic.type, why)

    def _ended(self, call: Call, armed: Armed, came: Symptom) -> None:
        """A toxic was armed for the call; the caller says what it saw."""
        if call.symptom is Symptom.DELAYED:
            if came is Symptom.SILENCE:
                self._injector.receipt(call.in_flight, armed.toxic.name, "lose_reply")
            else:
                self.collateral(call, came, armed.toxic.name)
        elif came is call.symptom:
            self._evidence.worked(armed.toxic.type)
            self._shown(call, armed.toxic.name)
        elif came is Symptom.SILENCE:
            self._gone_before(call)
        elif call.symptom is Symptom.CUT and came is Symptom.RESET:
            # Where resets are to be true ones, the end of a connection is one, too.
            self._injector.receipt(call.in_flight, armed.toxic.name, "reset_after")
        else:
            why = f"found {SHOWN[came]}, expected {SHOWN[call.symptom]}"
            self.unconfirmed(call, why, armed.toxic.name)
            self._doubt(armed.proxy, armed.toxic.type, why)

    def _refused(self, call: Call, symptom: Symptom, *, met: bool) -> None:
        if symptom is Symptom.REFUSED and met:
            self._evidence.worked(DISABLED)
            self._injector.receipt(call.in_flight, DISABLED)
        elif symptom is not Symptom.REFUSED and met:
            self.unconfirmed(call, f"found {SHOWN.get(symptom, symptom)}, expected no connection", DISABLED)

    def _gone_before(self, call: Call) -> None:
        """The caller left before it could be shown anything: struck all the same, and not as planned."""
        if call.arrived and call.in_flight.strike is not None and not call.in_flight.receipted:
            self._injector.collateral(call.in_flight, call.in_flight.strike.kind, None)

    def _shown(self, call: Call, toxic: str, came_to: str | None = None) -> None:
        """The caller saw the symptom."""
        call.shown = toxic
        strike = call.in_flight.strike
        if call.held:
            self._fire_if_late(call)
        elif strike is not None and strike.decision.symptom is Symptom.DELAYED and came_to is None:
            lost = call.symptom is Symptom.SILENCE  # for it would have come too late
            self._injector.receipt(call.in_flight, toxic, "lose_request" if lost else None)
        else:
            self._injector.receipt(call.in_flight, toxic, came_to)

    def _fire_if_late(self, call: Call) -> None:
        if call.landed and call.shown is not None:
            self._injector.receipt(call.in_flight, call.shown)

    def _leaked(self, call: Call, response: Response) -> None:
        """A reply is with its caller although something had to stand in its way."""
        toxic = call.armed.toxic.name if call.armed is not None else call.symptom.value
        self._abort(
            ProxyIdle(
                f"proxy of {call.participant_server!r}: found reply {response.status} with the caller, "
                f"expected toxic {toxic!r} to stand in its way; is it a Toxiproxy server?"
            )
        )

    def _doubt(self, proxy: str, toxic: str, why: str) -> None:
        idle = self._evidence.failed(proxy, toxic, why)
        if idle is not None:
            self._abort(idle)

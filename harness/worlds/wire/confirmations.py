"""What confirms a symptom on the wire: reads what callers and canaries saw, and reports it to the injector.

The httpx wrapper tells for callers in this process, a canary under the same toxic for all others. Owns the
comparison of what was seen with what the toxic does. Refuses to record that a fault fired: the injector's
judge does. What the caller tells comes under the lock of the run; all else takes it.
"""

from __future__ import annotations

import threading

from harness.clock.real import monotonic_s
from harness.faults.injector import FaultInjector
from harness.participant import Response
from harness.plan.decision import Symptom
from harness.worlds.wire.armed_toxic import CanaryFinding
from harness.worlds.wire.call import Armed, WireCall
from harness.worlds.wire.evidence import Evidence, ProxyIdle
from harness.worlds.wire.run_signals import RunSignals
from harness.worlds.wire.symptoms import EARLY, HELD_S, SHOWN, least_s
from harness.worlds.wire.toxics import DISABLED

UNSEEN_CLIENT = (
    "the client is not seen before it connects, so that it met a reset where it had to meet nobody"
)


class Confirmations:
    """Of one run."""

    def __init__(
        self, injector: FaultInjector, evidence: Evidence, signals: RunSignals, lock: threading.RLock
    ) -> None:
        self._injector = injector
        self._judge = injector.judge
        self._evidence = evidence
        self._signals = signals
        self._lock = lock

    # What the caller tells --------------------------------------------------------------------

    def answered(self, call: WireCall, response: Response) -> None:
        """The whole reply reached its caller."""
        in_flight = call.in_flight
        if in_flight.progress.over or in_flight.course.process_fault is not None:
            return
        if call.symptom is Symptom.DELAYED:
            self._answered_slowly(call)
        elif call.symptom is not Symptom.NONE:
            self._leaked(call, response)

    def failed(self, call: WireCall, symptom: Symptom, *, left: bool, sent: bool = True) -> None:
        """A caller in this process saw no whole reply. left: of its own accord; sent: it tried to connect."""
        in_flight = call.in_flight
        if in_flight.progress.over or call.hangs or not call.tagged or in_flight.fault_match is None:
            return
        if in_flight.course.process_fault is not None:
            return
        if call.symptom is Symptom.REFUSED:
            self._refused(call, symptom, met=sent and not left)
        elif call.symptom is Symptom.DELAYED and not (
            call.arrived or self._injector.may_lose_reply(in_flight)
        ):
            self._judge.confirmed(in_flight, seen=Symptom.SILENCE)  # it is kept back, and reaches nobody now
        elif call.symptom is Symptom.NONE or call.armed is None:
            self._gone_before(call)
        else:
            self._ended(call, call.armed, Symptom.SILENCE if left else symptom)

    # What a server tells ----------------------------------------------------------------------

    def armed(self, call: WireCall, armed: Armed) -> None:
        """A toxic is armed for the call, and its reply is about to be written."""
        with self._lock:
            call.armed = armed

    # What a canary tells ----------------------------------------------------------------------

    def canary(self, call: WireCall, found: CanaryFinding, *, left: bool = False) -> None:
        """One was under the toxic of a call. left: its caller left before the late reply was whole."""
        with self._lock:
            armed, in_flight = call.armed, call.in_flight
            if armed is None or not in_flight.progress.fault_open:
                return
            if found.why is None:
                self._evidence.worked(armed.toxic.type)
                seen = Symptom.SILENCE if left else None
                self._judge.confirmed(in_flight, armed.toxic.name, seen=seen)
            elif found.lifted_first and self._signals.settling and call.symptom is Symptom.DELAYED:
                self._held_until_healed(call, armed.toxic.name, found.held_s)
            else:
                self._judge.contradicted(in_flight, f"a canary {found.why}", armed.toxic.name)
                if found.looked:
                    self._doubt(armed.proxy, armed.toxic.type, found.why)

    def away(self, proxy: str, met: str | None) -> None:
        """A canary tried to connect to a disabled proxy: what it met, or None where it was refused."""
        with self._lock:
            if met is None:
                self._evidence.worked(DISABLED)
            else:
                self._doubt(proxy, DISABLED, f"found {met}, expected a refused connection")

    # And of calls that met something else -----------------------------------------------------

    def not_refused(self, call: WireCall) -> None:
        """A call that was to meet nobody has arrived: the proxy is there, or its caller came unseen.

        Such a caller is shown a reset instead, which is no refusal.
        """
        with self._lock:
            if call.tagged:
                self._signals.abort(
                    ProxyIdle(
                        f"proxy of {call.participant_server!r}: found a request that came through, "
                        "expected no connection, for it had been disabled; is it a Toxiproxy server?"
                    )
                )
                return
            self._judge.contradicted(call.in_flight, UNSEEN_CLIENT, DISABLED)
            call.symptom = Symptom.RESET
            self._judge.collateral(call.in_flight, Symptom.RESET, "reset_peer")

    def died(self, call: WireCall, met: str | None) -> None:
        """A participant was taken away in the middle of a call; `met`: what shows that it was not."""
        with self._lock:
            if met is None:
                self._judge.confirmed(call.in_flight, DISABLED)
            else:
                why = f"found {met}, expected a participant that is away"
                self._judge.contradicted(call.in_flight, why, DISABLED)

    # ------------------------------------------------------------------------------------------

    def _answered_slowly(self, call: WireCall) -> None:
        if call.armed is not None:
            if call.tagged:
                self._slow(call, call.armed)
        elif self._signals.settling:  # its request was kept waiting
            self._held_until_healed(call, None, call.kept_s)
        else:
            self._judge.confirmed(call.in_flight)

    def _held_until_healed(self, call: WireCall, toxic: str | None, held_s: float) -> None:
        """A reply came at once as everything healed. It was slow if its caller waited for it until then."""
        if held_s >= HELD_S:
            self._judge.confirmed(call.in_flight, toxic)
            return
        why = f"everything healed {held_s * 1000:.0f} ms after the reply was held up, before it was due"
        self._judge.contradicted(call.in_flight, why, toxic, void=False)

    def _slow(self, call: WireCall, armed: Armed) -> None:
        took_s, held_s = monotonic_s() - armed.written_s, least_s(armed.toxic, armed.size)
        if took_s >= EARLY * held_s:
            self._evidence.worked(armed.toxic.type)
            self._judge.confirmed(call.in_flight, armed.toxic.name)
            return
        if self._signals.settling:
            self._held_until_healed(call, armed.toxic.name, took_s)
            return
        why = f"found the whole reply after {took_s * 1000:.0f} ms, expected {held_s * 1000:.0f} ms"
        self._judge.contradicted(call.in_flight, why, armed.toxic.name)
        self._doubt(armed.proxy, armed.toxic.type, why)

    def _ended(self, call: WireCall, armed: Armed, came: Symptom) -> None:
        """A toxic was armed for the call; the caller says what it saw."""
        if call.symptom is Symptom.DELAYED:
            if came is Symptom.SILENCE:
                self._judge.confirmed(call.in_flight, armed.toxic.name, seen=came)
            else:
                self._judge.collateral(call.in_flight, came, armed.toxic.name)
        elif came is call.symptom:
            self._evidence.worked(armed.toxic.type)
            self._judge.confirmed(call.in_flight, armed.toxic.name)
        elif came is Symptom.SILENCE:
            self._gone_before(call)
        elif call.symptom is Symptom.CUT and came is Symptom.RESET:
            # Where resets are to be true ones, the end of a connection is one, too.
            self._judge.confirmed(call.in_flight, armed.toxic.name, seen=came)
        else:
            why = f"found {SHOWN[came]}, expected {SHOWN[call.symptom]}"
            self._judge.contradicted(call.in_flight, why, armed.toxic.name)
            self._doubt(armed.proxy, armed.toxic.type, why)

    def _refused(self, call: WireCall, symptom: Symptom, *, met: bool) -> None:
        if symptom is Symptom.REFUSED and met:
            self._evidence.worked(DISABLED)
            self._judge.confirmed(call.in_flight, DISABLED)
        elif symptom is not Symptom.REFUSED and met:
            why = f"found {SHOWN.get(symptom, symptom)}, expected no connection"
            self._judge.contradicted(call.in_flight, why, DISABLED)

    def _gone_before(self, call: WireCall) -> None:
        """The caller left before it could be shown anything: struck all the same, and not as planned."""
        if call.arrived:
            self._judge.left_before(call.in_flight)

    def _leaked(self, call: WireCall, response: Response) -> None:
        """A reply is with its caller although something had to stand in its way."""
        toxic = call.armed.toxic.name if call.armed is not None else call.symptom.value
        self._signals.abort(
            ProxyIdle(
                f"proxy of {call.participant_server!r}: found reply {response.status} with the caller, "
                f"expected toxic {toxic!r} to stand in its way; is it a Toxiproxy server?"
            )
        )

    def _doubt(self, proxy: str, toxic: str, why: str) -> None:
        idle = self._evidence.failed(proxy, toxic, why)
        if idle is not None:
            self._signals.abort(idle)

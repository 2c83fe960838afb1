"""The user's own services behind the proxies: asked ahead of the fault injector, killed, and asked again.

Owns the threads in which their answers are waited for, and the question after settling what they hold, which
goes past the proxy. Refuses to know what an answer means (`OwnService`).

A request that is to be delivered is delivered before the fault injector handles it, outside the lock of the
run: the service may take its time, and copies that come at once are with it at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.clock.real import monotonic_s, sleep_s
from harness.errors import UsageError, misplaced
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.participant import OwnService, Participant, Response
from harness.participant.launch import Asked, Holdings
from harness.participant.upstream import request_to
from harness.plan.decision import Copy, Delivery
from harness.scenario import Scenario
from harness.worlds.wire.background import PREFIX
from harness.worlds.wire.forwarding import ask
from harness.worlds.wire.running_service import RunningService, expected_of, our_headers, told

AGREE_LIMIT_S = 1.0
"""For what a service holds to become what it answered: it may still be at work."""

SETTLED_S = 0.15
"""Before they are asked: what a service commits after its answer has landed by then, or counts as lost."""

_AGAIN_S = 0.1
_THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicesOfARun:
    """Those of one run. pool: where their answers are waited for."""

    services: tuple[RunningService, ...]
    pool: ThreadPoolExecutor

    def begin(self) -> None:
        """All up, and empty where they can be. Raises UsageError."""
        for up in [self.pool.submit(one.ensure_up) for one in self.services]:
            up.result()
        for one in self.services:
            one.reset()

    def participants(self, fresh: Iterable[Participant]) -> dict[str, Participant]:
        """The participants of a run, where each service is."""
        return {
            one.name: one.up(self._service(one.name).ask, self._service(one.name).address)
            if isinstance(one, OwnService)
            else one
            for one in fresh
        }

    def concerns(self, in_flight: InFlightCall) -> bool:
        """Whether a call is to one of them."""
        return isinstance(in_flight.participant, OwnService)

    async def ask_ahead(self, in_flight: InFlightCall) -> None:
        """Deliver a call, with the copies that come before its reply; the injector finds their answers."""
        participant, course = in_flight.participant, in_flight.course
        if not isinstance(participant, OwnService):
            return
        loop = asyncio.get_running_loop()
        if course.delivery is Delivery.NOW:

            async def deliver() -> Response:
                return await loop.run_in_executor(self.pool, participant.ask_ahead, in_flight.request)

            if course.copy is Copy.CONCURRENT:
                answers: Sequence[Response] = await asyncio.gather(deliver(), deliver())
            elif course.copy is Copy.AT_ONCE:
                answers = [await deliver(), await deliver()]
            else:
                answers = [await deliver()]
            participant.keep(in_flight.request, answers)
        if course.dies:
            dying = self._service(participant.name)
            await loop.run_in_executor(self.pool, dying.kill)
            dying.back_soon(self.pool)

    async def until_back(self, participant: str) -> None:
        """One that was killed is up again. Raises UsageError where it does not come up."""
        await asyncio.get_running_loop().run_in_executor(self.pool, self._service(participant).check_alive)

    def _service(self, participant: str) -> RunningService:
        return next(one for one in self.services if one.prototype.name == participant)

    # What they hold ---------------------------------------------------------------------------

    def compare(self, scenario: Scenario, injector: FaultInjector, saga_id: str) -> None:
        """Ask each what it holds of the saga, and record where that is not what its answers said.

        Raises UsageError where one does not say, or has ended by itself.
        """
        if any(one.prototype.holds for one in self.services):
            sleep_s(SETTLED_S)
        for one in self.services:
            one.check_alive()
            participant = injector.participants[one.prototype.name]
            assert isinstance(participant, OwnService)
            for resource in participant.holds:
                deadline_s = monotonic_s() + AGREE_LIMIT_S
                while True:
                    names = (saga_id, *injector.names.made)
                    held = tuple(id_ for name in names for id_ in _held(one, participant, resource, name))
                    if participant.agrees(resource, saga_id, held) or monotonic_s() > deadline_s:
                        break
                    sleep_s(_AGAIN_S)
                step = _only_step(scenario, resource)
                for made, there, says in participant.disagreements(resource, saga_id, held, step):
                    injector.held_otherwise(made, held=there, says=says)


class OwnServices:
    """Those of all scenarios of one world: each is started when it is first asked for."""

    def __init__(self) -> None:
        self._running: dict[str, RunningService] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._number = 0

    def of(self, scenario: Scenario) -> ServicesOfARun | None:
        """None where no participant of the scenario is a service of the user's."""
        if not scenario.own_services:
            return None
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"{PREFIX}-own")
        services = tuple(self._service(scenario, one) for one in scenario.own_services)
        return ServicesOfARun(services=services, pool=self._pool)

    def close(self) -> None:
        """End all of them."""
        for one in self._running.values():
            one.close()
        self._running.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _service(self, scenario: Scenario, prototype: OwnService) -> RunningService:
        key = f"{scenario.name}/{prototype.name}"
        found = self._running.get(key)
        if found is not None and found.prototype.launch != prototype.launch:
            found.close()
            found = None
        if found is None:
            self._number += 1
            found = self._running[key] = RunningService(prototype, self._number)
        found.prototype = prototype
        return found


def _held(one: RunningService, participant: OwnService, resource: str, saga_id: str) -> tuple[str, ...]:
    asked = participant.holds[resource]
    if not isinstance(asked, str):
        return _said_by(asked, one, saga_id)
    launch = one.prototype.launch
    where = f"{launch.where}, holds = {asked!r}"
    answer = ask(one.address, request_to(asked, {"saga_id": saga_id}, our_headers(launch)))
    if answer.status in (404, 410):
        return ()
    if not 200 <= answer.status < 300:
        one.check_alive()
        expected = expected_of("an answer 2xx, or 404 where it holds nothing", answer)
        raise UsageError(misplaced(where, told(answer, one.address), expected))
    try:
        return participant.ids_held(resource, answer)
    except ValueError as unreadable:
        expected = "a list of what is held, as items and id of the resource say"
        raise UsageError(misplaced(where, str(unreadable), expected)) from None


def _said_by(holdings: Holdings, one: RunningService, saga_id: str) -> tuple[str, ...]:
    """What a function of the user's says. Raises UsageError where it fails, or returns no ids."""
    where = f"{one.prototype.launch.where}, holds, {getattr(holdings, '__name__', 'the function')}()"
    expected = "a list of ids, each a text or a whole number"
    try:
        found = [*holdings(Asked(saga_id=saga_id, url=str(one.address), folder=one.folder))]
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise UsageError(misplaced(where, said, expected)) from error
    if not all(isinstance(id_, str | int) and not isinstance(id_, bool) for id_ in found):
        raise UsageError(misplaced(where, found, expected))
    return tuple(dict.fromkeys(map(str, found)))


def _only_step(scenario: Scenario, resource: str) -> str | None:
    """The step that makes a resource, where just one does."""
    steps = [step.name for step in scenario.spec.steps if step.resource == resource]
    return steps[0] if len(steps) == 1 else None

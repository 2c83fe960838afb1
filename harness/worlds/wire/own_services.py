"""The user's own services behind the proxies: started, asked ahead of the injector, killed, and asked again.

Owns their processes, the threads in which their answers are waited for, and the question after settling
what they hold, which goes past the proxy. Refuses to know what an answer means (`OwnService`).

A request that is to be delivered is delivered before the fault injector handles it, outside the lock of the
run: the service may take its time, and copies that come at once are with it at the same time.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.adapter.subprocess import ended_how, last_words
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import EnvironmentFault, UsageError, misplaced
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.participant import OwnService, Participant, Request, Response
from harness.participant.own_service import Asked, Holdings
from harness.participant.upstream import Address, request_to
from harness.plan.decision import Copy, Delivery
from harness.processes import Command, Group
from harness.processes.orphans import reap_family
from harness.processes.ports import listens, wait_until_free
from harness.scenario import Scenario
from harness.worlds.wire.background import PREFIX
from harness.worlds.wire.forwarding import NOBODY, ask

UP_LIMIT_S = 60.0
FREE_LIMIT_S = 5.0
AGREE_LIMIT_S = 1.0
"""For what a service holds to become what it answered: it may still be at work."""

SETTLED_S = 0.15
"""Before they are asked: what a service commits after its answer has landed by then, or counts as lost."""

_POLL_S = 0.02
_AGAIN_S = 0.1
_THREADS = 16


class RunningService:
    """One service for as long as its world is open. Used from several threads, one at a time."""

    def __init__(self, prototype: OwnService, number: int) -> None:
        self.prototype = prototype
        self._mark = f"own-{os.getpid()}-{number}"
        self._group: Group | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="saga-chaos-own-"))
        self.folder = self._folder if prototype.launch.start else Path()
        self._starts = 0
        self._up = threading.Event()
        self._up.set()
        self._coming_back: Future[None] | None = None
        launch = prototype.launch
        self.address = launch.address or Address(host="127.0.0.1", port=_free_port())

    def ask(self, request: Request) -> Response:
        """Its answer to a request, from any thread; while it is on its way back, that is waited for."""
        self._up.wait(UP_LIMIT_S)
        return ask(self.address, request)

    def ensure_up(self) -> None:
        """Raises UsageError where it does not come up, or ended by itself."""
        if not self.prototype.launch.start:
            if not listens(self.address.host, self.address.port):
                where = f"{self.prototype.launch.where}, url"
                raise UsageError(misplaced(where, f"nobody at {self.address}", "the service to be up"))
            return
        if self._group is None:
            self._start()
        self.check_alive()

    def check_alive(self) -> None:
        """Raises UsageError where its process ended by itself."""
        if self._coming_back is not None:
            self._coming_back.result()
            self._coming_back = None
        self._check_exit()

    def _check_exit(self) -> None:
        code = self._group.exit_code() if self._group is not None else None
        if code is not None:
            raise self._not_up(f"its process ended by itself, {ended_how(code)}")

    def kill(self) -> None:
        """SIGKILL; whoever asks it from now on waits until it is back."""
        self._up.clear()
        self._end()

    def back_soon(self, pool: ThreadPoolExecutor) -> None:
        """Start it again with the store that it had. What is wrong with that, `check_alive` tells."""
        self._coming_back = pool.submit(self._come_back)

    def _come_back(self) -> None:
        try:
            self._start()
        finally:
            self._up.set()

    def reset(self) -> None:
        """Empty it, where there is a request for that. Raises UsageError where that is refused."""
        reset = self.prototype.launch.reset
        if reset:
            answer = ask(self.address, request_to(reset, {}))
            if not 200 <= answer.status < 300:
                where = f"{self.prototype.launch.where}, reset = {reset!r}"
                raise UsageError(misplaced(where, f"status {answer.status}", "an answer 2xx"))

    def close(self) -> None:
        """Nothing of it is left, its folder included."""
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        launch, known = self.prototype.launch, {"port": str(self.address.port), "folder": str(self._folder)}
        self._starts += 1
        command = Command(
            line=tuple(_filled(one, known) for one in launch.start),
            cwd=launch.cwd,
            env={name: _filled(value, known) for name, value in launch.env.items()},
        )
        files = self._folder / f"service-{self._starts}"
        self._group = Group(command, mark=self._mark, files=files)
        deadline_s = monotonic_s() + UP_LIMIT_S
        while not self._healthy():
            self._check_exit()
            if monotonic_s() > deadline_s:
                raise self._not_up(f"no answer {UP_LIMIT_S:g} s after its start")
            sleep_s(_POLL_S)
        self._check_exit()  # else it is a stranger who answers

    def _healthy(self) -> bool:
        health = self.prototype.launch.health
        if not health:
            return listens(self.address.host, self.address.port)
        return 200 <= ask(self.address, request_to(f"GET {health}", {}), UP_LIMIT_S).status < 300

    def _end(self) -> None:
        group, self._group = self._group, None
        if group is None:
            return
        reap_family(group)
        if not wait_until_free(self.address.host, self.address.port, FREE_LIMIT_S):
            where = f"{self.prototype.launch.where}, after its process was killed"
            raise EnvironmentFault(misplaced(where, f"somebody at {self.address}", "a free port"))

    def _not_up(self, found: str) -> UsageError:
        said = "" if self._group is None else self._group.stderr() or self._group.stdout()
        launch = self.prototype.launch
        where = f"{launch.where}, started by {' '.join(launch.start)} in {launch.cwd}"
        return UsageError(misplaced(where, found, f"it to serve at {self.address}{last_words(said)}"))


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
            one.name: one.up(self._service(one.name).ask) if isinstance(one, OwnService) else one
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
    answer = ask(one.address, request_to(asked, {"saga_id": saga_id}))
    if answer.status in (404, 410):
        return ()
    if not 200 <= answer.status < 300:
        one.check_alive()
        found = f"nobody at {one.address}" if answer.status == NOBODY else f"status {answer.status}"
        where = f"{one.prototype.launch.where}, holds = {asked!r}"
        raise UsageError(misplaced(where, found, "an answer 2xx, or 404 where it holds nothing"))
    return participant.ids_held(resource, answer)


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


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

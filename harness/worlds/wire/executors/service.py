"""An HTTP service: one process for all executors of a run, or one that is there already.

An executor is a call of it: POST, then GET until the saga has ended (DESIGN, "Saga under test", 3).
Owns asking it, on a thread of each executor's own, because a service may take its time for any answer.
Refuses to know its process (`service_process`).
"""

from __future__ import annotations

import http.client
import os
import threading
from contextlib import suppress
from urllib.parse import quote

import msgspec

from harness.adapter import Returned, SagaAdapter, read_outcome
from harness.adapter.http import HttpSaga, Restart, found_at
from harness.adapter.printed import printed_elsewhere
from harness.adapter.subprocess import cut
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import SagaChaosError, UsageError, misplaced
from harness.processes import Marked
from harness.saga import Json, Status
from harness.worlds.wire.background import PREFIX
from harness.worlds.wire.executors.made_ids import MadeIds
from harness.worlds.wire.executors.running import Place
from harness.worlds.wire.executors.service_process import ANSWER_LIMIT_S, ServiceProcess
from harness.worlds.wire.executors.stage import Executors, Stage
from harness.worlds.wire.executors.supervisor import Supervisor

FIRST_POLL_S = 0.005
LAST_POLL_S = 0.05
UNKNOWN_LIMIT_S = 1.0
"""A saga that was accepted and is unknown for so long is lost."""

QUIET_S = 0.05


def make(saga: SagaAdapter, stage: Stage) -> Executors:
    """Calls of the service."""
    assert isinstance(saga, HttpSaga)
    return Supervisor(stage, Service(saga, stage))


class _Gone(Exception):  # noqa: N818 - named for what is so
    """Whoever asked was given up, or the service ended."""


class Service:
    """The service in one run: a process of the run's own where the plan kills it, else one that is kept.

    A kept one is given back where each saga has said its last word and nobody works for it any more; else
    it is ended, so that it disturbs no other run. shared: the process, where other sagas of the run are
    asked for there too; whoever lent it gives it back.
    """

    def __init__(self, saga: HttpSaga, stage: Stage, *, shared: ServiceProcess | None = None) -> None:
        self.saga = saga
        self.stage = stage
        own = shared is None and (stage.kills or (bool(saga.start) and saga.restart is Restart.EACH_RUN))
        self.process = shared or (self._own() if own else stage.services.lend(saga, stage.process_urls))
        self._kept = not own
        self.ids = MadeIds(saga, stage.saga_id, stage.traffic)
        stage.traffic.injector.names.made_earlier(self.process.made_ids)
        self._askings: list[Asking] = []
        self._quiet = False

    def _own(self) -> ServiceProcess:
        stage = self.stage
        stage.services.end()  # it may listen at the address that this one is to have
        return ServiceProcess(
            self.saga,
            urls=stage.process_urls,
            folder=stage.folder,
            mark=stage.mark,
            ports=stage.services.ports,
        )

    # What the supervisor asks -----------------------------------------------------------------

    @property
    def endpoint_set(self) -> int | None:
        """Where the service finds its participants as long as it lives."""
        return self.process.endpoint_set

    def start(self, place: Place) -> Asking:
        asking = Asking(self, place)
        self._askings.append(asking)
        return asking

    def run_on(self, until_s: float) -> None:
        """What the service does after its last word, until it has been quiet for a moment."""
        self.stage.until_quiet(QUIET_S, until_s, lambda: True)
        self._quiet = True

    def close(self) -> None:
        if not self._kept:
            self.process.close()
            printed_elsewhere(self.process.said())
            return
        printed_elsewhere(self.process.said())
        self.process.made_ids.update(self.stage.traffic.injector.names.made)
        calls, signals = self.stage.traffic.calls, self.stage.traffic.signals
        done = self._quiet and not self._unfinished and signals.over is None and signals.fault is None
        self.stage.services.give_back(fit=done, leftovers=lambda: calls.leftovers)

    # What an executor asks ----------------------------------------------------------------------

    @property
    def _unfinished(self) -> bool:
        """Whether a saga that it was asked for has not said its last word."""
        return not all(one.has_ended for one in self._askings)

    def kill(self) -> None:
        """Not where it is kept, and has done all that it was asked for."""
        if not self._kept or self._unfinished:
            self.process.kill()

    def reap(self) -> None:
        if not self._kept or self._unfinished:
            self.process.reap()

    def ask(self, method: str, path: str, body: Json = None) -> tuple[int, bytes]:
        """One request. Raises OSError or HTTPException."""
        left_s = max(0.1, self.stage.deadline_s() - monotonic_s())
        return self.process.ask(method, path, body, limit_s=ANSWER_LIMIT_S if method == "GET" else left_s)


class Asking:
    """One executor: a saga begun, or asked for, until it has ended."""

    cancelled = False
    cancellable = False
    at: str | None = None

    def __init__(self, service: Service, place: Place) -> None:
        self._service = service
        self._place = place
        self._out, self._in = os.pipe()
        self._given_up = False
        self._known_as: str | None = None
        self._up = place.resumed  # it came up once, so it can
        self._returned: Returned | None = None
        self._error: SagaChaosError | None = None
        self._thread = threading.Thread(target=self._work, name=f"{PREFIX}-asking", daemon=True)
        self._thread.start()

    def fileno(self) -> int | None:
        return self._out

    def returned(self) -> Returned | None:
        if self._error is not None:
            raise self._error
        return self._returned

    @property
    def has_ended(self) -> bool:
        """Whether the saga said its last word."""
        return self._returned is not None and self._returned.problem is None

    def over(self) -> bool:
        return self._service.process.over()

    def kill(self) -> None:
        self._given_up = True
        self._service.kill()

    def freeze(self) -> None:
        self._service.process.freeze()

    def wake(self) -> None:
        self._service.process.wake()

    def cancel(self) -> None:
        """Nobody asks for it."""

    def left(self) -> tuple[Marked, ...]:
        return ()

    def reap(self) -> None:
        if self._given_up:
            self._service.reap()
        self._given_up = True
        self._thread.join(ANSWER_LIMIT_S)
        if self._out >= 0:
            os.close(self._out)
            os.close(self._in)
            self._out = self._in = -1

    def check(self) -> None:
        """Raises _Gone once nobody waits for an answer any more."""
        if self._given_up:
            raise _Gone

    # On its thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._returned = self._outcome()
        except _Gone:
            return
        except SagaChaosError as error:
            if self._up and isinstance(error, UsageError):
                self._returned = Returned(problem=str(error))  # a finding
            else:
                self._error = error
        with suppress(OSError):
            os.write(self._in, b"!")

    def _outcome(self) -> Returned:
        base_url = self._service.saga.base_url
        self.at = f"nobody listens at {base_url}, where the service is to be"
        self._service.process.ensure_up(self._place, self.check)
        self._up = True
        if not self._place.resumed or self._service.ids.latest is None or self._told() is None:
            problem = self._begin()
            if problem is not None:
                return Returned(problem=problem)
        return self._poll()

    def _begin(self) -> str | None:
        service, fields = self._service, self._service.saga.fields
        path = service.saga.paths.start
        body = {fields.id: service.stage.saga_id, fields.input: service.stage.input}
        service.ids.expect()
        self.at = f"POST {path} is not answered by the service"
        try:
            status, answer = service.ask("POST", path, body)
        except (OSError, http.client.HTTPException) as error:
            service.ids.lost()
            self.check()
            service.process.check_alive()
            if service.process.restarting:
                return None  # killed beside another executor; whoever restarted it is asked
            return f"POST {path} failed: {type(error).__name__}: {error}"
        if 200 <= status < 300:
            problem = service.ids.read(answer)
            self._known_as = service.ids.latest
            return problem
        service.ids.lost()
        if status == http.HTTPStatus.CONFLICT and not self._is_first:
            return None
        return misplaced(f"POST {path}: {cut(answer.decode(errors='replace'))!r}", status, "2xx")

    @property
    def _is_first(self) -> bool:
        return self._place.executor == 1

    def _told(self) -> bytes | None:
        """What the service says of the saga; None where it knows none."""
        service = self._service
        while True:
            self.check()
            known_as = self._known_as or service.ids.latest
            if known_as is None:  # another executor's POST has not been answered
                service.process.check_alive()
                sleep_s(FIRST_POLL_S)
                continue
            path = service.saga.paths.status.replace("{id}", quote(known_as, safe=""))
            try:
                status, answer = service.ask("GET", path)
            except (OSError, http.client.HTTPException) as error:
                self.at = f"GET {path} is not answered by the service ({type(error).__name__})"
                service.process.check_alive()
                sleep_s(FIRST_POLL_S)
                continue
            self.at = f"the service answers GET {path} by {status} {cut(answer.decode(errors='replace'))}"
            if status == http.HTTPStatus.NOT_FOUND:
                return None
            if 200 <= status < 300:
                return answer
            sleep_s(LAST_POLL_S)

    def _poll(self) -> Returned:
        pause_s, known_s = FIRST_POLL_S, monotonic_s()
        while True:
            told = self._told()
            if told is not None:
                known_s = monotonic_s()
                returned = self._read(told)
                if returned.status is not Status.RUNNING:
                    return returned
            elif monotonic_s() > known_s + UNKNOWN_LIMIT_S:
                return Returned(problem="the service accepted the saga and does not know it: found 404")
            sleep_s(pause_s)
            pause_s = min(pause_s * 1.5, LAST_POLL_S)

    def _read(self, told: bytes) -> Returned:
        saga = self._service.saga
        try:
            value = msgspec.json.decode(told)
        except msgspec.DecodeError as error:
            text = cut(told.decode(errors="replace"))
            return Returned(problem=misplaced("the service answered", text, f"JSON ({error})"))
        if not isinstance(value, dict):
            return read_outcome(value)
        status, detail = found_at(value, saga.fields.status), found_at(value, saga.fields.detail)
        if status is None:
            where = f"the service answered {cut(told.decode(errors='replace'))}, field"
            expected = "it (fields = { status = … } in [saga] says what it is called)"
            return Returned(problem=misplaced(where, f"no {saga.fields.status!r}", expected))
        if isinstance(status, str):
            status = saga.statuses.get(status, status)
        returned = read_outcome({"status": status, "detail": detail})
        if returned.problem is None or not isinstance(status, str) or status in Status.__members__.values():
            return returned
        hint = f"; statuses = {{ {status} = … }} in [saga] says what a word of the service's own means"
        return msgspec.structs.replace(returned, problem=returned.problem + hint)

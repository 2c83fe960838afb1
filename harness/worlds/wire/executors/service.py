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
from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import cut
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import SagaChaosError, UsageError, misplaced
from harness.processes import Marked
from harness.saga import Status
from harness.worlds.wire.background import PREFIX
from harness.worlds.wire.executors.running import Place
from harness.worlds.wire.executors.service_process import ANSWER_LIMIT_S, ServiceProcess
from harness.worlds.wire.executors.stage import Executors, Stage
from harness.worlds.wire.executors.supervisor import Supervisor

FIRST_POLL_S = 0.02
LAST_POLL_S = 0.2
UNKNOWN_LIMIT_S = 1.0
"""A saga that was accepted and is unknown for so long is lost."""

QUIET_S = 0.05


def make(saga: SagaAdapter, stage: Stage) -> Executors:
    """Calls of the service."""
    assert isinstance(saga, HttpSaga)
    return Supervisor(stage, Service(saga, stage))


class _Gone(Exception):  # noqa: N818 - named for what is so
    """Whoever asked was given up, or the service ended."""


class Service(ServiceProcess):
    """Starts executors of one run."""

    def start(self, place: Place) -> Asking:
        return Asking(self, place)

    def run_on(self, until_s: float) -> None:
        """What the service does after its last word, until it has been quiet for a moment."""
        self.stage.until_quiet(QUIET_S, until_s, lambda: True)


class Asking:
    """One executor: a saga begun, or asked for, until it has ended."""

    cancelled = False
    cancellable = False

    def __init__(self, service: Service, place: Place) -> None:
        self._service = service
        self._place = place
        self._out, self._in = os.pipe()
        self._given_up = False
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

    def over(self) -> bool:
        return self._service.over()

    def kill(self) -> None:
        self._given_up = True
        self._service.kill()

    def freeze(self) -> None:
        self._service.freeze()

    def wake(self) -> None:
        self._service.wake()

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
        self._service.ensure_up(self._place, self.check)
        self._up = True
        if not self._place.resumed or self._told() is None:
            problem = self._begin()
            if problem is not None:
                return Returned(problem=problem)
        return self._poll()

    def _begin(self) -> str | None:
        service, fields = self._service, self._service.saga.fields
        path = service.saga.paths.start
        body = {fields.id: service.stage.saga_id, fields.input: service.stage.input}
        try:
            status, answer = service.ask("POST", path, body)
        except (OSError, http.client.HTTPException) as error:
            self.check()
            service.check_alive()
            if service.restarting:
                return None  # killed beside another executor; whoever restarted it is asked
            return f"POST {path} failed: {type(error).__name__}: {error}"
        again = status == http.HTTPStatus.CONFLICT and not self._is_first
        if 200 <= status < 300 or again:
            return None
        return misplaced(f"POST {path}: {cut(answer.decode(errors='replace'))!r}", status, "2xx")

    @property
    def _is_first(self) -> bool:
        return self._place.executor == 1

    def _told(self) -> bytes | None:
        """What the service says of the saga; None where it knows none."""
        service = self._service
        path = service.saga.paths.status.replace("{id}", quote(service.stage.saga_id, safe=""))
        while True:
            self.check()
            try:
                status, answer = service.ask("GET", path)
            except (OSError, http.client.HTTPException):
                service.check_alive()
                sleep_s(FIRST_POLL_S)
                continue
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
        fields = self._service.saga.fields
        try:
            value = msgspec.json.decode(told)
        except msgspec.DecodeError as error:
            text = cut(told.decode(errors="replace"))
            return Returned(problem=misplaced("the service answered", text, f"JSON ({error})"))
        if not isinstance(value, dict):
            return read_outcome(value)
        return read_outcome({"status": value.get(fields.status), "detail": value.get(fields.detail)})

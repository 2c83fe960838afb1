"""An HTTP service: one process for all executors of a run, or one that is there already.

An executor is a call of it: POST, then GET until the saga has ended (DESIGN, "Saga under test", 3).
Owns starting the service, restarting it after a crash, and asking it. It asks on a thread of each
executor's own, because a service may take its time for any answer.
"""

from __future__ import annotations

import http.client
import os
import threading
from contextlib import suppress
from urllib.parse import quote, urlsplit

import msgspec

from harness.adapter import Returned, SagaAdapter, read_outcome
from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import cut, ended_how, environment
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import EnvironmentFault, SagaChaosError, UsageError, misplaced
from harness.processes import Command, Group, Marked
from harness.processes.ports import listens, wait_until_free
from harness.saga import Json, Status
from harness.worlds.wire.background import PREFIX
from harness.worlds.wire.executors.running import Place
from harness.worlds.wire.executors.stage import Executors, Stage
from harness.worlds.wire.executors.supervisor import Supervisor

READY_LIMIT_S = 10.0
FREE_LIMIT_S = 5.0
READY_POLL_S = 0.01
FIRST_POLL_S = 0.02
LAST_POLL_S = 0.2
ANSWER_LIMIT_S = 5.0
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
    """The service of one run."""

    def __init__(self, saga: HttpSaga, stage: Stage) -> None:
        self.saga = saga
        self.stage = stage
        self._base = urlsplit(saga.base_url)
        self._host = self._base.hostname or ""
        self._port = self._base.port or (443 if self._base.scheme == "https" else 80)
        self._group: Group | None = None
        self._started = 0
        self._starting = threading.Lock()
        self._endpoint_set: int | None = None
        self._killed = False

    # What the supervisor asks -----------------------------------------------------------------

    @property
    def endpoint_set(self) -> int | None:
        """Where the service finds its participants as long as it lives."""
        return self._endpoint_set if self._group is not None and not self._killed else None

    @property
    def restarting(self) -> bool:
        """Whether it was killed, and is not back yet."""
        return self._killed or self._group is None

    def start(self, place: Place) -> Asking:
        return Asking(self, place)

    def run_on(self, until_s: float) -> None:
        """What the service does after its last word, until it has been quiet for a moment."""
        self.stage.until_quiet(QUIET_S, until_s, lambda: True)

    def close(self) -> None:
        self.kill()
        self.reap()

    def kill(self) -> None:
        """From any thread."""
        self._killed = True
        if self._group is not None:
            self._group.kill()

    def reap(self) -> None:
        """Nothing of it is left, and its port is free."""
        with self._starting:
            group, self._group = self._group, None
            if group is None:
                return
            group.reap()
        if not wait_until_free(self._host, self._port, FREE_LIMIT_S):
            where = f"{self.saga.base_url}, after its process was killed"
            raise EnvironmentFault(misplaced(where, "somebody still listening", "a free port"))

    def over(self) -> bool:
        """Whether its process ended by itself."""
        return self._group is not None and self._group.exit_code() is not None

    def freeze(self) -> None:
        if self._group is not None:
            self._group.freeze()

    def wake(self) -> None:
        if self._group is not None:
            self._group.wake()

    # The process ------------------------------------------------------------------------------

    def ensure_up(self, place: Place, asking: Asking) -> None:
        """Raises SagaChaosError where the service does not come up."""
        if not self.saga.start:
            if not listens(self._host, self._port):
                expected = 'the service, or start = ["…"] to have it started'
                raise UsageError(misplaced(self.saga.base_url, "nobody listening", expected))
            return
        with self._starting:
            if self._group is None:
                self._start(place)
        self._await_port(asking)

    def _start(self, place: Place) -> None:
        if listens(self._host, self._port):
            expected = f"a free port for {' '.join(self.saga.start)}"
            raise EnvironmentFault(misplaced(self.saga.base_url, "somebody listening already", expected))
        self._started += 1
        name = f"service-{self._started}"
        urls = self.stage.urls(place.endpoint_set)
        command = Command(
            line=self.saga.start,
            cwd=self.saga.cwd,
            env={**self.saga.env, **environment(urls, self.stage.store_dir)},
            host=place.host,
        )
        self._endpoint_set, self._killed = place.endpoint_set, False
        mark = f"{self.stage.saga_id}.{name}"
        self._group = Group(command, mark=mark, files=self.stage.folder() / name)

    def _await_port(self, asking: Asking) -> None:
        deadline_s = monotonic_s() + READY_LIMIT_S
        while not listens(self._host, self._port):
            asking.check()
            self.check_alive()
            if monotonic_s() > deadline_s:
                raise self._not_up(f"nobody listening {READY_LIMIT_S:g} s after its start")
            sleep_s(READY_POLL_S)
        self.check_alive()  # else it is a stranger who listens

    def check_alive(self) -> None:
        """Raises UsageError where the service ended by itself."""
        group = self._group
        code = group.exit_code() if group is not None else None
        if code is not None and not self._killed:
            raise self._not_up(f"its process ended by itself, {ended_how(code)}")

    def _not_up(self, found: str) -> UsageError:
        where = f"service {self.saga.base_url}, started by {' '.join(self.saga.start)} in {self.saga.cwd}"
        said = cut(self._group.stderr() or self._group.stdout()) if self._group is not None else ""
        last = f"; its last words: {said}" if said else ""
        return UsageError(misplaced(where, found, f"it to serve{last}"))

    # Asking -----------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Json = None) -> tuple[int, bytes]:
        """One request. Raises OSError or HTTPException."""
        kind = http.client.HTTPSConnection if self._base.scheme == "https" else http.client.HTTPConnection
        limit_s = ANSWER_LIMIT_S if method == "GET" else max(0.1, self.stage.deadline_s() - monotonic_s())
        connection = kind(self._host, self._port, timeout=limit_s)
        try:
            content = msgspec.json.encode(body) if body is not None else None
            headers = {"content-type": "application/json"} if content is not None else {}
            connection.request(method, self._base.path + path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


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
        self._service.ensure_up(self._place, self)
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

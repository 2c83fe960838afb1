"""The process of an HTTP service, and the requests that it is asked.

Owns starting the service, restarting it after a crash, and whether it still lives. A service that was
there before the run is neither started nor ended. Refuses to know sagas (`service`).
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import cut, ended_how, environment
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import EnvironmentFault, UsageError, misplaced
from harness.processes import Command, Group
from harness.processes.ports import listens, wait_until_free
from harness.saga import Json
from harness.worlds.wire.executors.running import Place
from harness.worlds.wire.executors.stage import Stage

READY_LIMIT_S = 10.0
FREE_LIMIT_S = 5.0
READY_POLL_S = 0.01
ANSWER_LIMIT_S = 5.0


class ServiceProcess:
    """Of one run. Started with the first executor; a crash ends it, and the next executor starts it again."""

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

    def ensure_up(self, place: Place, check: Callable[[], None]) -> None:
        """Raises SagaChaosError where the service does not come up, and what `check` raises meanwhile."""
        if not self.saga.start:
            if not listens(self._host, self._port):
                expected = 'the service, or start = ["…"] to have it started'
                raise UsageError(misplaced(self.saga.base_url, "nobody listening", expected))
            return
        with self._starting:
            if self._group is None:
                self._start(place)
        self._await_port(check)

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

    def _await_port(self, check: Callable[[], None]) -> None:
        deadline_s = monotonic_s() + READY_LIMIT_S
        while not listens(self._host, self._port):
            check()
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

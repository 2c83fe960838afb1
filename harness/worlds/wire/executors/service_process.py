"""The process of an HTTP service, and the requests that it is asked.

Owns starting the service, at a free port where it takes one, restarting it after a crash, and whether it
still lives. A service that was there before is neither started nor ended. Refuses to know sagas
(`service`), and how many runs one process serves (`kept_services`).
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import ended_how, environment, last_words
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import EnvironmentFault, UsageError, misplaced
from harness.processes import Command, Group
from harness.processes.ports import listens, wait_until_free
from harness.saga import Json
from harness.worlds.wire.executors.running import Place

READY_LIMIT_S = 10.0
FREE_LIMIT_S = 5.0
READY_POLL_S = 0.01
ANSWER_LIMIT_S = 5.0


class ServiceProcess:
    """A service that is started with the first executor; a crash ends it, and the next one starts it again.

    urls: of the participants, in an endpoint set. folder: for its files, and for its store, which survives a
    crash. mark: what its processes carry. ports: free ones, for a service that takes one.
    """

    def __init__(
        self,
        saga: HttpSaga,
        *,
        urls: Callable[[int], Mapping[str, str]],
        folder: Callable[[], Path],
        mark: str,
        ports: Iterator[int],
    ) -> None:
        self._pattern = saga
        self._urls = urls
        self._folder = folder
        self._mark = mark
        self._ports = ports
        self._starts = 0
        self.made_ids: set[str] = set()
        """By this service for sagas of runs that are over; a new service may make them again."""
        self._starting = threading.Lock()
        self._endpoint_set: int | None = None
        self._killed = False
        self._group: Group | None = None
        self._last_words = ""
        self._place(saga)

    def _place(self, saga: HttpSaga) -> None:
        """Where the service is, or is going to be."""
        self._saga = saga
        self._base: SplitResult = urlsplit(saga.base_url) if not saga.takes_a_port else urlsplit("")
        self._host = self._base.hostname or ""
        self._port = self._base.port or (443 if self._base.scheme == "https" else 80)

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
            self._last_words += group.said()
        if not wait_until_free(self._host, self._port, FREE_LIMIT_S):
            where = f"{self._saga.base_url}, after its process was killed"
            raise EnvironmentFault(misplaced(where, "somebody still listening", "a free port"))

    def said(self) -> str:
        """What the service printed since this was last asked, before its deaths too."""
        with self._starting:
            words, self._last_words = self._last_words, ""
            return words + (self._group.said() if self._group is not None else "")

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
        if not self._saga.start:
            if not listens(self._host, self._port):
                expected = 'the service, or start = ["…"] to have it started'
                raise UsageError(misplaced(self._saga.base_url, "nobody listening", expected))
            return
        with self._starting:
            if self._group is None:
                self._start(place)
        self._await_port(check)

    def _start(self, place: Place) -> None:
        if self._pattern.takes_a_port:  # another one each time, for another machine has other ports too
            self._place(self._pattern.at(next(self._ports)))
        if listens(self._host, self._port):
            expected = f"a free port for {' '.join(self._saga.start)}"
            raise EnvironmentFault(misplaced(self._saga.base_url, "somebody listening already", expected))
        self._starts += 1
        name = f"service-{self._starts}"
        store = self._folder() / "store"
        store.mkdir(exist_ok=True)
        command = Command(
            line=self._saga.start,
            cwd=self._saga.cwd,
            env={**self._saga.env, **environment(self._urls(place.endpoint_set), store)},
            host=place.host,
        )
        self._endpoint_set, self._killed = place.endpoint_set, False
        self._group = Group(command, mark=f"{self._mark}.{name}", files=self._folder() / name)

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
        where = f"service {self._saga.base_url}, started by {' '.join(self._saga.start)} in {self._saga.cwd}"
        said = "" if self._group is None else self._group.stderr() or self._group.stdout()
        return UsageError(misplaced(where, found, f"it to serve{last_words(said)}"))

    # Asking -----------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Json = None, *, limit_s: float) -> tuple[int, bytes]:
        """One request. Raises OSError or HTTPException."""
        kind = http.client.HTTPSConnection if self._base.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=limit_s)
        try:
            content = msgspec.json.encode(body) if body is not None else None
            headers = {"content-type": "application/json"} if content is not None else {}
            connection.request(method, self._base.path + path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

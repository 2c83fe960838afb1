"""One service of the user's: started, asked, killed and started again, for as long as its world is open.

Owns its process, its folder and its port, and what is said where it does not come up. Refuses to know runs
(`own_services`), and what an answer means (`OwnService`).
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from harness.adapter.subprocess import ended_how, last_words
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import EnvironmentFault, UsageError, misplaced
from harness.participant import Launch, OwnService, Request, Response
from harness.participant.upstream import Address, request_to
from harness.processes import Command, Group
from harness.processes.orphans import reap_family
from harness.processes.ports import listens, wait_until_free
from harness.worlds.wire.forwarding import NOBODY, ask

UP_LIMIT_S = 60.0
REFUSED_LIMIT_S = 10.0
"""For a health path that answers 4xx, as one does that is misspelt; a service that still begins says 5xx."""

FREE_LIMIT_S = 5.0

_POLL_S = 0.02


class RunningService:
    """One service for as long as its world is open. Used from several threads, one at a time."""

    def __init__(self, prototype: OwnService, number: int) -> None:
        self.prototype = prototype
        self._mark = f"own-{os.getpid()}-{number}"
        self._group: Group | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="saga-chaos-own-"))
        self.folder = self._folder if prototype.launch.start else Path()
        self._starts = 0
        self._health = Response(status=NOBODY)
        self._up = threading.Event()
        self._up.set()
        self._coming_back: Future[None] | None = None
        launch = prototype.launch
        self.address = launch.address or Address(host="127.0.0.1", port=_free_port())

    def ask(self, request: Request) -> Response:
        """Its answer to a request, from any thread; while it is on its way back, that is waited for."""
        self._up.wait(UP_LIMIT_S)
        return ask(self.address, request)

    def known_to(self, participant: OwnService) -> OwnService:
        """The participant of a run, which asks this service."""
        return participant.up(self.ask, self.address)

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
            answer = ask(self.address, request_to(reset, {}, our_headers(self.prototype.launch)))
            if not 200 <= answer.status < 300:
                where = f"{self.prototype.launch.where}, reset = {reset!r}"
                raise UsageError(
                    misplaced(where, told(answer, self.address), expected_of("an answer 2xx", answer))
                )

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
        began_s = monotonic_s()
        refused_s: float | None = None
        while not self._healthy():
            self._check_exit()
            now_s = monotonic_s()
            refused_s = (refused_s or now_s) if 400 <= self._health.status < 500 else None
            if now_s > began_s + UP_LIMIT_S or (
                refused_s is not None and now_s > refused_s + REFUSED_LIMIT_S
            ):
                raise self._not_up(f"{self._unwell()} {now_s - began_s:.0f} s after its start")
            sleep_s(_POLL_S)
        self._check_exit()  # else it is a stranger who answers

    def _healthy(self) -> bool:
        health = self.prototype.launch.health
        if not health:
            return listens(self.address.host, self.address.port)
        request = request_to(f"GET {health}", {}, our_headers(self.prototype.launch))
        self._health = ask(self.address, request, UP_LIMIT_S)
        return 200 <= self._health.status < 300

    def _unwell(self) -> str:
        """What it does in place of being up."""
        if not self.prototype.launch.health:
            return "nobody listening"
        if self._health.status == NOBODY:
            return "no answer"
        return f"status {self._health.status} of GET {self.prototype.launch.health}"

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
        expected = expected_of(f"it to serve at {self.address}", self._health)
        return UsageError(misplaced(where, found, f"{expected}{last_words(said)}"))


def our_headers(launch: Launch) -> dict[str, str]:
    return {name.lower(): value for name, value in launch.headers.items()}


def told(answer: Response, address: Address) -> str:
    """What came in the place of the answer that was asked for."""
    if answer.status == NOBODY:
        return f"nobody at {address}"
    there = next((value for name, value in answer.headers if name.lower() == "location"), "")
    return f"status {answer.status}, to {there}" if there else f"status {answer.status}"


def expected_of(what: str, answer: Response) -> str:
    if answer.status in (401, 403):
        return f"{what}; `headers` of the participant go with what is asked here"
    return what


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

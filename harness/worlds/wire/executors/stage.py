"""What a run gives its executors: the saga's input and surroundings, its time, and the record of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from harness.adapter import Returned
from harness.adapter.subprocess import as_processes_find_them
from harness.adapter.whereabouts import waits_at
from harness.clock.real import monotonic_ns, monotonic_s, sleep_s
from harness.history import Recorder
from harness.lifecycle import RecordEnd, RecordWake, Start
from harness.lifecycle.recording import ExecutorRecords
from harness.saga import Json
from harness.scenario import Scenario
from harness.worlds.bounds import too_late
from harness.worlds.wire.executors.function_calls import TimedOut
from harness.worlds.wire.executors.kept_loops import KeptLoops
from harness.worlds.wire.executors.kept_services import KeptServices
from harness.worlds.wire.traffic import Traffic

QUIET_POLL_S = 0.02


class Executors(Protocol):
    """Runs the saga, as often as it takes, within one run."""

    @property
    def last_word(self) -> Returned:
        """What the executor that ended last said."""

    def run(self) -> None:
        """Start the first one; until it and all that come after it have ended."""

    def call_again(self) -> bool:
        """Where the last word was `running`, once more, after a while; whether anybody was called."""

    def interrupt(self) -> None:
        """From any thread: the run is over, whoever runs has to end."""

    def run_on(self, until_s: float) -> None:
        """Let what outlived its end go on until it is done or the time is up."""

    def left(self) -> list[str]:
        """What outlived its end and still works, for people."""

    def close(self) -> None:
        """End what is left."""


class Stage:
    """One run, as its executors see it.

    mark: what the processes of this run carry, and those of no other: two harnesses may run the same id.
    urls: of the participants, in an endpoint set of theirs (from 1). deadline_s: when the saga's time is up,
    which may come nearer. folder: of this run, gone after it. kills: the plan ends processes, or stops them.
    services, loops: those that outlive a run.
    """

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the run
        self,
        *,
        scenario: Scenario,
        input_: Json,
        saga_id: str,
        traffic: Traffic,
        recorder: Recorder,
        urls: Callable[[int], Mapping[str, str]],
        folder: Callable[[], Path],
        deadline_s: Callable[[], float],
        kills: bool,
        services: KeptServices,
        loops: KeptLoops,
    ) -> None:
        self.scenario = scenario
        self.input = input_
        self.saga_id = saga_id
        self.mark = f"run-{os.getpid():x}.{monotonic_ns():x}"
        self.traffic = traffic
        self.urls = urls
        self.folder = folder
        self.deadline_s = deadline_s
        self.kills = kills
        self.services = services
        self.loops = loops
        self._records = ExecutorRecords(recorder, saga_id)

    def process_urls(self, endpoint_set: int) -> Mapping[str, str]:
        """`urls`, as the environment of a process names them."""
        return as_processes_find_them(self.urls(endpoint_set), self.scenario.only_bus)

    @property
    def store_dir(self) -> Path:
        """Survives a crash."""
        store = self.folder() / "store"
        store.mkdir(exist_ok=True)
        return store

    @property
    def late(self) -> str:
        """What is wrong with a saga whose time is up."""
        return too_late(self.scenario.limit_s("wire"))

    def late_at(self, end: BaseException) -> str:
        """The same, with the line of the saga's own code at which it waits, where that is known."""
        at = end.at if isinstance(end, TimedOut) else waits_at(end)
        return f"{self.late}: {at}" if at else self.late

    def in_time(self) -> bool:
        """Whether the saga's time is not up yet."""
        return monotonic_s() < self.deadline_s()

    def until_quiet(self, quiet_s: float, until_s: float, going_on: Callable[[], object]) -> None:
        """Wait while something goes on, until no call came for so long, or the time is up."""
        injector = self.traffic.injector
        calls, since_s = injector.calls, monotonic_s()
        while going_on() and monotonic_s() < min(until_s, since_s + quiet_s):
            if injector.calls > calls:
                calls, since_s = injector.calls, monotonic_s()
            sleep_s(QUIET_POLL_S)

    def started(self, command: Start) -> None:
        """Record a new executor."""
        with self.traffic.lock:
            self.traffic.executors.began(command.executor)
            self._records.started(command)

    def ended(self, command: RecordEnd) -> None:
        """Record what came back."""
        with self.traffic.lock:
            self.traffic.calls.deliver_slow()
            if not command.timed_out:
                self.traffic.executors.tell_ended()
            self._records.ended(command)

    def woken(self, command: RecordWake) -> None:
        """Record that a frozen one goes on."""
        with self.traffic.lock:
            self._records.woken(command)

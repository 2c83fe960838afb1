"""A command for each executor: `CMD run ID`, `CMD resume ID` (DESIGN, "Saga under test", 2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from harness.adapter import Returned, SagaAdapter
from harness.adapter.printed import printed_elsewhere
from harness.adapter.subprocess import SubprocessSaga, environment, read_output, without_outcome
from harness.processes import Command, Group, Marked
from harness.worlds.wire.executors.running import Place
from harness.worlds.wire.executors.stage import Executors, Stage
from harness.worlds.wire.executors.supervisor import Supervisor

_MOST_OF_A_LINE = 200


def make(saga: SagaAdapter, stage: Stage) -> Executors:
    """A process for each."""
    assert isinstance(saga, SubprocessSaga)
    return Supervisor(stage, starter(saga, stage))


def starter(saga: SubprocessSaga, stage: Stage) -> Commands:
    """What starts them."""
    return Commands(stage, line=saga.command, cwd=saga.cwd, env=saga.env)


class Commands:
    """Starts a command for each executor of one run."""

    def __init__(self, stage: Stage, *, line: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> None:
        self._stage = stage
        self._line = line
        self._cwd = cwd
        self._env = env

    def start(self, place: Place) -> RunningCommand:
        """Raises CannotStart."""
        stage = self._stage
        word = "resume" if place.resumed else "run"
        command = Command(
            line=(*self._line, word, stage.saga_id),
            cwd=self._cwd,
            env={**self._env, **environment(stage.process_urls(place.endpoint_set), stage.store_dir)},
            stdin=msgspec.json.encode(stage.input),
            host=place.host,
        )
        mark = f"{stage.mark}.{place.executor}"
        return self.running(Group(command, mark=mark, files=stage.folder() / f"executor-{place.executor}"))

    def running(self, group: Group) -> RunningCommand:
        """How it is heard."""
        return RunningCommand(group)

    @property
    def endpoint_set(self) -> int | None:
        """Any that is free: each command is given the addresses of its participants."""
        return None

    def run_on(self, until_s: float) -> None:
        """A command that has ended works no more; its children are those of the executor."""

    def close(self) -> None:
        """Nothing is kept between two executors."""


class RunningCommand:
    """One executor."""

    cancelled = False
    cancellable = False

    def __init__(self, group: Group) -> None:
        self._group = group
        self._heard = False

    @property
    def at(self) -> str:
        """Nobody sees into a command: that it runs, and its last line, is what is known."""
        said = (self._group.stderr() or self._group.stdout()).strip()
        last = said.rpartition("\n")[2].strip()[:_MOST_OF_A_LINE]
        printed = f"printed last {last!r}" if last else "printed nothing"
        return f"the command still runs, and has {printed}"

    def fileno(self) -> int | None:
        return self._group.fileno()

    def returned(self) -> Returned | None:
        code = self._group.exit_code()
        if code is None:
            return None
        return read_output(self._group.stdout(), self._group.stderr(), code)

    def over(self) -> bool:
        return self._group.exit_code() is not None

    def kill(self) -> None:
        self._group.kill()

    def freeze(self) -> None:
        self._group.freeze()

    def wake(self) -> None:
        self._group.wake()

    def cancel(self) -> None:
        """Nobody asks for it."""

    def left(self) -> tuple[Marked, ...]:
        return self._group.left()

    def reap(self) -> None:
        self._group.reap()
        if not self._heard:
            self._heard = True
            printed_elsewhere(without_outcome(self._group.stdout()) + self._group.stderr())

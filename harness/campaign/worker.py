"""One worker process, as the pool sees it: started, opened, sent to, heard, and ended.

Owns its process, its pipe and the mark of what it starts. Refuses to choose what it works at: the pool does.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from harness.campaign.drawn import Drawing
from harness.campaign.local import Failed, Open, work
from harness.campaign.processes import start_undisturbed
from harness.choices import WorldName
from harness.clock import real
from harness.errors import EnvironmentFault
from harness.invariants import Verdict
from harness.report_model import Proxy
from harness.runner import saga_id_for
from harness.scenario import Scenario
from harness.search.chunks import Reached
from harness.search.run_summary import Found, Job, RunSummary, input_of

_CONTEXT = multiprocessing.get_context("spawn")
_END_S = 5
"""Real seconds that a worker has to end by itself."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A worker is lost: its saga ended or blocked the process."""

    why: str


@dataclass(slots=True, eq=False)
class Worker:
    """jobs, drawing: what it works at, of the one kind or the other.

    known: the runs that its drawing builds on.
    """

    process: BaseProcess
    pipe: Connection
    mark: str
    jobs: list[tuple[int, Job]] = field(default_factory=list)
    since_s: float = 0.0
    drawing: Drawing | None = None
    known: tuple[Reached, ...] = ()

    @classmethod
    def started(cls, load: Callable[[str], Scenario], mark: str, open_: Open) -> Worker:
        """It imports and opens its world; `await_open` waits for that."""
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=work, args=(theirs, load), daemon=True)
        start_undisturbed(process, mark)
        theirs.close()
        worker = cls(process, ours, mark)
        worker.send(open_)
        return worker

    @property
    def busy(self) -> bool:
        """Whether a message of it is awaited."""
        return bool(self.jobs) or self.drawing is not None

    def send(self, message: object) -> None:
        """Hand it a message. If it is gone, the next `received` says so."""
        with suppress(BrokenPipeError, OSError):
            self.pipe.send(message)

    def received(self) -> object:
        """Its next message, or that it is gone. Raises the error that ended its work."""
        try:
            message: object = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(timeout=_END_S)
            return Gone(f"ended the process (exit status {self.process.exitcode})")
        if isinstance(message, Failed):
            raise message.error
        self.since_s = real.monotonic_s()
        return message

    def await_open(self, note: Callable[[str], None]) -> Proxy:
        """Wait until its world is open. Raises EnvironmentFault where it ends before."""
        while True:
            try:
                message = self.pipe.recv()
            except (EOFError, OSError) as error:
                raise EnvironmentFault(
                    f"worker process {self.process.pid}: found it ended "
                    f"(exit status {self.process.exitcode}) while it loaded the scenario, "
                    "expected it to answer"
                ) from error
            if isinstance(message, str):
                note(message)
            elif isinstance(message, Failed):
                raise message.error
            else:
                proxy: Proxy = message.proxy
                return proxy

    def ended(self) -> None:
        """Wait for its end, and kill it where it does not end by itself. Its pipe is closed already."""
        self.process.join(timeout=_END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def killed(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def lost_run(scenario: Scenario, world: WorldName, job: Job, gone: Gone) -> RunSummary:
    """The run during which a worker was lost violates *termination*."""
    input_index, plan = job
    input_ = input_of(scenario, input_index)
    return RunSummary(
        input_index=input_index,
        plan=plan,
        saga_id=saga_id_for(scenario, input_, plan, world),
        input=input_,
        found={"termination": Found(Verdict.VIOLATED, f"the saga {gone.why}")},
        strikes=(0,) * len(plan.faults),
        collateral=0,
        kinds=(),
        sites=(),
        trace=b"",
        situations=(),
        statuses=(None,),
    )

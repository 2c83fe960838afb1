"""A participant is a protocol: one that is no `RestParticipant` is searched and judged alike."""

from __future__ import annotations

from pathlib import Path

import httpx

from harness.adapter import CallableSaga, SagaContext
from harness.conformance.request_log import RequestLog
from harness.history.events import EffectApplied, FaultFired
from harness.participant import Participant, RestParticipant
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import Json, SagaSpec, Step
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.kit import BANK, CHARGE, search
from tests.planted.sagas import Saga, Task
from tests.unit.participant.mailbox import Mailbox

LETTER = Task(name="letter", at="mailbox")
SEND = "mailbox.letter.create"
RECALL = "mailbox.letter.delete_by_saga"
COMMANDS = {"POST": "send", "DELETE": "recall", "GET": "list"}


class Writer(Saga):
    """Sound: speaks to the mailbox in commands, to the bank by routes."""

    async def send(self, method: str, task: Task, path: str, *, key: str | None = None) -> httpx.Response:
        if task.at != "mailbox":
            return await super().send(method, task, path, key=key)
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        content = {"do": COMMANDS[method], "once": key, "saga_id": self.ctx.saga_id}
        url = f"{self.ctx.urls['mailbox']}/commands"
        return await self.ctx.client.post(url, json=content, timeout=self.timeout_s)


class LeavesLetters(Writer):
    """Broken: it says that it has undone the letter, and does not recall it."""

    async def undo(self, task: Task) -> bool:
        return task.at == "mailbox" or await super().undo(task)


def scenario(kind: type[Saga] = Writer) -> Scenario:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        return await kind(ctx, (LETTER, CHARGE)).run()

    steps = (
        Step(name="letter", action=SEND, compensation=RECALL),
        Step(name="charge", action="bank.charge.create", compensation="bank.charge.delete_by_saga"),
    )
    return Scenario(
        name="letters",
        spec=SagaSpec(name="letters", steps=steps),
        participants=(Mailbox(), BANK),
        saga=CallableSaga(saga, "letters"),
    )


def run(one: Scenario, *faults: Fault) -> Run:
    with SimWorld() as world:
        return run_once(one, {}, FaultPlan(faults), world)


def test_both_are_participants() -> None:
    both: tuple[Participant, ...] = (Mailbox(), RestParticipant("shop", BANK.resources))
    assert not isinstance(both[0], RestParticipant)
    assert [min(one.operations).partition(".")[0] for one in both] == ["mailbox", "shop"]


def test_its_effects_and_faults_stand_in_the_history() -> None:
    found = run(scenario(), Fault(kind="error_after", operation=SEND, count=2))
    assert [one.kind for _, one in found.history.of(FaultFired)] == ["error_after", "error_after"]
    effects = [(one.change, one.resource, one.step) for _, one in found.history.of(EffectApplied)]
    assert effects == [("created", "mailbox.letter", "letter"), ("removed", "mailbox.letter", "letter")]
    assert next(call.sent.key for call in found.history.calls) == f"{found.saga_id}:letter"
    assert not found.violated


def test_each_run_has_a_fresh_one() -> None:
    one = scenario()
    assert run(one).history == run(one).history


def test_guided_search_passes_the_sound_saga_and_catches_the_broken_one() -> None:
    with SimWorld() as world:
        sound = search(scenario(), world, 1)
        broken = search(scenario(LeavesLetters), world, 1)
    assert sound.told == {}
    assert sound.completes
    assert "no_orphaned_resources" in broken.told


def test_conformance_writes_its_requests_down(tmp_path: Path) -> None:
    log = RequestLog(lambda _: scenario(), tmp_path / "requests")
    run(log("letters"))
    heard = [(one.operation, one.owes_key, one.named) for one in log.requests()]
    assert heard == [(SEND, True, True), ("bank.charge.create", True, True)]

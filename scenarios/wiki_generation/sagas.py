"""The hardened wiki generation, with sequential and with parallel rollback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome, Status
from scenarios.orchestrator import Call
from scenarios.tls import tls
from scenarios.wiki_generation.as_documented import FILE_TIMEOUT_S, GIT_TIMEOUT_S, get_internal_headers
from scenarios.wiki_generation.distributed_saga import (
    Action,
    DistributedSaga,
    Known,
    ParallelDistributedSaga,
    Rollback,
    SagaRecorder,
    StepFailedError,
)
from scenarios.wiki_generation.wiki import PAGES, Wiki

FILES, SNAPSHOT = "Step 1: Create wiki files", "Step 2: Create git snapshot"


def generate(ctx: SagaContext, wiki: Json) -> Outcome:
    """One rollback after the other: the snapshot, then all files in one batch."""
    asked, calls = Wiki.read(wiki), _Calls(ctx.saga_id, Wiki.read(wiki))
    with httpx.Client(verify=tls(), trust_env=False) as client:
        saga = DistributedSaga(ctx.saga_id, asked.user_id, client, ctx.urls, FILE_TIMEOUT_S)
        try:
            saga.execute_step(FILES, calls.files(), calls.delete_batch)
            if asked.snapshot:
                saga.execute_step(SNAPSHOT, calls.snapshot(), calls.delete_snapshot)
        except StepFailedError:
            return _outcome(saga.recorder)
    saga.commit()
    return _outcome(saga.recorder)


async def generate_parallel(ctx: SagaContext, wiki: Json) -> Outcome:
    """All rollbacks at once: the snapshot, and each file by itself."""
    assert isinstance(ctx.client, httpx.AsyncClient)
    asked, calls = Wiki.read(wiki), _Calls(ctx.saga_id, Wiki.read(wiki))
    saga = ParallelDistributedSaga(ctx.saga_id, asked.user_id, ctx.client, ctx.urls, FILE_TIMEOUT_S)
    try:
        await saga.execute_step(FILES, calls.files(), calls.delete_files)
        if asked.snapshot:
            await saga.execute_step(SNAPSHOT, calls.snapshot(), calls.delete_snapshot)
    except StepFailedError:
        return _outcome(saga.recorder)
    saga.commit()
    return _outcome(saga.recorder)


class _Calls:
    """The requests of one saga. Each says whose it is, and shows the internal token."""

    def __init__(self, saga_id: str, wiki: Wiki) -> None:
        self.saga_id = saga_id
        self.wiki = wiki

    def files(self) -> Sequence[Action]:
        return [
            Action(name=PAGES[path], call=self._post("filesystem", "/files", path=path, content=content))
            for path, content in self.wiki.generated_files.items()
        ]

    def snapshot(self) -> Sequence[Action]:
        return [Action(name="take_snapshot", call=self._post("git", "/snapshots"))]

    def delete_batch(self, known: Known) -> Sequence[Rollback]:
        paths = [path for path, name in PAGES.items() if name in known]
        return [
            Rollback(names=tuple(known), call=self._post("filesystem", "/delete_batch", files=paths)),
        ]

    def delete_files(self, known: Known) -> Sequence[Rollback]:
        """Each by its id; if any is in doubt, which of them may still land, all in one batch."""
        if None in known.values():
            return self.delete_batch(known)
        return [
            Rollback(names=(name,), call=self._delete("filesystem", f"/files/{made}"))
            for name, made in known.items()
        ]

    def delete_snapshot(self, known: Known) -> Sequence[Rollback]:
        made = known["take_snapshot"]
        call = self._delete("git", "/snapshots" if made is None else f"/snapshots/{made}")
        if made is None:
            call = replace(call, query=(("saga_id", self.saga_id),))
        return [Rollback(names=("take_snapshot",), call=call)]

    def _post(self, service: str, route: str, /, **fields: object) -> Call:
        body = {"saga_id": self.saga_id, "project_id": self.wiki.project_id, **fields}
        return self._internal(Call.post(service, route, body))

    def _delete(self, service: str, path: str) -> Call:
        return self._internal(Call(service=service, method="DELETE", path=path))

    def _internal(self, call: Call) -> Call:
        timeout_s = GIT_TIMEOUT_S if call.service == "git" else FILE_TIMEOUT_S
        return replace(call, headers=tuple(get_internal_headers().items()), timeout_s=timeout_s)


_WORDS: Mapping[str, Status] = {
    "committed": Status.COMPLETED,
    "rolled_back": Status.COMPENSATED,
    "failed": Status.STUCK,
}


def _outcome(recorder: SagaRecorder) -> Outcome:
    detail: dict[str, Json] = {
        "error": recorder.error or "",
        "saga_status": recorder.get_status(),
        "log": recorder.log,
        "events": recorder.events,
    }
    if recorder.state == "failed":
        detail["critical"] = "MANUAL CLEANUP REQUIRED!"
    return Outcome(status=_WORDS[recorder.state], detail=detail)

"""Generating a wiki: many files at the file service, then a snapshot of them in git.

    write_index, write_architecture, write_api   compensable  POST /files, one request for each file;
                                                 undone by POST /delete_batch, or DELETE /files/{id}
    take_snapshot                                compensable  POST /snapshots, only where it is asked for;
                                                 undone by DELETE /snapshots/{id}

For the harness each file is a step; for the saga all files are one step, with one rollback. Which files
there are depends on the input. Participants: filesystem and git; both refuse whoever does not show the
header X-INTERNAL-TOKEN, and neither heeds idempotency keys.

What may happen: the third file fails and two are there; a reply is lost, and nobody knows whether its file
is there; a rollback fails, and a person has to clear up ("MANUAL CLEANUP REQUIRED!", which is stuck).

`wiki-generation` is hardened and synchronous, with one rollback after the other; `wiki-generation-parallel`
makes the same decisions and rolls everything back at once; `…-as-documented` is the document's
`DistributedSaga`: see `as_documented.py`. The states of all three are pending, executing, committed,
rolled_back and failed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.adapter import CallableSaga
from harness.saga import Order, SagaSpec
from harness.scenario import Scenario
from scenarios.as_asked import made_as_asked
from scenarios.wiki_generation.as_documented import as_documented as saga_as_documented
from scenarios.wiki_generation.sagas import generate, generate_parallel
from scenarios.wiki_generation.wiki import PARTICIPANTS, SPEC, WIKIS, needed, whose

_FOLDER = Path(__file__).parent
_SOURCES = (
    _FOLDER / "sagas.py",
    _FOLDER / "distributed_saga.py",
    _FOLDER.parent / "orchestrator" / "retry.py",
)
_AT_ONCE = replace(SPEC, policy=replace(SPEC.policy, order=Order.NONE))


def wiki_generation() -> Scenario:
    return _scenario(
        "wiki-generation",
        CallableSaga(generate, "scenarios.wiki_generation.sagas:generate"),
        "files and a snapshot, hardened, with one rollback after the other",
        sources=_SOURCES,
    )


def wiki_generation_parallel() -> Scenario:
    return _scenario(
        "wiki-generation-parallel",
        CallableSaga(generate_parallel, "scenarios.wiki_generation.sagas:generate_parallel"),
        "the same with all rollbacks at once",
        spec=_AT_ONCE,
        sources=_SOURCES,
    )


def wiki_generation_as_documented() -> Scenario:
    return _scenario(
        "wiki-generation-as-documented",
        CallableSaga(saga_as_documented, "scenarios.wiki_generation.as_documented:as_documented"),
        "files and a snapshot as the document has them: files of the step that failed stay",
        holds=False,
    )


def _scenario(
    name: str,
    saga: CallableSaga,
    summary: str,
    *,
    spec: SagaSpec = SPEC,
    holds: bool = True,
    sources: tuple[Path, ...] | None = None,
) -> Scenario:
    return Scenario(
        name=name,
        reference=name,
        summary=summary,
        spec=spec,
        participants=PARTICIPANTS,
        saga=saga,
        inputs=WIKIS,
        invariants=(made_as_asked(needed),),
        whose=whose,
        holds=holds,
        sources=sources,
    )

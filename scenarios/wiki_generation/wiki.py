"""What is generated: the pages of a project's wiki, and whether git keeps a snapshot of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

import msgspec

from fakes.wiki import FileService, GitService
from harness.participant import Owner, Request
from harness.saga import Json, SagaSpec, Step

TOKEN = FileService.token

PAGES: Mapping[str, str] = {
    "index.md": "write_index",
    "architecture.md": "write_architecture",
    "api.md": "write_api",
}
"""The step that each file is: how many there are depends on the input."""

PARTICIPANTS = (FileService(), GitService())

SPEC = SagaSpec(
    name="wiki-generation",
    steps=(
        *(
            Step(
                name=step,
                action="filesystem.file.create",
                compensation="filesystem.file.delete_by_saga",
                after=(),
                optional=path != "index.md",
            )
            for path, step in PAGES.items()
        ),
        Step(
            name="take_snapshot",
            action="git.snapshot.create",
            compensation="git.snapshot.delete",
            after=tuple(PAGES.values()),
            optional=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiki:
    """Path to content, as it was generated."""

    project_id: str
    user_id: str
    generated_files: Mapping[str, str]
    snapshot: bool

    @classmethod
    def read(cls, content: object) -> Self:
        """Raise msgspec.ValidationError, which names the field, where it is none."""
        return msgspec.convert(content, cls)


WIKIS: tuple[Json, ...] = (
    {
        "project_id": "proj-123",
        "user_id": "user-456",
        "generated_files": {"index.md": "# Wiki", "architecture.md": "# Parts", "api.md": "# Calls"},
        "snapshot": True,
    },
    {
        "project_id": "proj-124",
        "user_id": "user-456",
        "generated_files": {"index.md": "# Wiki"},
        "snapshot": False,
    },
)


def needed(wiki: Json) -> Collection[str]:
    """The steps that an input asks for."""
    asked = Wiki.read(wiki)
    return [*(PAGES[path] for path in asked.generated_files), *(["take_snapshot"] if asked.snapshot else [])]


def whose(participant: str, request: Request, ruled: Owner) -> Owner:
    """A file belongs to the step of its path."""
    path = request.fields().get("path")
    if participant == "filesystem" and request.method == "POST" and isinstance(path, str) and path in PAGES:
        return Owner(saga_id=ruled.saga_id, step=PAGES[path])
    return ruled

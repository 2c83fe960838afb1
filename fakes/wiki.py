"""The services behind wiki generation: files, and snapshots in git. Both ask for the internal token."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.records import Records
from fakes.routes import routes
from harness.participant import Operation, Owner, Repeats, Reply, Request, ResourceSpec, Response

TOKEN_HEADER = "X-INTERNAL-TOKEN"  # noqa: S105 - the header's name, and no secret


class _Internal(Records):
    """401 for whoever does not show the token."""

    token = "internal"  # noqa: S105 - of a fake

    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        """The token comes first."""
        if request.headers.get(TOKEN_HEADER.lower()) != self.token:
            return Reply(response=Response.of(401, {"error": "unauthorized"}))
        return super().handle(operation, id_, request, owner, part=part)


class FileService(_Internal):
    """Files of a project. The batch deletes what a saga wrote; its list of paths is for the audit."""

    name = "filesystem"
    resources = (
        ResourceSpec(
            name="file",
            routes=routes(
                "file",
                create="POST /files",
                delete="DELETE /files/{id}",
                delete_by_saga="POST /delete_batch",
                get="GET /files/{id}",
                find="GET /files",
            ),
            repeats=Repeats.NATURAL,
        ),
    )
    needs: Mapping[str, tuple[str, ...]] = {"file": ("project_id", "path")}

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        """Never: files go by their path, and what is deleted twice is deleted."""
        del operation, request
        return False


class GitService(_Internal):
    """Snapshots of a project."""

    name = "git"
    resources = (
        ResourceSpec(
            name="snapshot",
            routes=routes(
                "snapshot",
                create="POST /snapshots",
                delete="DELETE /snapshots/{id}",
                delete_by_saga="DELETE /snapshots",
                get="GET /snapshots/{id}",
                find="GET /snapshots",
            ),
            repeats=Repeats.NATURAL,
        ),
    )
    needs: Mapping[str, tuple[str, ...]] = {"snapshot": ("project_id",)}

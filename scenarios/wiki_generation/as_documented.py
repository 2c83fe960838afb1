"""The saga as the document describes it: `DistributedSaga`, and `WikiGenerationSaga` upon it.

The names, the states, the result and the tracked ids are the document's; it does not show the classes
themselves. Its time-outs (10 to 15 s for files, 20 to 30 s for git) are divided by 40. Each weakness is
marked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome, Status
from scenarios.tls import tls
from scenarios.wiki_generation.wiki import TOKEN, Wiki

T = TypeVar("T")

FILE_TIMEOUT_S = 10 / 40
GIT_TIMEOUT_S = 20 / 40


class DistributedSaga:
    def __init__(self, saga_id: str, user_id: str) -> None:
        self.saga_id = saga_id
        self.user_id = user_id
        self.state = "pending"
        self.total_steps = 0
        self.completed: list[tuple[str, Callable[[], object]]] = []
        self.failed_at: str | None = None
        self.error: str | None = None
        self.log: list[str] = []

    def execute_step(self, name: str, action: Callable[[], T], rollback: Callable[[], object]) -> T:
        """Weakness: a step that failed is not completed, so whatever it did is not rolled back."""
        self.state = "executing"
        self.total_steps += 1
        try:
            result = action()
        except Exception as error:
            self.failed_at = name
            self.error = f"{type(error).__name__}: {error}"
            self._rollback()
            raise
        self.completed.append((name, rollback))
        return result

    def commit(self) -> None:
        self.state = "committed"

    def get_status(self) -> dict[str, Json]:
        return {
            "saga_id": self.saga_id,
            "user_id": self.user_id,
            "state": self.state,
            "total_steps": self.total_steps,
            "completed_steps": len(self.completed),
            "failed_at": self.failed_at,
            "error": self.error,
        }

    def _rollback(self) -> None:
        """Weakness: each rollback is tried once."""
        self.state = "rolled_back"
        for name, rollback in reversed(self.completed):
            try:
                rollback()
            except Exception as error:  # noqa: BLE001 - "rolled back but with errors"
                self.state = "failed"
                self.log.append(f"rollback of {name}: {type(error).__name__}")


class WikiGenerationSaga:
    """Weakness: no idempotency keys, and no id of the saga in any request."""

    def __init__(
        self,
        project_id: str,
        user_id: str,
        filesystem_url: str,
        git_url: str,
        internal_headers: Mapping[str, str],
        client: httpx.Client,
    ) -> None:
        self.project_id = project_id
        self.filesystem_url = filesystem_url
        self.git_url = git_url
        self.headers = internal_headers
        self.client = client
        self.saga = DistributedSaga(f"wiki-{project_id}", user_id)

    def execute_with_consistency(
        self, generated_files: Mapping[str, str], *, snapshot: bool
    ) -> dict[str, Json]:
        created_ids: list[str] = []

        def create_files() -> int:
            """Weakness: the third file fails, and the ids of the first two are never used."""
            for path, content in generated_files.items():
                created_ids.append(self._create_file(path, content))
            return len(created_ids)

        def delete_files() -> None:
            for file_id in created_ids:
                self._delete(f"{self.filesystem_url}/files/{file_id}", FILE_TIMEOUT_S)

        snapshot_id = ""
        try:
            created = self.saga.execute_step(
                name="Step 1: Create wiki files", action=create_files, rollback=delete_files
            )
            if snapshot:
                snapshot_id = self.saga.execute_step(
                    name="Step 2: Create git snapshot",
                    action=self._create_snapshot,
                    rollback=lambda: self._delete(f"{self.git_url}/snapshots/{snapshot_id}", GIT_TIMEOUT_S),
                )
            self.saga.commit()
        except Exception as error:  # noqa: BLE001 - as documented: the result tells
            return {"status": "failed", "error": str(error), "saga_status": self.saga.get_status()}
        return {
            "status": "success",
            "files_created": created,
            "snapshot_id": snapshot_id,
            "saga_status": self.saga.get_status(),
            "message": "Wiki generated",
        }

    def _create_file(self, path: str, content: str) -> str:
        body = {"project_id": self.project_id, "path": path, "content": content}
        return self._post(f"{self.filesystem_url}/files", body, FILE_TIMEOUT_S)

    def _create_snapshot(self) -> str:
        return self._post(f"{self.git_url}/snapshots", {"project_id": self.project_id}, GIT_TIMEOUT_S)

    def _post(self, url: str, body: Json, timeout_s: float) -> str:
        response = self.client.post(url, json=body, headers=dict(self.headers), timeout=timeout_s)
        return str(response.raise_for_status().json()["id"])

    def _delete(self, url: str, timeout_s: float) -> None:
        """Weakness: what is gone already (404) is an error."""
        self.client.delete(url, headers=dict(self.headers), timeout=timeout_s).raise_for_status()


def get_internal_headers() -> dict[str, str]:
    return {"X-INTERNAL-TOKEN": TOKEN}


def as_documented(ctx: SagaContext, wiki: Json) -> Outcome:
    asked = Wiki.read(wiki)
    with httpx.Client(verify=tls(), trust_env=False) as client:
        saga = WikiGenerationSaga(
            project_id=asked.project_id,
            user_id=asked.user_id,
            filesystem_url=ctx.urls["filesystem"],
            git_url=ctx.urls["git"],
            internal_headers=get_internal_headers(),
            client=client,
        )
        result = saga.execute_with_consistency(asked.generated_files, snapshot=asked.snapshot)
    if result["status"] == "success":
        return Outcome(status=Status.COMPLETED, detail=result)
    if saga.saga.state == "failed":
        detail = {**result, "critical": "MANUAL CLEANUP REQUIRED!"}
        return Outcome(status=Status.STUCK, detail=detail)
    return Outcome(status=Status.COMPENSATED, detail=result)

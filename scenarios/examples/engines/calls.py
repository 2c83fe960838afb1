"""The calls that every engine's saga makes: a thing a step, made and undone at the desk.

A refusal (4xx) of a step aborts the saga, anything else that fails is raised, and the engine tries again.
"""

from __future__ import annotations

import httpx

from gateway import DESK

_client = httpx.Client(timeout=5.0)


class Refused(Exception):
    """The desk does not want this step."""


def make(saga_id: str, step: int) -> None:
    """Raises Refused, and httpx.HTTPError for what may go better next time."""
    answer = _client.post(
        f"{DESK}/thing{step}",
        json={"saga_id": saga_id},
        headers={"Idempotency-Key": f"{saga_id}:make{step}"},
    )
    if answer.is_client_error:
        raise Refused(f"step {step}: {answer.status_code}")
    answer.raise_for_status()


def undo(saga_id: str, step: int) -> None:
    """Raises httpx.HTTPError."""
    answer = _client.delete(
        f"{DESK}/thing{step}",
        params={"saga_id": saga_id},
        headers={"Idempotency-Key": f"{saga_id}:undo{step}"},
    )
    if answer.status_code not in (404, 410):
        answer.raise_for_status()

"""Participants that answer as theirs do: ids of other names, lists wrapped otherwise, errors with a body.

Undoes what it finds, for the reply that held the id may be lost.
"""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("seat", "airline", "/seats", undo="find"),
    Part("charge", "payments", "/charges", undo="find"),
]


def id_of(body: Any) -> str:
    if "pnr" not in body:
        return str(body["data"]["number"])
    assert body["links"]["self"] == f"/seats/{body['pnr']}"
    assert body["seat"] == "12A"
    return str(body["pnr"])


def items_of(body: Any) -> list[Any]:
    return list(body) if isinstance(body, list) else list(body["page"]["rows"])


def items_of_another(body: Any) -> list[Any]:
    return list(body.get("items", ())) if isinstance(body, dict) else []


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(tries=1, id_of=id_of, items_of=items_of), input_).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Looks for `items`, finds none, and takes that for nothing left."""
    return await Orchestrator(
        ctx, PARTS, Manner(tries=1, id_of=id_of, items_of=items_of_another), input_
    ).run()

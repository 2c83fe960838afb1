"""Hands requests to a fake over the counter: no world, no faults."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from harness.participant import Owner, Reply, Request, RestParticipant


def ask(
    fake: RestParticipant,
    method: str,
    target: str,
    fields: Mapping[str, object] | None = None,
    *,
    key: str = "",
    saga_id: str = "saga-1",
    part: bool = False,
) -> tuple[int, dict[str, object]]:
    """Status and JSON body of the answer."""
    reply = deliver(fake, method, target, fields, key=key, saga_id=saga_id, part=part)
    return reply.response.status, json.loads(reply.response.body or b"{}")


def deliver(
    fake: RestParticipant,
    method: str,
    target: str,
    fields: Mapping[str, object] | None = None,
    *,
    key: str = "",
    saga_id: str = "saga-1",
    part: bool = False,
) -> Reply:
    parts = urlsplit(target)
    request = Request(
        method=method,
        path=parts.path,
        query=dict(parse_qsl(parts.query)),
        headers={"idempotency-key": key} if key else {},
        body=b"" if fields is None else json.dumps(fields).encode(),
    )
    matched = fake.router.match(method, parts.path)
    assert matched is not None, f"{method} {parts.path} has no route"
    owner = Owner(saga_id=saga_id, step="step")
    return fake.handle(matched.operation, matched.id, request, owner, part=part)

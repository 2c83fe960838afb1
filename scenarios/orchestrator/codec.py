"""Events as text, one JSON object each, and back: what a log keeps of them."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import get_args

from scenarios.orchestrator.errors import CorruptLogError
from scenarios.orchestrator.events import SagaEvent

_BY_NAME = MappingProxyType({one.__name__: one for one in get_args(SagaEvent)})
_JSON_TYPES = MappingProxyType({"str": str, "bool": bool})


def encode(event: SagaEvent) -> str:
    """The same text for the same event, so that a repeated append can be told from another one."""
    content = {"event": type(event).__name__, **asdict(event)}
    return json.dumps(content, separators=(",", ":"), sort_keys=True)


def decode(text: str, *, saga_id: str, seq: int) -> SagaEvent:
    """Raise CorruptLogError where it is not what `encode` makes."""
    where = f"log of saga {saga_id!r}, entry {seq}"
    try:
        content = json.loads(text)
    except (ValueError, TypeError):
        raise CorruptLogError(f"{where}: found {text!r:.80}, expected JSON") from None
    name = content.pop("event", None) if isinstance(content, dict) else None
    kind = _BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        raise CorruptLogError(f"{where}: found event {name!r}, expected one of {', '.join(_BY_NAME)}")
    expected = {field.name: _JSON_TYPES[str(field.type)] for field in fields(kind)}
    if {key: type(value) for key, value in content.items()} != expected:
        raise CorruptLogError(f"{where}: found {text!r:.200}, expected the fields {', '.join(expected)}")
    event: SagaEvent = kind(**content)
    return event

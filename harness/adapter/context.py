"""What a callable saga is given."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.absent import absent

with absent("httpx._main"):  # httpx's command line, with click, rich and pygments
    import httpx

from harness.adapter.beside import Beside, ThreadsBeside
from harness.adapter.inbox import Inbox


@dataclass(slots=True, kw_only=True)
class SagaContext:
    """The first argument of a callable saga (DESIGN, "Saga under test").

    urls: participant to base URL. client: an `httpx.AsyncClient`, for a plain function an
    `httpx.Client`. resumed: a durable saga is called again after a crash. inbox: where messages come, of a
    saga that is made of handlers. background: its tasks that outlive the return. beside, make_plain_client:
    for handlers that are plain functions.
    """

    saga_id: str
    urls: Mapping[str, str]
    client: httpx.AsyncClient | httpx.Client
    resumed: bool = False
    inbox: Inbox | None = field(default=None, repr=False)
    background: list[asyncio.Task[Any]] = field(default_factory=list, repr=False)
    beside: Beside = field(default_factory=ThreadsBeside, repr=False)
    make_plain_client: Callable[[], httpx.Client] = field(default=httpx.Client, repr=False)
    make_store: Callable[[], Path] = field(
        default=lambda: Path(tempfile.mkdtemp(prefix="saga-chaos-")), repr=False
    )
    _store: Path | None = field(default=None, init=False, repr=False)

    @property
    def store_dir(self) -> Path:
        """A folder of this run that survives a crash; made when it is first asked for."""
        if self._store is None:
            self._store = self.make_store()
        return self._store

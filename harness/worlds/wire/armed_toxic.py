"""A toxic while it is armed: the calls it is armed for, and the canary that is under it with them.

Owns what was seen of its effect, for callers whom nobody else sees. Refuses to arm and to remove it
(`participant_proxy`), and to say what follows for a call (`confirmations`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from harness.toxiproxy.client import Toxic
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.canary import END_LIMIT_S, Canary
from harness.worlds.wire.symptoms import contradiction, least_s

ENDS = ("timeout", "reset_peer", "limit_data", "slow_close")
"""Toxics under which the end of the connection tells; under the others, the last byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryFinding:
    """why: why a canary was not struck by a toxic, or None where it was.

    looked: false where there was none. lifted_first: the toxic went before it could do what it does.
    held_s: for how long it was there then, from the moment at which the reply was written.
    """

    why: str | None = None
    looked: bool = True
    lifted_first: bool = False
    held_s: float = 0.0


@dataclass(slots=True, kw_only=True, eq=False)
class ArmedToxic:
    """canary: None where there is none, or not yet; `blind` says why there could be none.

    lifted_s: when the toxic was removed, by the loop's clock.
    """

    toxic: Toxic
    calls: set[WireCall]
    armed: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    lifting: bool = False
    lifted_s: float = 0.0
    watching: asyncio.Future[None] | None = None
    canary: Canary | None = None
    blind: str = "had no connection"
    _size: int = 0

    @property
    def silences(self) -> bool:
        """Whether its removal closes every connection it saw."""
        return self.toxic.type == "timeout"

    def answer_canary(self, payload: bytes, *, close: bool) -> None:
        """The canary gets what the caller gets, at the same moment."""
        self._size = len(payload)
        if self.canary is not None:
            self.canary.answer(payload, close=close)

    async def struck(self) -> None:
        """Until the canary has seen enough of a toxic that does not wait to be removed."""
        held_s = least_s(self.toxic, self._size)
        limit_s = END_LIMIT_S + held_s
        if self.canary is None:
            await asyncio.sleep(held_s)
        elif self.toxic.type in ENDS:
            await self.canary.over(limit_s)
        else:
            await self.canary.whole(limit_s)

    async def finding(self) -> CanaryFinding:
        """What the canary saw, once the toxic is gone."""
        if self.canary is None:
            return CanaryFinding(why=self.blind, looked=False)
        if self.toxic.type in ENDS:
            await self.canary.over()
        seen = self.canary.seen()
        lifted_s = self.lifted_s - self.canary.written_s
        why = contradiction(self.toxic, self._size, seen, lifted_s if self.silences else None)
        released = seen.whole_s is not None and seen.whole_s >= lifted_s
        return CanaryFinding(why=why, lifted_first=why is not None and released, held_s=lifted_s)

    def close(self) -> None:
        """Nothing more is to be learnt."""
        if self.canary is not None:
            self.canary.close()

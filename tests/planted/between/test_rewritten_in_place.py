"""A record that is rewritten in place is empty for a moment, and whoever dies then finds nothing to read."""

from __future__ import annotations

import json

from harness.worlds.sim import SimWorld
from tests.planted.between.engine import Engine, JsonBook
from tests.planted.between.test_two_commits import DEATHS, HOLD, SoundInFiles, crash
from tests.planted.kit import TWINS, Plant


class InPlace(JsonBook):
    def add(self, words: list[str]) -> None:
        told = self.read() + words
        self.path.write_text(json.dumps(told))


class RewritesInPlace(Engine):
    book_of = InPlace


PLANT = Plant(
    broken=RewritesInPlace,
    sound=SoundInFiles,
    caught_by="termination",
    smallest=(crash(HOLD, "start:1"),),
    claims=DEATHS,
    alone=frozenset({"crash"}),
)


@TWINS
def test_a_death_while_it_is_rewritten(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)

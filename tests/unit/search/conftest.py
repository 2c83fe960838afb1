from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.worlds.sim import SimWorld


@pytest.fixture
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world

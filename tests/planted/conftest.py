from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.worlds.sim import SimWorld


@pytest.fixture
def sim() -> Iterator[SimWorld]:
    """Not kept between tests: while it is entered, httpx reaches no real socket."""
    with SimWorld() as world:
        yield world

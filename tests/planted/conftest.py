from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.worlds.sim import SimWorld


@pytest.fixture(scope="package")
def sim() -> Iterator[SimWorld]:
    """One world for all planted sagas."""
    with SimWorld() as world:
        yield world

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.toxiproxy.errors import ProxyUnavailable
from harness.worlds.wire import WireWorld


@pytest.fixture(scope="module", params=["toxiproxy", "embedded"])
def world(request: pytest.FixtureRequest) -> Iterator[WireWorld]:
    """A world behind each of the two servers."""
    world = WireWorld(request.param, progress=print)
    try:
        world.__enter__()
    except ProxyUnavailable as error:
        pytest.fail(f"no real Toxiproxy here, so nothing shows that the wire world works: {error}")
    assert world.proxy.kind == request.param
    yield world
    world.__exit__(None, None, None)


@pytest.fixture(scope="module")
def real_world() -> Iterator[WireWorld]:
    """One is enough where the proxy plays no part."""
    with WireWorld("toxiproxy", progress=print) as world:
        yield world

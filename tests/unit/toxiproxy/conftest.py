from collections.abc import Iterator

import pytest

from harness.toxiproxy.embedded.server import EmbeddedServer
from tests.unit.toxiproxy.rig import Api, Rig


@pytest.fixture(scope="package")
def embedded_url() -> Iterator[str]:
    server = EmbeddedServer()
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def api(embedded_url: str) -> Api:
    return Api(embedded_url)


@pytest.fixture
def rig(api: Api) -> Iterator[Rig]:
    rig = Rig(api)
    yield rig
    rig.close()

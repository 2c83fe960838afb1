"""The rules that only the embedded server has, and the shapes that clients build on.

That its answers are the real server's, byte for byte, is proved by tests/wire/test_toxiproxy_differential.py.
"""

import json

import pytest

from harness.toxiproxy.embedded.server import EmbeddedServer
from tests.unit.toxiproxy.rig import Api, Rig


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("bandwidth", {"rate": -1}),
        ("slicer", {}),
        ("slicer", {"average_size": 0, "delay": 1}),
        ("slicer", {"average_size": 5, "size_variation": 6}),
        ("slicer", {"average_size": 5, "size_variation": -6}),
        ("latency", {"jitter": 2**63 - 1}),
    ],
)
def test_a_toxic_that_would_crash_the_real_server_is_refused(
    rig: Rig, kind: str, attributes: dict[str, int]
) -> None:
    reply = rig.api.call("POST", "/proxies/rig/toxics", {"type": kind, "attributes": attributes})
    assert (reply.status, "would crash Toxiproxy 2.12.0" in reply.body) == (400, True)
    assert rig.api.call("GET", "/proxies/rig/toxics").body == "[]"


def test_a_change_that_would_crash_the_real_server_leaves_the_toxic_as_it_is(rig: Rig) -> None:
    name = rig.add("bandwidth", rate=7)
    path = f"/proxies/rig/toxics/{name}"
    assert rig.api.call("PATCH", path, {"attributes": {"rate": -1}}).status == 400
    assert json.loads(rig.api.call("GET", path).body)["attributes"] == {"rate": 7}


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "example.org:80"])
def test_only_loopback_is_listened_on(rig: Rig, listen: str) -> None:
    new = {"name": "open", "upstream": "127.0.0.1:9", "listen": listen}
    for asked in (("POST", "/proxies", new), ("POST", "/proxies", {**new, "enabled": False})):
        reply = rig.api.call(*asked)
        assert (reply.status, "loopback" in reply.body) == (400, True)
    assert rig.api.call("PATCH", "/proxies/rig", {"listen": listen}).status == 400
    with rig.connect() as client:
        client.send(b"unmoved")
        assert client.read(7) == b"unmoved"


@pytest.mark.parametrize("listen", ["", ":0", "localhost:0", "127.0.0.1:"])
def test_no_host_means_loopback(api: Api, listen: str) -> None:
    made = api.ok("POST", "/proxies", {"name": "here", "upstream": "127.0.0.1:9", "listen": listen})
    assert json.loads(made.body)["listen"].startswith("127.0.0.1:")
    api.ok("DELETE", "/proxies/here")


def test_metrics_count_bytes_when_asked_for(api: Api) -> None:
    assert api.call("GET", "/metrics").status == 404
    server = EmbeddedServer(proxy_metrics=True)
    server.start()
    rig = Rig(Api(server.url))
    rig.warm().close()
    rig.participant.end()
    body = rig.api.ok("GET", "/metrics").body
    rig.close()
    server.stop()
    assert 'toxiproxy_proxy_received_bytes_total{direction="upstream"' in body
    assert 'proxy="rig"' in body
    assert body.count("} 2\n") >= 2

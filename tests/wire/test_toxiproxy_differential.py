"""The embedded proxy against the real one: same toxics, same symptom, same effect, same answers.

Nothing here is skipped where the real server cannot run: an embedded proxy that nobody has compared is
worth nothing, so the tests fail and say why.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from harness.toxiproxy.discovery import find_server
from harness.toxiproxy.errors import ProxyUnavailable
from harness.toxiproxy.server import ProxyServer
from tests.unit.toxiproxy.rig import Api, Client, Clock, Reply, Rig

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

Observations = list[object]
Scenario = Callable[[Rig], Observations]


def _started(kind: str) -> ProxyServer:
    assert kind in {"toxiproxy", "embedded"}
    try:
        choice = find_server("toxiproxy" if kind == "toxiproxy" else "embedded", print)
        server = ProxyServer(choice)
        server.start()
    except ProxyUnavailable as error:
        pytest.fail(f"no real Toxiproxy here, so the embedded one is compared to nothing: {error}")
    return server


@pytest.fixture(scope="module")
def real() -> Iterator[Api]:
    server = _started("toxiproxy")
    yield Api(server.url)
    server.stop()


@pytest.fixture(scope="module")
def embedded() -> Iterator[Api]:
    server = _started("embedded")
    yield Api(server.url)
    server.stop()


def _ended(rig: Rig) -> bool:
    """Either way: whether an echo in flight meets a closed socket is a matter of microseconds."""
    return rig.participant.end() in {"closed", "reset"}


def passes_through(rig: Rig) -> Observations:
    with rig.connect() as client:
        client.send(b"x" * 200_000)
        return [client.read(200_000), rig.participant.got(b"x" * 200_000)]


def latency_delays_the_reply(rig: Rig) -> Observations:
    rig.add("latency", latency=150)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"a")
        return [rig.participant.got(b"a", 0.1), client.read(1), clock.between(0.14, 0.8)]


def latency_both_ways_adds_up(rig: Rig) -> Observations:
    rig.add("latency", "upstream", latency=80)
    rig.add("latency", "downstream", latency=80)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"a")
        return [client.read(1), clock.between(0.15, 0.8)]


def latency_of_chunks_runs_side_by_side(rig: Rig) -> Observations:
    rig.add("latency", latency=200)
    with rig.connect() as client:
        clock = Clock()
        for _ in range(4):
            client.send(b"a")
            time.sleep(0.03)
        return [client.read(4), clock.between(0.28, 0.7)]


def removing_latency_releases_at_once(rig: Rig) -> Observations:
    name = rig.add("latency", latency=60_000)
    with rig.connect() as client:
        for _ in range(3):
            client.send(b"held")
            time.sleep(0.02)
        before = client.piece(0.1)
        rig.remove(name)
        return [before, client.read(12, 1.0)]


def updating_latency_releases_what_is_held(rig: Rig) -> Observations:
    name = rig.add("latency", latency=60_000)
    with rig.connect() as client:
        client.send(b"held")
        before = client.piece(0.1)
        rig.update(name, latency=50_000)
        released = client.read(4, 1.0)
        client.send(b"new")
        return [before, released, client.piece(0.15)]


def late_request_arrives_after_its_sender_left(rig: Rig) -> Observations:
    rig.add("latency", "upstream", latency=200)
    client = rig.connect()
    client.send(b"zombie")
    time.sleep(0.05)
    client.close()
    return [rig.participant.got(b"zombie", 0.05), rig.participant.got(b"zombie"), _ended(rig)]


def timeout_upstream_swallows_the_request(rig: Rig) -> Observations:
    rig.add("timeout", "upstream", timeout=150)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"lost")
        return [client.piece(), clock.between(0.14, 0.8), rig.participant.end(), rig.participant.received]


def timeout_downstream_swallows_the_reply(rig: Rig) -> Observations:
    rig.add("timeout", "downstream", timeout=150)
    with rig.connect() as client:
        client.send(b"applied")
        return [client.piece(), rig.participant.got(b"applied"), rig.participant.end()]


def timeout_starts_anew_with_each_chunk(rig: Rig) -> Observations:
    rig.add("timeout", "upstream", timeout=250)
    with rig.connect() as client:
        seen: Observations = []
        for _ in range(4):
            client.send(b"again")
            seen.append(client.piece(0.12))
        clock = Clock()
        return [*seen, client.piece(), clock.between(0.08, 0.6)]


def timeout_0_holds_until_removed_and_then_closes(rig: Rig) -> Observations:
    name = rig.add("timeout", "upstream", timeout=0)
    with rig.connect() as client:
        client.send(b"lost")
        before = client.piece(0.2)
        rig.remove(name)
        return [before, client.piece(), rig.participant.end(), rig.participant.received]


def timeout_hits_a_live_connection(rig: Rig) -> Observations:
    with rig.warm() as client:
        rig.add("timeout", "downstream", timeout=100)
        client.send(b"applied")
        return [client.piece(), rig.participant.got(b"applied")]


def reset_peer_downstream_resets_new_connections(rig: Rig) -> Observations:
    rig.add("reset_peer", "downstream", timeout=0)
    with rig.connect() as client:
        before = client.piece(0.1)
        client.send(b"applied")
        return [before, client.piece(), rig.participant.got(b"applied"), rig.participant.end()]


def reset_peer_upstream_resets_before_the_effect(rig: Rig) -> Observations:
    rig.add("reset_peer", "upstream", timeout=0)
    with rig.connect() as client:
        client.send(b"lost")
        return [client.piece(), rig.participant.end(), rig.participant.received]


def reset_peer_waits_its_time(rig: Rig) -> Observations:
    rig.add("reset_peer", "downstream", timeout=150)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"applied")
        return [client.piece(), clock.between(0.14, 0.6)]


def reset_peer_only_closes_older_connections(rig: Rig) -> Observations:
    with rig.warm() as client:
        rig.add("reset_peer", "downstream", timeout=0)
        client.send(b"applied")
        return [client.piece(), rig.participant.got(b"applied")]


def half_close_closes_both_directions(rig: Rig) -> Observations:
    with rig.warm() as client:
        client.half_close()
        return [client.piece(), rig.participant.end()]


def half_close_loses_a_late_reply(rig: Rig) -> Observations:
    rig.add("latency", "upstream", latency=100)
    with rig.connect() as client:
        client.send(b"question")
        client.half_close()
        return [rig.participant.got(b"question"), client.read(8) in {"closed", "reset", b"question"}]


def bandwidth_takes_its_time(rig: Rig) -> Observations:
    rig.add("bandwidth", rate=10)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"x" * 2500)
        return [client.read(2500), clock.between(0.2, 0.9)]


def bandwidth_0_stops_all_data_until_removed(rig: Rig) -> Observations:
    name = rig.add("bandwidth", "upstream", rate=0)
    with rig.connect() as client:
        client.send(b"stuck")
        before = client.piece(0.25)
        arrived = rig.participant.received
        rig.remove(name)
        return [before, arrived, client.read(5, 1.0)]


def limit_data_cuts_the_reply(rig: Rig) -> Observations:
    rig.add("limit_data", bytes=5)
    with rig.connect() as client:
        client.send(b"abcdefgh")
        return [client.read(8), rig.participant.got(b"abcdefgh")]


def limit_data_cuts_the_request(rig: Rig) -> Observations:
    rig.add("limit_data", "upstream", bytes=5)
    with rig.connect() as client:
        client.send(b"abcdefgh")
        client.read(8)
        return [rig.participant.got(b"abcde"), _ended(rig)]


def limit_data_counts_over_changes(rig: Rig) -> Observations:
    name = rig.add("limit_data", bytes=100)
    with rig.connect() as client:
        client.send(b"abcd")
        first = client.read(4)
        rig.update(name, bytes=6)
        client.send(b"efgh")
        return [first, client.read(4), client.piece() in {"closed", "reset"}]


def limit_data_0_closes_at_the_first_byte(rig: Rig) -> Observations:
    rig.add("limit_data", bytes=0)
    with rig.connect() as client:
        client.send(b"applied")
        return [client.piece(), rig.participant.got(b"applied")]


def slicer_slices(rig: Rig) -> Observations:
    rig.add("slicer", average_size=10, delay=20_000)
    with rig.connect() as client:
        client.send(b"0123456789" * 4)
        return [client.piece() for _ in range(4)]


def removing_slicer_releases_the_rest(rig: Rig) -> Observations:
    name = rig.add("slicer", average_size=1, delay=500_000)
    with rig.connect() as client:
        client.send(b"abcdefgh")
        first = client.piece()
        rig.remove(name)
        return [first, client.read(7, 1.0)]


def slow_close_delays_the_end(rig: Rig) -> Observations:
    rig.add("slow_close", delay=200)
    with rig.warm() as client:
        clock = Clock()
        client.half_close()
        return [rig.participant.end(0.15), client.piece(), clock.between(0.19, 0.8)]


def removing_slow_close_closes_at_once(rig: Rig) -> Observations:
    name = rig.add("slow_close", delay=60_000)
    with rig.warm() as client:
        client.half_close()
        before = client.piece(0.1)
        rig.remove(name)
        return [before, client.piece(1.0)]


def disabled_proxy_refuses_and_drops(rig: Rig) -> Observations:
    with rig.warm() as client:
        rig.enable(enabled=False)
        dropped = client.piece() in {"closed", "reset"}
        with pytest.raises(ConnectionRefusedError):
            rig.connect()
        rig.enable(enabled=True)
        with rig.connect() as again:
            again.send(b"back")
            return [dropped, again.read(4)]


def disabled_proxy_drops_what_is_held(rig: Rig) -> Observations:
    rig.add("latency", "upstream", latency=150)
    with rig.connect() as client:
        client.send(b"held")
        time.sleep(0.05)
        rig.enable(enabled=False)
        return [client.piece() in {"closed", "reset"}, rig.participant.got(b"held", 0.3)]


def reset_enables_and_clears(rig: Rig) -> Observations:
    rig.add("timeout", timeout=0)
    rig.add("latency", "upstream", latency=60_000)
    rig.enable(enabled=False)
    rig.api.ok("POST", "/reset")
    with rig.connect() as client:
        client.send(b"clear")
        return [client.read(5, 1.0), rig.api.call("GET", "/proxies/rig/toxics").body]


def deleted_proxy_is_gone(rig: Rig) -> Observations:
    with rig.warm() as client:
        rig.api.ok("DELETE", "/proxies/rig")
        seen: Observations = [client.piece() in {"closed", "reset"}]
        with pytest.raises(ConnectionRefusedError):
            rig.connect()
        return seen


def dead_upstream_closes_the_client(rig: Rig) -> Observations:
    rig.participant.close()
    with rig.connect() as client:
        return [client.piece()]


def toxicity_0_passes(rig: Rig) -> Observations:
    rig.add("timeout", toxicity=0.0, timeout=0)
    rig.add("limit_data", "upstream", toxicity=0.0, bytes=0)
    with rig.connect() as client:
        client.send(b"spared")
        return [client.read(6)]


def toxics_are_chained(rig: Rig) -> Observations:
    rig.add("latency", latency=100)
    rig.add("limit_data", bytes=4)
    rig.add("slicer", average_size=1, delay=20_000)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"abcdef")
        return [
            [client.piece() for _ in range(4)],
            client.piece() in {"closed", "reset"},
            clock.between(0.1, 0.8),
        ]


def toxics_come_and_go_on_a_live_connection(rig: Rig) -> Observations:
    seen: Observations = []
    with rig.warm() as client:
        slow = rig.add("latency", latency=60_000)
        cut = rig.add("slicer", average_size=1, delay=1000)
        stop = rig.add("bandwidth", "upstream", rate=0)
        client.send(b"request")
        seen.append(client.piece(0.1))
        rig.remove(stop)
        seen.extend([rig.participant.got(b"request"), client.piece(0.1)])
        rig.remove(slow)
        seen.append(client.read(7))
        rig.remove(cut)
        client.send(b"clear")
        return [*seen, client.read(5)]


def reader_that_stopped_gets_all_in_the_end(rig: Rig) -> Observations:
    rig.add("latency", latency=10)
    with rig.connect() as client:
        client.send(b"y" * 100_000)
        time.sleep(0.1)
        return [client.read(100_000)]


SCENARIOS: dict[Scenario, Observations] = {
    passes_through: [b"x" * 200_000, True],
    latency_delays_the_reply: [True, b"a", True],
    latency_both_ways_adds_up: [b"a", True],
    latency_of_chunks_runs_side_by_side: [b"aaaa", True],
    removing_latency_releases_at_once: ["silent", b"heldheldheld"],
    updating_latency_releases_what_is_held: ["silent", b"held", "silent"],
    late_request_arrives_after_its_sender_left: [False, True, True],
    timeout_upstream_swallows_the_request: ["closed", True, "closed", b""],
    timeout_downstream_swallows_the_reply: ["closed", True, "closed"],
    timeout_starts_anew_with_each_chunk: [*["silent"] * 4, "closed", True],
    timeout_0_holds_until_removed_and_then_closes: ["silent", "closed", "closed", b""],
    timeout_hits_a_live_connection: ["closed", True],
    reset_peer_downstream_resets_new_connections: ["silent", "reset", True, "reset"],
    reset_peer_upstream_resets_before_the_effect: ["reset", "reset", b""],
    reset_peer_waits_its_time: ["reset", True],
    reset_peer_only_closes_older_connections: ["closed", True],
    half_close_closes_both_directions: ["closed", "closed"],
    half_close_loses_a_late_reply: [True, True],
    bandwidth_takes_its_time: [b"x" * 2500, True],
    bandwidth_0_stops_all_data_until_removed: ["silent", b"", b"stuck"],
    limit_data_cuts_the_reply: [b"abcde", True],
    limit_data_cuts_the_request: [True, True],
    limit_data_counts_over_changes: [b"abcd", b"ef", True],
    limit_data_0_closes_at_the_first_byte: ["closed", True],
    slicer_slices: [b"0123456789"] * 4,
    removing_slicer_releases_the_rest: [b"a", b"bcdefgh"],
    slow_close_delays_the_end: ["closed", "closed", True],
    removing_slow_close_closes_at_once: ["silent", "closed"],
    disabled_proxy_refuses_and_drops: [True, b"back"],
    disabled_proxy_drops_what_is_held: [True, False],
    reset_enables_and_clears: [b"clear", "[]"],
    deleted_proxy_is_gone: [True],
    dead_upstream_closes_the_client: ["closed"],
    toxicity_0_passes: [b"spared"],
    toxics_are_chained: [[b"a", b"b", b"c", b"d"], True, True],
    toxics_come_and_go_on_a_live_connection: ["silent", True, "silent", b"request", b"clear"],
    reader_that_stopped_gets_all_in_the_end: [b"y" * 100_000],
}


def _observe(api: Api, scenario: Scenario) -> Observations:
    rig = Rig(api)
    try:
        return scenario(rig)
    finally:
        rig.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_same_symptom_and_same_effect(real: Api, embedded: Api, scenario: Scenario) -> None:
    expected = SCENARIOS[scenario]
    assert {"real": _observe(real, scenario), "embedded": _observe(embedded, scenario)} == {
        "real": expected,
        "embedded": expected,
    }


# Method, path, body: sent in order to both servers, each starting from nothing.
ASKED: tuple[tuple[str, str, object], ...] = (
    ("GET", "/version", None),
    ("POST", "/version", None),
    ("HEAD", "/version", None),
    ("GET", "/nothing", None),
    ("GET", "/proxies/", None),
    ("GET", "//proxies", None),
    ("GET", "/metrics", None),
    ("GET", "/proxies", None),
    ("PUT", "/proxies", None),
    ("POST", "/proxies", "{"),
    ("POST", "/proxies", ""),
    ("POST", "/proxies", "[]"),
    ("POST", "/proxies", "null"),
    ("POST", "/proxies", '"x"'),
    ("POST", "/proxies", "nul"),
    ("POST", "/proxies", '{"a":}'),
    ("POST", "/proxies", "{a:1}"),
    ("POST", "/proxies", '{"a":1,}'),
    ("POST", "/proxies", '{"a":1 "b"}'),
    ("POST", "/proxies", '{"a" 1}'),
    ("POST", "/proxies", '{"name":NaN}'),
    ("POST", "/proxies", {"name": 1}),
    ("POST", "/proxies", {"name": "a", "enabled": "x"}),
    ("POST", "/proxies", {"name": "a"}),
    ("POST", "/proxies", {"upstream": "a"}),
    ("POST", "/proxies", {"name": "a", "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0"}),
    ("POST", "/proxies", {"name": "a", "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0"}),
    ("POST", "/proxies", {"Name": "b", "UPSTREAM": "x", "listen": "127.0.0.1:{api_port}"}),
    ("POST", "/proxies", {"name": "b", "upstream": "x", "listen": "nonsense"}),
    ("POST", "/proxies", {"name": "b", "upstream": "x", "listen": "127.0.0.1:99999"}),
    ("POST", "/proxies", {"name": "b", "upstream": "x", "listen": "127.0.0.1:abc"}),
    ("POST", "/proxies", {"name": "b", "upstream": "x", "listen": "a:b:1"}),
    ("POST", "/proxies", '{"name":"b","upstream":"x","listen":"localhost:0","enabled":false} trailing'),
    ("POST", "/proxies", {"name": "<c&é", "upstream": "x", "listen": "127.0.0.1:"}),
    ("GET", "/proxies", None),
    ("GET", "/proxies/a", None),
    ("GET", "/proxies/zz", None),
    ("DELETE", "/proxies/zz", None),
    ("POST", "/proxies/zz", {"enabled": False}),
    ("POST", "/proxies/a", "{"),
    ("POST", "/proxies/a", {"listen": 1}),
    ("POST", "/proxies/a", {"listen": "nonsense"}),
    ("POST", "/proxies/a", {"enabled": False, "upstream": "127.0.0.1:10"}),
    ("PATCH", "/proxies/a", {"enabled": True}),
    ("PATCH", "/proxies/a", {"name": "other", "upstream": "127.0.0.1:11"}),
    ("PATCH", "/proxies/a", {"listen": "127.0.0.1:{api_port}"}),
    ("GET", "/proxies/a", None),
    ("PATCH", "/proxies/a", {"listen": "127.0.0.1:0", "enabled": True}),
    ("PUT", "/proxies/a", {"enabled": True}),
    ("GET", "/proxies/a/toxics", None),
    ("GET", "/proxies/zz/toxics", None),
    ("POST", "/proxies/zz/toxics", "{"),
    ("POST", "/proxies/a/toxics", "{"),
    ("POST", "/proxies/a/toxics", "[]"),
    ("POST", "/proxies/a/toxics", {}),
    ("POST", "/proxies/a/toxics", {"type": "down"}),
    ("POST", "/proxies/a/toxics", {"type": "latency", "stream": "sideways"}),
    ("POST", "/proxies/a/toxics", {"type": "latency", "stream": "UPSTREAM"}),
    ("POST", "/proxies/a/toxics", {"type": "latency"}),
    ("POST", "/proxies/a/toxics", {"type": "latency"}),
    ("POST", "/proxies/a/toxics", {"type": "latency", "name": "q", "attributes": {"latency": "1"}}),
    ("POST", "/proxies/a/toxics", {"type": "latency", "name": "q", "attributes": {"latency": 1.5}}),
    ("POST", "/proxies/a/toxics", '{"type":"latency","name":"q","attributes":{"latency":1e3}}'),
    ("POST", "/proxies/a/toxics", {"type": "latency", "name": "q", "attributes": {"latency": 10**20}}),
    ("POST", "/proxies/a/toxics", {"type": "latency", "name": "q", "attributes": []}),
    ("POST", "/proxies/a/toxics", {"type": "slicer", "name": "q", "attributes": {"delay": True}}),
    (
        "POST",
        "/proxies/a/toxics",
        {"type": "latency", "name": "q", "attributes": {"LATENCY": 100, "foo": 2}, "toxicity": 0.123456789},
    ),
    ("POST", "/proxies/a/toxics", {"type": "latency", "name": "n", "attributes": None, "toxicity": None}),
    ("POST", "/proxies/a/toxics", {"type": "latency", "name": "t", "toxicity": "x"}),
    ("POST", "/proxies/a/toxics", {"type": "latency", "name": 7}),
    *(
        ("POST", "/proxies/a/toxics", {"type": kind})
        for kind in ("bandwidth", "slow_close", "timeout", "reset_peer", "limit_data", "noop")
    ),
    ("POST", "/proxies/a/toxics", {"type": "slicer", "attributes": {"average_size": 5, "size_variation": 5}}),
    ("GET", "/proxies/a/toxics", None),
    ("GET", "/proxies/a/toxics/q", None),
    ("GET", "/proxies/a/toxics/qq", None),
    ("GET", "/proxies/zz/toxics/qq", None),
    ("DELETE", "/proxies/a/toxics/qq", None),
    ("PATCH", "/proxies/a/toxics/qq", "{"),
    ("PATCH", "/proxies/a/toxics/q", "{"),
    ("PATCH", "/proxies/a/toxics/q", "[]"),
    ("PATCH", "/proxies/a/toxics/q", {"attributes": []}),
    ("PATCH", "/proxies/a/toxics/q", {"attributes": {"jitter": 3}, "toxicity": 0.5, "stream": "upstream"}),
    ("PATCH", "/proxies/a/toxics/q", {"toxicity": "x"}),
    ("POST", "/proxies/a/toxics/q", {"attributes": {"latency": "z", "jitter": 9}, "toxicity": 0.9}),
    ("GET", "/proxies/a/toxics/q", None),
    ("PUT", "/proxies/a/toxics/q", None),
    ("DELETE", "/proxies/a/toxics/q", None),
    ("GET", "/reset", None),
    ("POST", "/reset", None),
    ("GET", "/proxies", None),
    ("POST", "/populate", [{"name": "n1", "upstream": "127.0.0.1:11", "listen": "127.0.0.1:0"}]),
    ("POST", "/populate", [{"name": "n1", "upstream": "127.0.0.1:12", "listen": "127.0.0.1:0"}]),
    ("POST", "/populate", [{"name": "n2", "upstream": "x:1", "listen": "127.0.0.1:0", "enabled": False}]),
    ("POST", "/populate", [{"name": "n2", "upstream": "x:1", "listen": "127.0.0.1:0", "enabled": True}]),
    ("POST", "/populate", [{"name": "n1"}]),
    ("POST", "/populate", [{"upstream": "n1"}]),
    ("POST", "/populate", [1]),
    ("POST", "/populate", [{"name": 1}]),
    ("POST", "/populate", {}),
    ("POST", "/populate", []),
    ("POST", "/populate", ""),
    (
        "POST",
        "/populate",
        [
            {"name": "n8", "upstream": "x:1", "listen": "127.0.0.1:0"},
            {"name": "n9", "upstream": "x:1", "listen": "127.0.0.1:{api_port}"},
        ],
    ),
    ("DELETE", "/proxies/n1", None),
    ("GET", "/proxies", None),
)


def _cleared(api: Api) -> Api:
    for name in json.loads(api.call("GET", "/proxies").body):
        api.ok("DELETE", f"/proxies/{quote(name)}")
    return api


def _ask(api: Api, method: str, path: str, body: object) -> Reply:
    sent = body if isinstance(body, str) or body is None else json.dumps(body)
    reply = api.call(method, path, None if sent is None else sent.replace("{api_port}", str(api.port)))
    told = reply.body.replace(f":{api.port}", ":api")
    return replace(reply, body=re.sub(r"127\.0\.0\.1:\d{4,5}(?=\")", "127.0.0.1:port", told))


def test_same_answers_of_the_api(real: Api, embedded: Api) -> None:
    _cleared(real)
    _cleared(embedded)
    for asked in ASKED:
        assert {"asked": asked, "got": _ask(embedded, *asked)} == {"asked": asked, "got": _ask(real, *asked)}
    _cleared(real)
    _cleared(embedded)


def test_same_ban_of_browsers(real: Api, embedded: Api) -> None:
    browser = {"User-Agent": "Mozilla/5.0"}
    for path in ("/version", "/proxies", "/nothing"):
        assert embedded.call("GET", path, None, browser) == real.call("GET", path, None, browser)


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("bandwidth", {"rate": -1}), ("bandwidth", {"rate": 10**17}), ("latency", {"jitter": 2**63 - 1})],
)
def test_what_the_embedded_one_refuses_kills_the_real_one(
    embedded: Api, kind: str, attributes: dict[str, int]
) -> None:
    body = {"type": kind, "attributes": attributes}
    rig = Rig(embedded)
    refusal = embedded.call("POST", "/proxies/rig/toxics", body)
    rig.close()
    assert (refusal.status, "would crash" in refusal.body) == (400, True)

    with _started("toxiproxy") as victim:
        rig = Rig(Api(victim.url))
        rig.api.ok("POST", "/proxies/rig/toxics", body)
        with Client(rig.address) as client:
            client.send(b"x")
            assert client.piece() in {"closed", "reset"}
        rig.participant.close()
        assert not victim.alive()


ORPHAN = """
import time
from harness.toxiproxy.discovery import find_server
from harness.toxiproxy.server import ProxyServer
server = ProxyServer(find_server("toxiproxy", lambda _: None))
server.start()
print(server.url, flush=True)
time.sleep(60)
"""


def test_the_real_one_dies_with_a_harness_that_was_killed(real: Api) -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        orphan = Api(harness.stdout.readline().strip())
        assert orphan.call("GET", "/version") == real.call("GET", "/version")
        harness.kill()
        harness.wait(5)
    deadline_s = time.monotonic() + 3
    while time.monotonic() < deadline_s and _answers(orphan):
        time.sleep(0.01)
    assert not _answers(orphan)


def _answers(api: Api) -> bool:
    try:
        return api.call("GET", "/version").status == 200
    except OSError:
        return False

"""One request is the same to a participant in either world."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from harness.worlds.sim.transports import _as_request
from harness.worlds.wire.http import request_of


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", {}),
        ("?saga_id=a", {"saga_id": "a"}),
        ("?saga_id=a&saga_id=b", {"saga_id": "b"}),
        ("?saga_id=a&other=1&saga_id=b", {"saga_id": "b", "other": "1"}),
        ("?saga_id=", {"saga_id": ""}),
        ("?saga_id=a%20b+c", {"saga_id": "a b c"}),
    ],
)
def test_a_query_name_that_is_given_twice_has_its_last_value(query: str, read: dict[str, str]) -> None:
    sent = httpx.Request("DELETE", f"http://stock.sim/holds/a%20b{query}", headers=[("X", "1"), ("x", "2")])
    simulated = _as_request(sent, b"")
    real = request_of(sent.method, sent.url.raw_path, sent.headers.raw, b"")
    assert real.target == f"/holds/a%20b{query}"
    assert simulated == msgspec.structs.replace(real, target="")  # sim sends no bytes
    assert (simulated.query, simulated.path, simulated.headers["x"]) == (read, "/holds/a b", "2")

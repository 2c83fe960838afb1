"""An error answered by a gateway, in HTML: a saga that looks for JSON in each error falls over it."""

from __future__ import annotations

import httpx

from harness.faults.error_before import PAGE
from harness.participant import Response
from harness.plan import Fault
from harness.worlds.sim import SimWorld
from harness.worlds.wire.http import encode
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class ReadsEachError(Saga):
    """Takes the cause out of the body before it looks at the status."""

    def read_reply(self, task: Task, reply: httpx.Response) -> Reading:
        if reply.is_error:
            self.error = self.error or str(reply.json()["error"])
        return super().read_reply(task, reply)


class SaysWhatItGot(Saga):
    """Sound: shows what came, whatever it is, and judges by the status."""

    def read_reply(self, task: Task, reply: httpx.Response) -> Reading:
        if reply.is_error:
            kind = reply.headers["content-type"]
            self.error = self.error or str(reply.json()["error"] if "json" in kind else reply.text)
        return super().read_reply(task, reply)


PLANT = Plant(
    broken=ReadsEachError,
    sound=SaysWhatItGot,
    caught_by="termination",
    smallest=(Fault(kind="error_before", operation="stock.hold.create"),),
    tasks=(HOLD,),
    alone=frozenset({"error_before"}),
)


@TWINS
def test_a_page_in_place_of_json(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)


def test_the_wire_calls_it_what_it_is() -> None:
    sent = encode(Response(status=500, body=PAGE, html=True))
    assert b"content-type: text/html\r\n" in sent
    assert b"application/json" not in sent
    assert b"content-type: application/json\r\n" in encode(Response.of(500, {"error": "internal error"}))

"""What is learned from the answers of a service that is not ours, and how its truth contradicts them."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from harness.errors import ScenarioError
from harness.participant import (
    Launch,
    Owner,
    OwnService,
    Reply,
    Request,
    ResourceSpec,
    Response,
    routes,
)
from harness.participant.resource import Own
from harness.participant.upstream import Address, request_to, through_proxy
from harness.saga import Json
from harness.worlds.wire.forwarding import NOBODY, ask

CHARGE = ResourceSpec(
    name="charge",
    routes=routes(
        "charge",
        create="POST /charges",
        delete="DELETE /charges/{id}",
        delete_by_saga="DELETE /charges",
        find="GET /charges",
        get="GET /charges/{id}",
    ),
)
OWNER = Owner(saga_id="s", step="charge")
MADE = Response.of(201, {"id": "c1"})


class Told:
    """A service whose next answer is given beforehand."""

    def __init__(self) -> None:
        launch = Launch(address=Address(host="127.0.0.1", port=1))
        self.service = OwnService(
            "pay", (CHARGE,), "Idempotency-Key", launch, {"pay.charge": "GET /c/{saga_id}"}
        )

    def call(self, verb: str, answer: Response, *, id_: str | None = None, key: str = "s:charge") -> Reply:
        headers = {"idempotency-key": key} if key else {}
        method = "POST" if verb == "create" else "DELETE" if verb.startswith("delete") else "GET"
        request = Request(method=method, path="/charges", query={}, headers=headers)
        self.service.keep(request, [answer])
        return self.service.handle(self.service.operations[f"pay.charge.{verb}"], id_, request, OWNER)

    def changes(
        self, verb: str, answer: Response, *, id_: str | None = None, key: str = "s:charge"
    ) -> list[str]:
        reply = self.call(verb, answer, id_=id_, key=key)
        assert reply.response == answer
        return [f"{one.change} {one.incarnation} {one.step}" for one in reply.effects]

    def disagreements(self, *held: str, step: str | None = None) -> list[tuple[int, str | None, bool, str]]:
        found = self.service.disagreements("pay.charge", "s", held, step)
        return [(one.number, one.step, there, says) for one, there, says in found]


def test_a_create_answered_2xx_made_one_and_its_replay_none() -> None:
    told = Told()
    assert told.changes("create", MADE) == ["created 1 charge"]
    assert told.changes("create", MADE) == []
    assert told.changes("create", Response.of(201, {"id": "c2"})) == ["created 2 charge"]
    assert told.changes("create", Response.of(409, {"error": "no"})) == []


def test_an_id_that_comes_back_after_its_removal_is_another_one_unless_its_key_is_the_same() -> None:
    told = Told()
    told.changes("create", MADE)
    assert told.changes("delete", Response(status=204), id_="c1") == ["removed 1 charge"]
    assert told.changes("delete", Response(status=204), id_="c1") == []
    assert told.changes("create", MADE) == []
    assert told.changes("create", MADE, key="s:charge:2") == ["created 2 charge"]


def test_an_answer_without_an_id_is_one_for_each_saga_step_and_key() -> None:
    told = Told()
    assert told.changes("create", Response(status=201)) == ["created 1 charge"]
    assert told.changes("create", Response(status=201)) == []
    assert told.changes("create", Response(status=201), key="other") == ["created 2 charge"]


def test_an_undo_by_saga_removes_all_of_it_and_a_202_nothing() -> None:
    told = Told()
    told.changes("create", MADE)
    told.changes("create", Response.of(201, {"id": "c2"}), key="s:again")
    assert told.changes("delete_by_saga", Response.of(202)) == []
    assert told.changes("delete_by_saga", Response.of(200)) == ["removed 1 charge", "removed 2 charge"]


@pytest.mark.parametrize("doubt", [500, 202, NOBODY])
def test_a_create_in_doubt_is_known_once_a_query_shows_it(doubt: int) -> None:
    told = Told()
    assert told.changes("create", Response.of(doubt, {"id": "c1"})) == []
    listed: Json = {"items": [{"id": "c1"}]}
    assert told.changes("find", Response.of(200, listed), key="") == ["created 1 charge"]
    assert told.changes("find", Response.of(200, listed), key="") == []
    assert told.changes("find", Response.of(200, {"items": [{"id": "another"}]}), key="") == []


def test_an_undo_by_saga_ends_the_doubt() -> None:
    told = Told()
    told.changes("create", Response.of(500))
    told.changes("delete_by_saga", Response(status=204))
    assert told.changes("get", Response.of(200, {"id": "c1"}), id_="c1", key="") == []


def test_the_same_key_with_another_body_is_a_conflict_whatever_is_answered() -> None:
    told = Told()
    told.call("create", MADE)
    request = Request(
        method="POST", path="/charges", query={}, headers={"idempotency-key": "s:charge"}, body=b"{}"
    )
    told.service.keep(request, [MADE])
    assert told.service.handle(
        told.service.operations["pay.charge.create"], None, request, OWNER
    ).key_conflict


def test_what_is_held_is_compared_with_what_was_answered() -> None:
    told = Told()
    told.changes("create", MADE)
    assert told.service.agrees("pay.charge", "s", ("c1",))
    assert told.disagreements("c1") == []
    assert not told.service.agrees("pay.charge", "s", ())
    says = "pay answered 201 for charge 'c1' and does not hold it"
    assert told.disagreements() == [(1, "charge", False, says)]


def test_what_was_removed_and_is_held_is_a_disagreement() -> None:
    told = Told()
    told.changes("create", MADE)
    told.changes("delete", Response(status=204), id_="c1")
    says = "pay answered that charge 'c1' is removed and holds it"
    assert told.disagreements("c1") == [(1, "charge", True, says)]


def test_what_no_answer_spoke_of_is_of_a_create_in_doubt_else_of_the_only_step() -> None:
    told = Told()
    told.changes("create", Response.of(500))
    says = "pay holds charge '{}', and no answer said that it was made"
    assert told.disagreements("c1", "c2", step="only") == [
        (1, "charge", True, says.format("c1")),
        (2, "only", True, says.format("c2")),
    ]


def test_a_fresh_one_knows_nothing() -> None:
    told = Told()
    told.changes("create", MADE)
    operation = told.service.operations["pay.charge.create"]
    assert told.service.owner_of(operation, "c1") == OWNER
    assert told.service.fresh().owner_of(operation, "c1") is None


def test_ids_held_are_read_as_the_resource_says() -> None:
    answer = Response.of(200, {"items": [{"id": "c1"}, {"id": 2}, {"id": "c1"}]})
    assert Told().service.ids_held("pay.charge", answer) == ("c1", "2")


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'["a", 7]', ("a", "7")),
        (b'{"items": ["a", 7]}', ("a", "7")),
        (b'[{"id": 1}]', ("1",)),
        (b'{"id": 1}', ("1",)),
        (b'{"items": null}', ()),
        (b'{"items": []}', ()),
        (b"{}", ()),
        (b"null", ()),
        (b"", ()),
    ],
)
def test_ids_held_may_be_a_bare_list_or_a_list_of_ids_alone(body: bytes, ids: tuple[str, ...]) -> None:
    answer = Response(status=200, body=body)
    assert Told().service.ids_held("pay.charge", answer) == ids


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"data": [{"id": 1}]}', """neither 'id' nor a list under 'items' in {"data":[{"id":1}]}"""),
        (b'[{"number": 1}]', """neither 'id' nor a list under 'items' in {"number":1}"""),
        (b"[true]", "neither 'id' nor a list under 'items' in true"),
        (b"<p>none", "no JSON"),
    ],
)
def test_a_list_that_shows_no_ids_is_not_taken_for_an_empty_one(body: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        Told().service.ids_held("pay.charge", Response(status=200, body=body))


# Ids that are not in the body --------------------------------------------------------------------


def located(location: str) -> Response:
    return Response(status=201, headers=(("Location", location),))


@pytest.mark.parametrize(
    "location",
    ["/charges/c1", "http://127.0.0.1:9/charges/c1", "/charges/c1/", "charges/c1", "/else/c1?x=1"],
)
def test_an_id_may_stand_in_the_location_alone(location: str) -> None:
    told = Told()
    assert told.changes("create", located(location)) == ["created 1 charge"]
    assert told.changes("create", located(location)) == []
    assert told.service.agrees("pay.charge", "s", ("c1",))
    assert told.changes("delete", Response(status=204), id_="c1") == ["removed 1 charge"]


def test_an_id_in_the_body_counts_and_not_the_location() -> None:
    told = Told()
    told.changes("create", Response(status=201, body=b'{"id": "c1"}', headers=(("Location", "/charges/x"),)))
    assert told.service.agrees("pay.charge", "s", ("c1",))


def test_what_no_answer_named_is_what_is_held_or_removed_under_an_unknown_id() -> None:
    told = Told()
    told.changes("create", Response(status=204))
    assert told.service.agrees("pay.charge", "s", ("c7",))
    assert told.disagreements("c7") == []
    assert not told.service.agrees("pay.charge", "s", ("c7", "c8"))
    assert told.changes("delete", Response(status=204), id_="c7") == ["removed 1 charge"]
    assert told.service.agrees("pay.charge", "s", ())
    says = "pay answered that charge 'c7' is removed and holds it"
    assert told.disagreements("c7") == [(1, "charge", True, says)]


def test_what_no_answer_named_and_is_not_held_is_told_without_an_id() -> None:
    told = Told()
    told.changes("create", Response(status=204))
    says = "pay answered 204 for a charge, with no id in the answer, and does not hold it"
    assert told.disagreements() == [(1, "charge", False, says)]


def test_of_several_that_no_answer_named_nobody_knows_which_an_id_removes() -> None:
    told = Told()
    told.changes("create", Response(status=204))
    told.changes("create", Response(status=204), key="s:other")
    assert told.changes("delete", Response(status=204), id_="c7") == []


# Links --------------------------------------------------------------------------------------------


def test_links_to_the_service_lead_through_the_proxy() -> None:
    """Else a redirect would lead the saga past every fault."""
    address = Address(host="127.0.0.1", port=90)
    body = b'{"self": "http://127.0.0.1:90/c/1", "other": "http://127.0.0.1:900/c/1"}'
    answer = Response(
        status=307,
        body=body,
        media="application/hal+json",
        headers=(("Location", "http://127.0.0.1:90/c/"), ("X-Own", "http://127.0.0.1:90")),
    )
    seen = through_proxy(answer, address, "127.0.0.1:7")
    assert seen.body == b'{"self": "http://127.0.0.1:7/c/1", "other": "http://127.0.0.1:900/c/1"}'
    assert seen.headers == (("Location", "http://127.0.0.1:7/c/"), ("X-Own", "http://127.0.0.1:90"))
    picture = Response(status=200, body=body, media="image/png")
    assert through_proxy(picture, address, "127.0.0.1:7") == picture


def test_what_is_learned_is_what_the_service_said() -> None:
    """An id that is a link is the same to a caller, to whom it leads through the proxy, and to `holds`."""
    told = Told()
    link = "http://127.0.0.1:1/charges/c1"
    answer = Response(status=201, body=msgspec.json.encode({"id": link}), media="application/json")
    headers = {"idempotency-key": "s:charge", "host": "127.0.0.1:7"}
    request = Request(method="POST", path="/charges", query={}, headers=headers)
    told.service.keep(request, [answer])
    reply = told.service.handle(told.service.operations["pay.charge.create"], None, request, OWNER)
    assert msgspec.json.decode(reply.response.body) == {"id": "http://127.0.0.1:7/charges/c1"}
    assert told.service.agrees("pay.charge", "s", (link,))


# Asking ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1",
        "http://10.0.0.1:1",
        "http://example.org:1",
        "http://127.0.0.1",
        "http://localhost:x",
    ],
)
def test_only_http_on_loopback_is_an_address(url: str) -> None:
    with pytest.raises(ScenarioError, match="a loopback host and a port"):
        Address.parse(url, "participants.pay.url")


def test_an_address_has_a_prefix_and_a_request_its_values() -> None:
    assert str(Address.parse("http://[::1]:80/api/", "url")) == "http://[::1]:80/api"
    assert request_to("GET /c?order={saga_id}", {"saga_id": "a b"}).target == "/c?order=a%20b"


def test_nobody_there_is_answered_for_by_502() -> None:
    answer = ask(Address(host="127.0.0.1", port=1), request_to("GET /", {}))
    assert answer.status == NOBODY
    assert "did not answer" in msgspec.json.decode(answer.body)["error"]


def test_a_late_create_cannot_be_withstood_where_undos_are_not_remembered() -> None:
    assert CHARGE.survives_late
    assert not replace(CHARGE, own=Own.STARTED, tombstones=False).survives_late

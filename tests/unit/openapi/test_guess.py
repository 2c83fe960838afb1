"""What is guessed from a document: pairs, paths, bodies, answers, lists, keys. The document is our own."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.openapi import GuessedService, guess_service, read_document
from harness.openapi.guess import GuessedStep

SHOP = Path(__file__).with_name("shop.yaml")


shop_document = cache(read_document)


def guessed(*chosen: str) -> GuessedService:
    return guess_service(shop_document(SHOP), None, chosen)


def step(resource: str, *chosen: str) -> GuessedStep:
    return next(one for one in guessed(*chosen).steps if one.resource == resource)


def test_what_can_be_undone_becomes_a_step_and_the_rest_is_named() -> None:
    shop = guessed()
    assert (shop.name, [one.resource for one in shop.steps]) == ("shop", ["shipment", "order"])
    assert shop.left == ("POST /mails",)


def test_chosen_operations_are_steps_and_those_without_an_undo_come_last() -> None:
    shop = guessed("POST /mails", "POST /customers/{customer}/orders")
    assert [one.resource for one in shop.steps] == ["order", "mail"]
    assert step("mail", "POST /mails").undo is None


def test_an_undo_by_id_may_stand_at_the_top_and_other_placeholders_stand_for_any_text() -> None:
    keys = step("order").keys
    assert keys["create"] == "POST /customers/{customer}/orders"
    assert keys["delete"] == "DELETE /orders/{id}"
    assert keys["get"] == "GET /orders/{id}"


def test_paths_and_headers_are_filled_with_examples() -> None:
    create = step("order").create
    assert create.path == "/customers/ann/orders"
    assert create.headers == {"X-Tenant": "north"}


def test_the_header_of_keys_is_that_of_the_document() -> None:
    assert guessed().key_header == "X-Idempotency-Key"
    assert guessed("POST /mails").key_header is None


def test_a_body_has_what_is_required_by_its_schema() -> None:
    body = step("order").create.body
    assert isinstance(body, dict)
    assert {name: body[name] for name in ("sku", "lines")} == {"sku": "textxx", "lines": [3, 3]}
    assert "note" not in body


def test_a_schema_that_holds_itself_ends_somewhere() -> None:
    depth, body = 0, step("order").create.body
    while isinstance(body, dict) and "parent" in body:
        depth, body = depth + 1, body["parent"]
    assert 1 < depth < 10


def test_examples_come_from_references_and_from_parts() -> None:
    assert step("shipment").create.body == {"weight": 1, "to": {"country": "Norway"}}


def test_an_undo_may_be_a_post_with_a_body() -> None:
    undo = step("shipment").undo
    assert undo is not None
    assert (undo.method, undo.path, undo.body) == (
        "POST",
        "/shipments/{id}/cancel",
        {"reason": "changed my mind"},
    )


def test_a_form_is_flat() -> None:
    create = step("mail", "POST /mails").create
    assert (create.form, create.body) == (True, {"to": "ann@example.org", "options[urgent]": True})


def test_what_is_answered_is_read_from_the_responses() -> None:
    assert {name: one for name, one in step("order").keys.items() if name in ("id", "items", "undone")} == {
        "undone": 200,
        "id": "orderId",
        "items": "data",
    }
    assert step("order").keys["answer"] == {"orderId": "{id}", "sku": "{body.sku}", "state": "open"}
    assert (step("order").keys["refuses"], step("order").keys["error"]) == (
        422,
        {"message": "{error}", "code": "{status}"},
    )


def test_an_action_that_is_accepted_first_and_an_id_that_is_wrapped() -> None:
    keys = step("shipment").keys
    assert (keys["action_answers"], keys["id"]) == ("accepted", "shipment.number")
    assert keys["answer"] == {"shipment": {"number": "{n}", "weight": "{body.weight}"}}


def test_each_guess_is_said() -> None:
    said = "\n".join(step("order").notes)
    for part in (
        "undone by DELETE /orders/{orderId}",
        "the id in 'orderId'",
        "a list in 'data'",
        "/customers/ann/orders",
        "example values: sku, lines, parent",
    ):
        assert part in said
    assert "does not say where its id stands" in "\n".join(step("mail", "POST /mails").notes)


# Ids that the saga chooses, who calls, and patterns ----------------------------------------------

VAULT = Path(__file__).with_name("vault.yaml")


def vault() -> GuessedService:
    return guess_service(shop_document(VAULT), None, ())


def test_a_put_creates_what_a_delete_removes_where_no_post_does() -> None:
    bucket, grant = sorted(vault().steps, key=lambda one: one.resource)
    assert (bucket.resource, bucket.chosen, grant.resource, grant.chosen) == ("bucket", True, "grant", False)
    assert bucket.keys["create"] == "PUT /buckets/{id}"
    assert bucket.keys["delete"] == "DELETE /buckets/{id}"
    assert (bucket.keys["repeats"], bucket.keys["created"], bucket.keys["id"]) == ("natural", 200, "name")
    assert bucket.create.path == "/buckets/{id}?sig=change-me"
    assert "the saga chooses its id" in "\n".join(bucket.notes)


def test_what_proves_who_calls_is_sent_and_said() -> None:
    bucket, grant = sorted(vault().steps, key=lambda one: one.resource)
    assert bucket.create.headers == {"X-Vault-Key": "change-me"}
    assert bucket.undo is not None
    assert bucket.undo.headers == {"Authorization": "Bearer change-me"}, "of the whole document"
    assert grant.undo is not None
    assert grant.undo.headers == {}, "one of the ways is to prove nothing"
    assert sorted(vault().asks) == [
        "the header Authorization: Bearer … (bearer)",
        "the header X-Vault-Key (key)",
        "the query parameter sig (inQuery)",
    ]
    assert vault().secret_headers == ("X-Vault-Key", "sig")
    assert guessed().asks == ()


def test_a_text_meets_its_pattern_and_one_that_nobody_can_read_is_named() -> None:
    (bucket,) = [one for one in vault().steps if one.chosen]
    body = bucket.create.body
    assert isinstance(body, dict)
    assert re.fullmatch(r"[a-z]{2}-[a-z]+-[0-9]", str(body["region"]))
    assert re.search(r"[A-Z]{3}", str(body["code"]))
    assert len(str(body["code"])) >= 5
    assert (body["contact"], body["odd"]) == ("ann@example.org", "text")
    assert "no value was found for the pattern of odd: set one" in bucket.notes
    assert bucket in vault().steps, "the same each time"


# What documents say oddly, and what earlier steps make ----------------------------------------

DEPOT = Path(__file__).with_name("depot.yaml")


def depot() -> dict[str, GuessedStep]:
    return {one.resource: one for one in guess_service(shop_document(DEPOT), None, ()).steps}


def test_an_undo_is_found_behind_a_suffix_a_verb_a_colon_and_another_placeholder() -> None:
    undone = {name: one.keys["delete"] for name, one in depot().items()}
    assert undone == {
        "site": "DELETE /v1/sites/{id}.json",
        "rack": "DELETE /v1/sites/{site}/racks/{id}",
        "move": "POST /v1/moves/{id}:cancel",
        "photo": "DELETE /v1/photos/{id}",
    }


def test_a_path_has_the_id_that_an_earlier_step_made_whatever_its_placeholder_is_called() -> None:
    rack = depot()["rack"]
    assert rack.create.path == "/v1/sites/{parent_id}/racks/create"
    assert rack.undo is not None
    assert rack.undo.path == "/v1/sites/{site}/racks/{id}"
    assert rack.parents == {"parent_id": "site", "site": "site"}
    assert "in its paths, {parent_id} and {site} are the id of site" in rack.notes
    assert not any("examples:" in one for one in rack.notes), "nothing in it is an example"


def test_a_body_has_the_id_that_an_earlier_step_made() -> None:
    move = depot()["move"]
    assert move.fields == {"site_id": "site"}
    assert "in its body, site_id is the id of site" in move.notes


def test_what_no_chosen_step_makes_is_an_example() -> None:
    (rack,) = guess_service(shop_document(DEPOT), None, ["POST /v1/sites/{id}/racks/create"]).steps
    assert (rack.create.path, rack.parents) == ("/v1/sites/1/racks/create", {})


def test_a_body_meets_parts_of_a_type_and_alternatives_beside_properties() -> None:
    body = depot()["site"].create.body
    assert isinstance(body, dict)
    assert (body["mode"], "city" in body) == ("quick", True)


def test_the_list_is_the_one_that_is_called_as_what_is_listed() -> None:
    assert depot()["site"].items == "sites"


def test_a_body_that_cannot_be_guessed_is_said() -> None:
    assert depot()["photo"].create.body is None
    said = "it takes a body of multipart/form-data, of which none is guessed: the saga sends none"
    assert said in depot()["photo"].notes


def test_an_example_that_its_schema_forbids_is_remarked_with_its_place() -> None:
    said = "\n".join(shop_document(DEPOT).remarks)
    assert "components / schemas / Gate: 'false' is not of type 'boolean'" in said
    assert "components / schemas / Code / enum: ['a', 'a'] has non-unique elements" in said


# What is no such document ---------------------------------------------------------------------

PLAIN: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/a": {"post": {"responses": {"200": {"description": "done"}}}}},
}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.yaml", "openapi: 3.0.0\ninfo: [", ("a.yaml, line 3", "expected YAML")),
        ("a.json", '{"openapi": ', ("a.json, line 1", "expected JSON")),
        ("a.yaml", "- 1", ("a.yaml", "found 'list'", "a mapping with openapi")),
        ("a.yaml", "swagger: '2.0'\n", ("a.yaml, line 1, swagger", "swagger: 2.0", "3.0.x or 3.1.x")),
        ("a.yaml", "openapi: 4.0.0\n", ("line 1, openapi", "'4.0.0'", "3.0.x or 3.1.x")),
        ("a.yaml", "info: {}\n", ("a.yaml", "None", "3.0.x or 3.1.x")),
        (
            "a.yaml",
            "openapi: 3.0.0\ninfo:\n  version: '1'\npaths: {}\n",
            ("line 2, info", "a mapping with version", "'title' in it"),
        ),
        (
            "a.yaml",
            "openapi: 3.0.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    post:\n      responses: 7\n",
            ("line 6, paths / /a / post / responses", "found 7", "object"),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, says: tuple[str, ...]
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(UsageError) as told:
        read_document(file)
    for part in says:
        assert part in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.yaml: found 'No such file"):
        read_document(tmp_path / "gone.yaml")


def test_a_reference_to_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    schema = {"$ref": "#/components/schemas/Gone"}
    content = {"application/json": {"schema": schema}}
    paths = {
        "/a": {"post": {"requestBody": {"content": content}, "responses": {"200": {"description": "d"}}}}
    }
    file.write_text(json.dumps({**PLAIN, "paths": paths}))
    with pytest.raises(UsageError, match=r"schema, \$ref: found '.*Gone'"):
        guess_service(read_document(file), None, ())


def test_what_breaks_a_rule_and_not_the_shape_is_remarked(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**PLAIN, "paths": {"/a/{b}/c": PLAIN["paths"]["/a"]}}))
    document = read_document(file)
    assert "'b'" in document.remarks[0]
    assert guess_service(document, None, ()).steps[0].create.path == "/a/b/c"


def test_a_document_in_which_nothing_is_created(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**PLAIN, "paths": {}}))
    with pytest.raises(UsageError, match="a POST that creates something"):
        guess_service(read_document(file), None, ())


def test_an_operation_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="POST /mails"):
        guessed("POST /mail")


def test_references_go_to_other_files_too(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text(
        "Thing: {type: object, required: [a], properties: {a: {type: integer}}}\n"
    )
    content = {"application/json": {"schema": {"$ref": "parts.yaml#/Thing"}}}
    paths = {
        "/a": {"post": {"requestBody": {"content": content}, "responses": {"200": {"description": "d"}}}}
    }
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**PLAIN, "paths": paths}))
    assert guess_service(read_document(file), None, ()).steps[0].create.body == {"a": 1}

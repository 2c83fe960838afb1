"""What is special about the services of the documents: shared routes, tokens, prices, mail that stays."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from fakes import (
    ENVIRONMENTS,
    Databases,
    DbtProjects,
    Docker,
    FileService,
    GitService,
    Notifications,
    Terraform,
)
from fakes.dbt_cloud import PROVISION, VERIFY
from harness.participant import Owner, Reply, Request, RestParticipant

DATABASE = {"environment": "dev", "object_type": "database", "object_name": "churn_db"}


def deliver(
    fake: RestParticipant,
    method: str,
    path: str,
    fields: Mapping[str, object] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    saga_id: str = "saga-1",
) -> Reply:
    """As the fault injector does it: placed by the whole request, not by its route alone."""
    body = b"" if fields is None else json.dumps(fields).encode()
    request = Request(method=method, path=path, query={}, headers=headers or {}, body=body)
    matched = fake.match(request)
    assert matched is not None
    return fake.handle(matched.operation, matched.id, request, Owner(saga_id=saga_id, step="step"))


def status(reply: Reply) -> int:
    return reply.response.status


def test_one_route_provisions_and_tears_down() -> None:
    databases = Databases()
    made = deliver(databases, "POST", PROVISION, {"action": "apply", **DATABASE})
    assert (status(made), json.loads(made.response.body)["databaseId"]) == (201, "churn_db")
    gone = deliver(databases, "POST", PROVISION, {"action": "teardown", **DATABASE})
    assert [one.change for one in gone.effects] == ["removed"]
    assert databases.conserved()


def test_a_teardown_may_be_repeated_and_needs_no_key() -> None:
    databases = Databases()
    deliver(databases, "POST", PROVISION, {"action": "apply", **DATABASE})
    for expected in (201, 404):
        assert status(deliver(databases, "POST", PROVISION, {"action": "teardown", **DATABASE})) == expected
    request = Request(method="POST", path=PROVISION, query={}, headers={}, body=b"{}")
    assert not any(databases.heeds_key(one, request) for one in databases.operations.values())


def test_a_teardown_that_names_a_saga_leaves_those_of_others_and_bars_what_comes_late() -> None:
    databases = Databases()
    deliver(databases, "POST", PROVISION, {"action": "apply", **DATABASE}, saga_id="saga-2")
    deliver(databases, "POST", PROVISION, {"action": "teardown", "saga_id": "saga-1", **DATABASE})
    assert len(list(databases.ledger.live())) == 1
    assert status(deliver(databases, "POST", PROVISION, {"action": "apply", **DATABASE})) == 409


def test_a_verification_shows_what_is_there() -> None:
    databases = Databases()
    deliver(databases, "POST", PROVISION, {"action": "apply", **DATABASE})
    shown = json.loads(deliver(databases, "POST", VERIFY, {}).response.body)
    assert [one["databaseId"] for one in shown["databases"]] == ["churn_db"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_made_once_for_a_saga_and_needs_its_project(environment: str) -> None:
    projects, path = DbtProjects(), f"/api/v1/dbt/environments/{environment}"
    assert status(deliver(projects, "POST", path, {"name": environment})) == 400
    fields = {"project_id": "project-1", "name": environment}
    replies = [deliver(projects, "POST", path, fields) for _ in range(2)]
    assert [len(reply.effects) for reply in replies] == [1, 0]
    assert replies[0].response == replies[1].response


@pytest.mark.parametrize(
    ("fake", "path", "fields"),
    [
        (FileService(), "/files", {"project_id": "p", "path": "index.md"}),
        (GitService(), "/snapshots", {"project_id": "p"}),
    ],
)
def test_who_shows_no_token_is_refused(fake: RestParticipant, path: str, fields: Mapping[str, str]) -> None:
    assert status(deliver(fake, "POST", path, fields)) == 401
    assert status(deliver(fake, "POST", path, fields, headers={"x-internal-token": "internal"})) == 201


def test_an_effect_tells_what_it_costs() -> None:
    (made,) = deliver(Terraform(), "POST", "/databases", {"name": "shop"}).effects
    assert made.detail == "created, $500 a month"
    (made,) = deliver(Docker(), "POST", "/servers", {"image": "shop:1", "database_id": "database-1"}).effects
    assert made.detail == "created, $200 a month"


def test_mail_stays() -> None:
    mail = Notifications()
    assert status(deliver(mail, "POST", "/api/v1/notifications", {"to": "ann@example.com"})) == 201
    assert not any(one.verb.undoes for one in mail.operations.values())
    assert mail.conserved()


def test_conserved_notices_what_vanished() -> None:
    mail = Notifications()
    deliver(mail, "POST", "/api/v1/notifications", {"to": "ann@example.com"})
    mail._standing.clear()
    assert not mail.conserved()

"""The services behind dbt Cloud's project creation: projects, databases, GitHub, entitlements.

Owns their routes and what is special about the database service: one route provisions and tears down, by
the word `action` in the body, and a database goes by its name. None of them heeds idempotency keys; what
exists once for a project (a database, an environment, a repository) is not made a second time.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakes.records import Records
from fakes.routes import routes
from harness.participant import Answers, Matched, Operation, Repeats, Request, ResourceSpec, Verb

ENVIRONMENTS = ("development", "staging", "production")
PROVISION = "/api/v1/admin/datacloud/provision-infra"
VERIFY = "/api/v1/admin/snowflake/verify-database"


def _records(name: str, path: str, *, answers: Answers | None = None) -> ResourceSpec:
    return ResourceSpec(
        name=name,
        routes=routes(
            name,
            create=f"POST {path}",
            delete=f"DELETE {path}/{{id}}",
            delete_by_saga=f"DELETE {path}",
            get=f"GET {path}/{{id}}",
            find=f"GET {path}",
        ),
        repeats=Repeats.NATURAL,
        answers=answers or Answers(),
    )


class DbtProjects(Records):
    """Projects, their environments (one resource for each type of them), and their credentials."""

    name = "projects"
    resources = (
        _records("project", "/api/v1/dbt/projects"),
        *(_records(f"{one}_environment", f"/api/v1/dbt/environments/{one}") for one in ENVIRONMENTS),
        _records("credentials", "/api/v1/dbt/credentials"),
    )
    needs = {"project": ("name", "owner"), "credentials": ("project_id",)} | {
        f"{one}_environment": ("project_id",) for one in ENVIRONMENTS
    }


class Databases(Records):
    """One route, `action` apply or teardown.

    A teardown by name undoes that database, one that names a saga all that the saga provisioned. Both may
    be repeated, so neither needs a key.
    """

    name = "databases"
    resources = (
        ResourceSpec(
            name="database",
            routes=routes(
                "database",
                create=f"POST {PROVISION}",
                # Where a resource says how it is undone. Requests arrive at the route above: see `match`.
                delete=f"POST {PROVISION}/{{id}}/teardown",
                delete_by_saga=f"POST {PROVISION}/teardown",
                find=f"POST {VERIFY}",
            ),
            repeats=Repeats.NATURAL,
            answers=Answers(
                fields={"id": "{body.object_name}", "databaseId": "{body.object_name}"},
                items="databases",
            ),
        ),
    )
    needs: Mapping[str, tuple[str, ...]] = {"database": ("object_name", "environment")}

    def match(self, request: Request) -> Matched | None:
        """By the word in the body where the route is shared."""
        found = super().match(request)
        if found is None or found.operation.verb is not Verb.CREATE:
            return found
        fields = request.fields()
        if fields.get("action") != "teardown":
            return found
        if "saga_id" in fields:
            return Matched(self.operations["databases.database.delete_by_saga"], None)
        return Matched(self.operations["databases.database.delete"], str(fields.get("object_name")))

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        """Never: what it does goes by the name."""
        del operation, request
        return False


class GitHub(Records):
    """Repositories."""

    name = "github"
    resources = (_records("repository", "/api/v1/github/repositories"),)
    needs: Mapping[str, tuple[str, ...]] = {"repository": ("name",)}


class Entitlements(Records):
    """Who owns a project."""

    name = "entitlements"
    resources = (_records("entitlement", "/api/v1/entitlements"),)
    needs: Mapping[str, tuple[str, ...]] = {"entitlement": ("owner",)}

"""Notifications: mail that is sent once for each saga and step, and never unsent."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.records import Records
from fakes.routes import routes
from harness.participant import Repeats, ResourceSpec


class Notifications(Records):
    """No route undoes. One can ask what was sent."""

    name = "notifications"
    resources = (
        ResourceSpec(
            name="mail",
            routes=routes(
                "mail",
                create="POST /api/v1/notifications",
                get="GET /api/v1/notifications/{id}",
                find="GET /api/v1/notifications",
            ),
            repeats=Repeats.NATURAL,
            refuses=422,
        ),
    )
    needs: Mapping[str, tuple[str, ...]] = {"mail": ("to",)}

"""Which route `saga-chaos doctor` proposes for a request that none serves, and which it never does."""

from __future__ import annotations

import pytest

from harness.conformance.meant import meant
from harness.participant import ResourceSpec, RestParticipant, routes

CHARGE = ResourceSpec(
    name="charge",
    routes=routes("charge", create="POST /charges", delete="DELETE /charges/{id}", get="GET /charges/{id}"),
)
REFUND = ResourceSpec(name="refund", routes=routes("refund", create="POST /api/v1/charges/{id}/refunds"))
PARCEL = ResourceSpec(name="parcel", routes=routes("parcel", create="POST /parcels", find="GET /parcels"))
PARTICIPANTS = (RestParticipant("pay", (CHARGE, REFUND)), RestParticipant("ship", (PARCEL,)))
ALL = "It has POST /charges, DELETE /charges/{id}, GET /charges/{id}, POST /api/v1/charges/{id}/refunds"


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("POST", "/charge", "did you mean POST /charges?"),
        ("POST", "/Charges", "did you mean POST /charges?"),
        ("DELETE", "/charge/ch-1f2e3d4c-77", "did you mean DELETE /charges/{id}?"),
        ("PUT", "/charges", "/charges is declared for POST, and not for PUT."),
        ("POST", "/charges/7", "/charges/7 is declared for DELETE and GET, and not for POST."),
        ("POST", "/api/charges", "did you mean POST /charges? What was sent begins with /api."),
        (
            "POST",
            "/charges/7/refunds",
            "did you mean POST /api/v1/charges/{id}/refunds? The route begins with /api/v1.",
        ),
        ("POST", "/parcels", "ship has that route: did the call go to the wrong address?"),
    ],
)
def test_what_was_meant(method: str, path: str, told: str) -> None:
    assert meant(PARTICIPANTS, "pay", method, path) == f"{told} {ALL}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/charge"),  # what looks is not to become what creates
        ("DELETE", "/charge"),
        ("POST", "/customers"),
        ("POST", "/"),
        ("GET", "/health"),
        ("GET", "/v1/7"),
    ],
)
def test_nothing_is_proposed_that_is_far(method: str, path: str) -> None:
    assert meant(PARTICIPANTS, "pay", method, path) == ALL.replace("It", "it")


def test_one_without_routes_has_none() -> None:
    assert meant((RestParticipant("pay", ()),), "pay", "POST", "/x") == "it has no route"

"""Secrets of a run are hidden wherever they stand, in all that is written and shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.console import saga_chaos

CARD, CUSTOMER, PIN, TOKEN, ORDER = (
    "4242424242424242",
    "customer-ann-7",
    "pin-of-ann-12",
    "opaque-credential-99",
    "order-secret-no-5",
)
SAGA = f"""
import httpx
CARD = "{CARD}"

async def pay(ctx, given):
    print("paying with", CARD)
    base = ctx.urls["bank"]
    key = f"{{ctx.saga_id}}:{{CARD}}:{TOKEN}"
    sent = dict(
        params={{"saga_id": ctx.saga_id, "pin": "{PIN}"}},
        headers={{"Authorization": "Bearer {TOKEN}", "X-Order": "{ORDER}"}},
        timeout=0.2,
    )
    try:
        made = await ctx.client.post(
            base + "/customers/{CUSTOMER}/cards",
            json={{"saga_id": ctx.saga_id, "card": {{"number": CARD}}, "memo": "card " + CARD}},
            **(sent | {{"headers": sent["headers"] | {{"Idempotency-Key": key}}}}),
        )
        await ctx.client.get(base + f"/customers/{CUSTOMER}/cards/{{made.json()['id']}}", **sent)
    except httpx.HTTPError as error:
        raise RuntimeError("no card " + CARD + " for {CUSTOMER} with {ORDER}") from None
    return {{"status": "completed", "detail": {{"note": "paid with " + CARD}}}}
"""
TOML = """
format_version = 1
name = "cards"
[saga]
adapter = "callable"
target = "sagas.py:pay"
redact = ["card.number", "customer", "X-Order", "pin"]
inputs = [{ card = { number = "4242424242424242" } }]
[participants.bank.resources.card]
create = "POST /customers/{customer}/cards"
delete = "DELETE /customers/{customer}/cards/{id}"
get = "GET /customers/{customer}/cards/{id}"
answer = { id = "card-{n}", pan = "{body.card.number}" }
[[steps]]
name = "pay"
action = "bank.card.create"
"""


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A search of a saga that breaks at once, and what it printed."""
    folder = tmp_path_factory.mktemp("cards")
    (folder / "sagas.py").write_text(SAGA)
    (folder / "saga.toml").write_text(TOML)
    asked = ["run", "saga.toml", "--depth", "1", "--search", "guided", "--out", "out", "--no-stored"]
    done = saga_chaos(asked, folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return folder / "out", done.stdout + done.stderr


def test_the_secrets_are_in_no_file_and_not_on_the_screen(searched: tuple[Path, str]) -> None:
    out, said = searched
    secrets = (CARD, CUSTOMER, PIN, TOKEN, ORDER)
    assert [one for one in secrets if one in said] == []
    files = [path for path in out.rglob("*") if path.is_file() and path.parent.name != "failures"]
    assert {path.suffix for path in files} >= {".ndjson", ".html", ".md", ".xml", ".json"}
    found = [(path.name, one) for path in files for one in secrets if one in path.read_text(errors="replace")]
    assert found == []


def test_a_failure_file_has_them_in_its_input_alone_and_replays(searched: tuple[Path, str]) -> None:
    out, _ = searched
    (path, *_) = sorted((out / "failures").glob("*.json"))
    told = json.loads(path.read_text())
    assert told.pop("input") == {"card": {"number": CARD}}
    assert told["shown_input"] == {"card": {"number": "***"}}
    assert [one for one in (CARD, CUSTOMER, PIN, TOKEN, ORDER) if one in json.dumps(told)] == []
    done = saga_chaos(["replay", str(path)], out)
    assert done.returncode == 1, done.stdout
    assert "STILL FAILS" in done.stdout
    assert CARD not in done.stdout


def test_what_is_hidden_still_shows_what_happened(searched: tuple[Path, str]) -> None:
    out, said = searched
    assert "POST /customers/***/cards" in said
    history = out / "histories" / "cards-sim-fault-free-1.ndjson"
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    (sent, *_) = [line for line in lines if line.get("event") == "call_sent"]
    assert sent["path"] == "/customers/***/cards"
    assert sent["key"].endswith(":***:***")
    (held, *_) = [line for line in lines if line.get("event") == "contents"]
    assert held["request"]["body"]["card"] == {"number": "***"}
    assert held["request"]["body"]["memo"] == "card ***"
    assert held["request"]["query"]["pin"] == "***"
    assert held["answer"]["body"]["pan"] == "***"

"""What a saga says is recorded without secrets, and otherwise as it was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.adapter import redaction
from harness.adapter.outcome import Returned
from harness.adapter.redaction import keep_secret, redacted
from harness.cli.main import main
from harness.saga import Json, Status
from tests.unit.cli.console import saga_chaos

SAGA = """
import os
async def order(ctx, item):
    raise RuntimeError("cannot log in with " + os.environ["SHOP_PASSWORD"] + " at postgres://app:hunter2@db/x")
"""
FILE = """
format_version = 1
name = "leaks"
saga = { adapter = "callable", target = "sagas.py:order", env = { SHOP_PASSWORD = "open-sesame-1" } }
steps = [{ name = "reserve", action = "inventory.reservation.create" }]
[participants.inventory.resources.reservation]
create = "POST /reservations"
"""


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redaction, "_kept", {})
    redaction._of_process.cache_clear()
    yield
    redaction._of_process.cache_clear()


def said(problem: str) -> str | None:
    return redacted(Returned(problem=problem)).problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cannot reach postgres://app:hunter2@db/orders", "cannot reach postgres://app:***@db/orders"),
        ("Authorization: Bearer eyJhbGciOi.x-y_z=", "Authorization: Bearer ***"),
        ("sent API_KEY=abcdef123 to it", "sent API_KEY=*** to it"),
        ('{"client_secret": "abcdef123", "n": 1}', '{"client_secret": "***", "n": 1}'),
        ("url?access_token=abcdef123&x=1", "url?access_token=***&x=1"),
    ],
)
def test_credentials_are_hidden_in_text(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the lease has fencing token 3, found 4",
        "Unexpected token: identifier",
        "POST /charges: ReadTimeout",
        "found 'completd', expected 'completed'",
        "http://127.0.0.1:9001/reservations?saga_id=saga-1",
        "password",
    ],
)
def test_everything_else_stays_as_it_was_said(text: str) -> None:
    given = Returned(problem=text)
    assert redacted(given) is given


def test_fields_whose_names_say_so_are_hidden_however_deep() -> None:
    detail: Json = {
        "log": [["reserve", "done"]],
        "auth": {"Password": "hunter22", "token": 3},
        "tokens": ["abcdefgh"],
    }
    assert redacted(Returned(status=Status.COMPLETED, detail=detail)).detail == {
        "log": [["reserve", "done"]],
        "auth": {"Password": "***", "token": 3},
        "tokens": ["***"],
    }


def test_values_of_the_environment_are_hidden_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_TOKEN", "tok-12345")
    monkeypatch.setenv("PAYMENTS_TOKEN_LONG", "tok-12345-and-more")
    monkeypatch.setenv("HOME_TOWN", "Harbour-Street")
    keep_secret({"DB_PASSWORD": "sesame-1", "MODE": "production", "SHORT_SECRET": "a"})
    text = "tok-12345 tok-12345-and-more sesame-1 production Harbour-Street a"
    assert said(text) == "*** *** *** production Harbour-Street a"


def test_no_file_of_a_report_holds_a_secret_of_the_saga(tmp_path: Path) -> None:
    (tmp_path / "sagas.py").write_text(SAGA)
    (tmp_path / "saga.toml").write_text(FILE)
    done = saga_chaos(["run", "saga.toml", "--search", "guided", "--depth", "0", "--out", "out"], tmp_path)
    assert done.returncode == 1, done.stderr
    assert main(["report", str(tmp_path / "out")]) == 0
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert any(b"cannot log in with ***" in path.read_bytes() for path in files)
    for secret in (b"open-sesame-1", b"hunter2"):
        assert not [path for path in files if secret in path.read_bytes()]
        assert secret.decode() not in done.stdout + done.stderr

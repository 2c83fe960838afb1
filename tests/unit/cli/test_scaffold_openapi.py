"""`saga-chaos scaffold --openapi`: what is written runs at once, and says what was guessed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.console import saga_chaos

SHOP = Path(__file__).parents[1] / "openapi" / "shop.yaml"
VAULT = SHOP.with_name("vault.yaml")
ALL = ("--step", "POST /customers/{customer}/orders", "--step", "POST /shipments", "--step", "POST /mails")


def test_a_described_callable_runs_at_once_and_holds(tmp_path: Path) -> None:
    made = saga_chaos(["scaffold", "mine", "--adapter", "callable", "--openapi", str(SHOP), *ALL], tmp_path)
    assert made.returncode == 0, made.stderr
    for said in ("POST /shipments: undone by POST /shipments/{number}/cancel", "X-Idempotency-Key", "data"):
        assert said in made.stdout
    toml = (tmp_path / "mine" / "saga.toml").read_text()
    assert "# POST /mails: nothing undoes it\n" in toml
    arguments = ["run", "--search", "guided", "--depth", "1", "--no-stored"]
    done = saga_chaos(arguments, tmp_path / "mine")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_saga_puts_and_what_it_proves_run_at_once_too(tmp_path: Path) -> None:
    made = saga_chaos(["scaffold", "mine", "--adapter", "callable", "--openapi", str(VAULT)], tmp_path)
    assert made.returncode == 0, made.stderr
    assert "the header X-Vault-Key (key), the query parameter sig (inQuery)" in made.stdout
    assert 'redact = ["X-Vault-Key", "sig"]\n' in (tmp_path / "mine" / "saga.toml").read_text()
    done = saga_chaos(["run", "--search", "guided", "--depth", "1", "--no-stored"], tmp_path / "mine")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_an_earlier_step_made_stands_in_paths_and_bodies(tmp_path: Path) -> None:
    depot = SHOP.with_name("depot.yaml")
    made = saga_chaos(["scaffold", "mine", "--adapter", "callable", "--openapi", str(depot)], tmp_path)
    assert made.returncode == 0, made.stderr
    tried = saga_chaos(["doctor", "mine/saga.toml"], tmp_path)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    called = re.search(r"POST /v1/sites/(.+)/racks/create", tried.stdout)
    assert called is not None
    assert called[1] != "1", "the example"
    assert "when rack is refused, it ends compensated" in tried.stdout


@pytest.mark.wire
def test_one_in_any_language_keeps_the_contract(tmp_path: Path) -> None:
    """The service runs the file that a command is, too."""
    made = saga_chaos(["scaffold", "mine", "--adapter", "http", "--openapi", str(SHOP), *ALL], tmp_path)
    assert made.returncode == 0, made.stderr
    done = saga_chaos(["doctor", "mine/saga.toml"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "and resumed, it ends completed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--openapi", str(SHOP), "--step", "POST /mail"), ("--step", "'POST /mail'", "POST /mails")),
        (("--step", "POST /mails"), ("--step", "--openapi FILE")),
        (("--openapi", str(SHOP), "--openapi", str(SHOP)), ("two documents of 'shop'", "--service")),
        (
            ("--openapi", str(SHOP), "--service", "a", "--service", "b"),
            ("--service", "one for each document"),
        ),
        (("--openapi", "gone.yaml"), ("gone.yaml", "an OpenAPI document")),
    ],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, arguments: tuple[str, ...], says: tuple[str, ...]
) -> None:
    done = saga_chaos(["scaffold", "mine", "--adapter", "callable", *arguments], tmp_path)
    assert done.returncode == 2, done.stdout
    for part in says:
        assert part in done.stderr
    assert not (tmp_path / "mine").exists()


def test_two_documents_are_two_participants(tmp_path: Path) -> None:
    files = ("--openapi", str(SHOP), "--openapi", str(SHOP), "--service", "north", "--service", "south")
    made = saga_chaos(["scaffold", "mine", "--adapter", "callable", *files], tmp_path)
    assert made.returncode == 0, made.stderr
    toml = (tmp_path / "mine" / "saga.toml").read_text()
    assert 'name = "north-order"' in toml
    assert "[participants.south.resources.order]" in toml

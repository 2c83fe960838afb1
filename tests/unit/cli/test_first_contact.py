"""What somebody meets who has only just installed it: no command, no saga.toml, a misspelt option."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.arguments import parsed
from tests.unit.cli.console import FIRST_SAGA, saga_chaos


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", ("found no command, expected one of list, run, replay", "saga.toml of this folder")),
        (
            "run --failfast",
            ("saga-chaos run: found '--failfast', expected '--fail-fast' (did you mean it?)",),
        ),
        ("doctor --seconds 3", ("saga-chaos doctor: found '--seconds', expected one of --help, --world",)),
        ("run --worlds=sim", ("found '--worlds=sim', expected '--world' (did you mean it?)",)),
        ("replay here there", ("saga-chaos replay: found 'there', expected no such argument",)),
    ],
)
def test_what_cannot_be_placed_is_said_with_what_is_near(
    given: str, says: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(given.split())
    assert ended.value.code == 2
    said = capsys.readouterr().err
    for part in (*says, "--help"):
        assert part in said


def test_a_folder_without_a_saga_says_what_is_searched_instead(tmp_path: Path) -> None:
    arguments = ["run", "--search", "guided", "--depth", "0", "--world", "sim", "--seconds", "1"]
    done = saga_chaos(arguments, tmp_path)
    said = (
        "No saga.toml in this folder: the scenarios that come with saga-chaos are searched, order-fulfilment"
    )
    assert said in done.stdout
    for name in ("saga.toml", "sagas.py"):
        (tmp_path / name).write_text((FIRST_SAGA.parent / name).read_text())
    assert "No saga.toml" not in saga_chaos(arguments, tmp_path).stdout


def test_a_proxy_url_that_nobody_answers_at_is_named_and_no_run_passes_for_sim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGA_CHAOS_TOXIPROXY_URL", "http://127.0.0.1:1")
    arguments = ["run", str(FIRST_SAGA), "--search", "guided", "--depth", "0", "--world", "wire"]
    done = saga_chaos([*arguments, "--workers", "1"], tmp_path)
    assert done.returncode == 4
    assert "SAGA_CHAOS_TOXIPROXY_URL: http://127.0.0.1:1 gave no version" in done.stdout
    assert "(no proxy was reached, " in done.stdout

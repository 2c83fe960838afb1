"""What a saga prints: with its counterexample, not on the screen; bounded, without secrets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.adapter.printed import LONGEST, printed_elsewhere, take_printed
from harness.history import History
from harness.history.codec import decode_history, encode_history, read_history
from harness.history.events import RunBegan
from tests.unit.cli.console import FIRST_SAGA, saga_chaos

SENDS = "    reply = await"
SAYS = '    print("sending", path, "Authorization: Bearer abcdefgh12345678")\n'


@pytest.fixture
def talkative(tmp_path: Path) -> Path:
    for name in ("saga.toml", "sagas.py"):
        shutil.copy(FIRST_SAGA.parent / name, tmp_path)
    source = (tmp_path / "sagas.py").read_text()
    assert source.count(SENDS) == 1
    (tmp_path / "sagas.py").write_text(source.replace(SENDS, SAYS + SENDS))
    return tmp_path


@pytest.mark.parametrize("world", ["sim", "wire"])
def test_it_stands_with_the_counterexample_and_nowhere_else(talkative: Path, world: str) -> None:
    search = ["--search", "guided", "--depth", "1", "--out", "out", "--world", world, "--proxy", "embedded"]
    done = saga_chaos(["run", *search, "--fail-fast", "--seconds", "20"], talkative)
    assert done.returncode == 1, done.stderr
    told = done.stdout.splitlines()
    said = [line for line in told if "sending /reservations" in line]
    assert said
    assert told.index("  The saga printed") < told.index(said[0])
    assert "abcdefgh12345678" not in done.stdout + done.stderr
    for path in (talkative / "out" / "failures").glob("*.json"):
        failure = json.loads(path.read_text())
        assert failure["printed"].startswith("sending /reservations")
        assert "abcdefgh12345678" not in failure["printed"]
        history = read_history(talkative / "out" / failure["history"])
        assert history.printed == failure["printed"]
        assert failure["printed"].splitlines()[0] in (talkative / "out" / "report.html").read_text()


def test_it_is_cut_and_what_is_left_out_is_counted() -> None:
    take_printed()
    printed_elsewhere("x" * LONGEST)
    printed_elsewhere("more" * 100)
    text = take_printed()
    assert text == "x" * LONGEST + "\n(400 characters more)"
    assert take_printed() == ""


def test_half_a_surrogate_pair_is_printed_and_written(tmp_path: Path) -> None:
    printed_elsewhere("a\ud800b")
    text = take_printed()
    assert text == r"a\ud800b"
    began = RunBegan(t_s=0.0, scenario="s", world="sim", input=None, saga_ids=("a",))
    assert decode_history(encode_history(History((began,), printed=text)), "here").printed == text


def test_a_history_keeps_it_and_is_equal_without_it() -> None:
    began = RunBegan(t_s=0.0, scenario="s", world="sim", input=None, saga_ids=("a",))
    history = History((began,)).with_printed("hello\n")
    read = decode_history(encode_history(history), "here")
    assert (read, read.printed) == (history, "hello\n")
    assert read == History((began,))

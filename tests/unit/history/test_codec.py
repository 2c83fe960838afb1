from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ReportError
from harness.history import FaultFired, History, read_history, write_history
from harness.history.codec import decode_history, encode_history
from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale


def told() -> History:
    tale = Tale()
    number = tale.act("hold", Symptom.SILENCE, applied=True)
    tale.events.append(FaultFired(t_s=0.1, call=number, fault=0, kind="lose_reply", toxic="timeout"))
    tale.ask("hold", lists=("hold-1",))
    tale.undo("hold")
    return tale.end("compensated", log=[["hold", "undone"]], error="ReadTimeout").view.history


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "history.ndjson"
    write_history(told(), file)
    read = read_history(file)
    assert (read.calls[0].sent, read.began, len(read.events)) == (
        *(told().calls[0].sent, told().began),
        len(told().events),
    )
    assert encode_history(read) == encode_history(told()) == file.read_bytes()
    assert file.read_bytes().splitlines()[0] == b'{"format_version":1}'


def test_equal_histories_are_equal() -> None:
    assert told() == told()
    assert hash(told()) == hash(told())
    assert told() != History(told().events[:-1])
    assert told() != "a history"
    assert repr(told()).startswith("History(events=(RunBegan(t_s=0.0, scenario='tale'")


def test_receipts_and_ends() -> None:
    assert told().fired() == {0}
    assert [one.status for one in told().ends("saga-1")] == ["compensated"]
    assert told().ends("another") == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "run.ndjson, line 1: found None, expected format_version 1"),
        (b"what", "run.ndjson, line 1: found b'what', expected format_version 1"),
        (
            b'{"format_version":2}',
            "run.ndjson, line 1: found {'format_version': 2}, expected",
        ),
        (b"[1]", "run.ndjson, line 1: found [1], expected format_version 1"),
        (
            b'{"format_version":1}\n{"event":"nap"}',
            'run.ndjson, line 2: found b\'{"event":"nap"}\', expected',
        ),
        (b'{"format_version":1}\n{', "run.ndjson, line 2: found b'{', expected an event ("),
    ],
)
def test_what_cannot_be_read_is_told_by_its_line(content: bytes, says: str) -> None:
    with pytest.raises(ReportError) as caught:
        decode_history(content, "run.ndjson")
    assert str(caught.value).startswith(says)

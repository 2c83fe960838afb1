"""`runs.ndjson`: what is read is what was written, and all that a campaign tells follows from it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.campaign import Campaign, CampaignOptions, RunEnded
from harness.campaign.journal import HISTORIES, Journal, read_recorded
from harness.campaign.records import RunKey
from harness.campaign.tables import Tables
from harness.errors import EnvironmentFault, ReportError, UsageError
from harness.inputs import DrawnInput
from harness.invariants import Verdict
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan, Lasting, Preemption, Site
from harness.report_model import Report
from harness.scenario import Scenario
from harness.search.gaps import Gap
from harness.search.run_summary import Found, RunSummary, Unconfirmed

REPO = Path(__file__).parents[3]
FIRST_SAGA = str(REPO / "scenarios" / "examples" / "first_saga" / "saga.toml")
TIMES = {"duration_s", "needs_s", "singles_need_s"}


def load(reference: str) -> Scenario:
    return load_scenario(reference, registered={})


def options(out: Path, **more: object) -> CampaignOptions:
    asked: dict[str, object] = {"world": "sim", "depth": 1, "examples": 20, "in_process": True, **more}
    return CampaignOptions(out=out, load=load, narrate=lambda *_: [], **asked)  # type: ignore[arg-type]


def campaign(
    out: Path, *, resume: bool = False, heard: list[RunSummary] | None = None, **more: object
) -> Report:
    def listen(event: object) -> None:
        if heard is not None and isinstance(event, RunEnded):
            heard.append(event.run_summary)

    recorded = read_recorded(out) if resume else None
    return Campaign(options(out, **more), listen, recorded).run([load(FIRST_SAGA)])


def without_times(value: object) -> object:
    """Of a report: everything but how long it took."""
    if isinstance(value, Mapping):
        return {name: without_times(one) for name, one in value.items() if name not in TIMES}
    if isinstance(value, str):
        return re.sub(r"about \d+ s", "about some s", value)
    return [without_times(one) for one in value] if isinstance(value, list | tuple) else value


WAY = re.compile(rb'"path": "[./]*/')


def told(report: Report, out: Path) -> tuple[object, dict[str, bytes]]:
    """A report, and the files that it names, less the way from them to the scenario: they lie elsewhere."""
    files = {
        str(path.relative_to(out)): WAY.sub(b"", path.read_bytes())
        for folder in ("failures", "histories")
        for path in sorted((out / folder).rglob("*"))
        if path.is_file()
    }
    return without_times(msgspec.to_builtins(report)), files


@pytest.fixture(scope="module", name="finished")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, object, list[RunSummary]]:
    out = tmp_path_factory.mktemp("finished")
    heard: list[RunSummary] = []
    report = campaign(out, heard=heard)
    return out, told(report, out), heard


Finished = tuple[Path, object, list[RunSummary]]


def test_the_report_is_a_fold_over_the_records(finished: Finished, tmp_path: Path) -> None:
    out, before, _ = finished
    folder = Path(shutil.copytree(out, tmp_path / "out"))
    for name in ("failures", "histories"):
        for path in (folder / name).glob("*.*"):
            path.unlink()
    heard: list[RunSummary] = []
    assert told(campaign(folder, resume=True, heard=heard), folder) == before
    assert heard == []  # nothing was searched
    assert (folder / "runs.ndjson").read_bytes() == (out / "runs.ndjson").read_bytes()


@pytest.mark.parametrize("cut_at", [0.02, 0.25, 0.5, 0.75, 0.97])
def test_wherever_it_was_cut_off_the_report_is_the_same(
    cut_at: float, finished: Finished, tmp_path: Path
) -> None:
    out, before, run_summaries = finished
    folder = Path(shutil.copytree(out, tmp_path / "out"))
    content = (out / "runs.ndjson").read_bytes()
    kept = max(int(len(content) * cut_at), content.index(b"\n") + 1)
    (folder / "runs.ndjson").write_bytes(content[:kept])
    heard: list[RunSummary] = []
    assert told(campaign(folder, resume=True, heard=heard), folder) == before
    assert [one.plan for one in heard] == [one.plan for one in run_summaries]
    lines = (folder / "runs.ndjson").read_bytes().splitlines()
    whole = content[: content[:kept].rfind(b"\n") + 1].splitlines()
    assert lines[: len(whole)] == whole  # what was recorded was not run again
    assert len(lines) == len(content.splitlines())


def test_workers_record_what_ends_before_its_turn_and_the_report_is_the_same(
    finished: Finished, tmp_path: Path
) -> None:
    out, before, _ = finished
    folder = Path(shutil.copytree(out, tmp_path / "out"))
    lines = (out / "runs.ndjson").read_bytes().splitlines(keepends=True)
    gaps = [line for number, line in enumerate(lines) if number < 12 or (number % 7 and number < 90)]
    (folder / "runs.ndjson").write_bytes(b"".join(gaps))
    report = campaign(folder, resume=True, in_process=False, workers=2)
    assert told(report, folder) == before
    assert sorted(read_recorded(folder).scenarios[0].runs) == sorted(read_recorded(out).scenarios[0].runs)


def test_a_run_is_read_as_it_was_written(finished: Finished) -> None:
    out, _, run_summaries = finished
    tables = Tables(load(FIRST_SAGA), read_recorded(out).campaign.scenarios[0])
    for number, run_summary in enumerate([*run_summaries, odd(run_summaries[3])]):
        line = tables.line(RunKey(0, 1, 0, number), run_summary, 1.5)
        again = msgspec.json.decode(msgspec.json.encode(line), type=type(line))
        found = tables.run_summary(again, run_summary.history)
        assert found == run_summary
        assert list(found.found) == [id_ for id_ in tables.entry.invariants if id_ in run_summary.found]
        assert (again.key, again.t_s) == (RunKey(0, 1, 0, number), 1.5)


def odd(run_summary: RunSummary) -> RunSummary:
    """A run of which nothing is as it usually is: a field that is forgotten in the records shows here."""
    site = Site(operation="payments.charge.create", nth=2)
    made = msgspec.structs.replace(
        run_summary,
        input_index=DrawnInput(b'{"a":[1,2.5,"\xc3\xa9"]}'),
        input={"a": [1, 2.5, "é"]},
        plan=FaultPlan(
            (Fault(kind="slow", operation="x.y", nth=3, count=Lasting.FOR_EVER, variant="50%", saga=2),),
            (Preemption(saga=1, operation="x.y", nth=2, run=2, until=Site(operation="x.z", nth=4)),),
            2,
        ),
        preempted=(0,),
        found={"termination": Found(Verdict.VIOLATED, "lost", (1, 5)), "isolation": Found(Verdict.UNKNOWN)},
        strikes=(2,),
        as_planned=(1,),
        unconfirmed=(Unconfirmed(0, "latency", "nobody saw it", True),),
        collateral=3,
        kinds=(("slow", "x.y"), ("slow", "x.y"), ("slow", ""), ("late", "payments.charge.create")),
        sites=((replace(site, saga=2), 0),),
        gaps=(Gap(site=site, variants=("between:1",), last=-1),),
        first=(1,),
        unfollowed=(0,),
        healed=("payments.charge.create",),
        situations=("crash",),
        statuses=(None, "stuck"),
        compensation_s=(0.1 + 0.2,),
        left=(("payments.charge", None),),
        reaction=b"reacted",
        early_repeat="too early",
        lapsed="theatre.seat #1 of step hold",
        trouble="it failed",
        cut_short=True,
        history=b"kept",
    )
    usual = dict(zip(RunSummary.__struct_fields__[::-1], RunSummary.__struct_defaults__[::-1], strict=False))
    assert [name for name, value in usual.items() if getattr(made, name) == value] == []
    return made


def test_records_are_compact_and_hold_no_history(finished: Finished) -> None:
    out, _, run_summaries = finished
    lines = (out / "runs.ndjson").read_bytes().splitlines()
    assert len(lines) > len(run_summaries)
    assert sum(map(len, lines)) / len(lines) < 900
    assert not any(b"call_sent" in line for line in lines)
    kept = sorted((out / HISTORIES).iterdir())
    assert 0 < len(kept) < sum(run_summary.history is not None for run_summary in run_summaries)


def test_where_time_was_up_it_is_up_when_it_is_gone_on_with(tmp_path: Path) -> None:
    # Nothing is drawn, and four faults deep there is more to search than any machine does in this time.
    short: dict[str, Any] = {"seconds": 0.5, "search": "guided", "depth": 4}
    whole = told(campaign(tmp_path, **short), tmp_path)
    recorded = read_recorded(tmp_path)
    assert recorded.scenarios[0].time_up is not None
    lines = recorded.path.read_bytes().splitlines(keepends=True)
    for kept in (len(lines) - 1, len(lines) // 2):  # all but the last word; what comes after it differs
        recorded.path.write_bytes(b"".join(lines[:kept]))
        report = campaign(tmp_path, resume=True, **short)
        if kept == len(lines) - 1:
            assert told(report, tmp_path) == whole
        assert report.scenarios[0].search.left_out > 0


def test_time_that_was_spent_counts(tmp_path: Path) -> None:
    """The last run of the first session ended as the time was nearly over: nearly nothing is run after it."""
    campaign(tmp_path, seconds=1000)
    path = tmp_path / "runs.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)[:40]
    lines[-1] = re.sub(rb'"t_s":[0-9.]+', b'"t_s":1000.0', lines[-1])
    path.write_bytes(b"".join(lines))
    report = campaign(tmp_path, resume=True, seconds=1000)
    assert report.scenarios[0].runs == sum(b'"type":"run"' in line for line in lines)
    assert report.scenarios[0].search.left_out > 0
    assert report.scenarios[0].duration_s >= 1000


def test_a_line_that_was_cut_off_is_dropped(finished: Finished, tmp_path: Path) -> None:
    out, _, _ = finished
    content = (out / "runs.ndjson").read_bytes()
    (tmp_path / "runs.ndjson").write_bytes(content[:-20])
    runs = read_recorded(tmp_path).scenarios[0].runs
    assert len(runs) == len(read_recorded(out).scenarios[0].runs)
    assert read_recorded(tmp_path).scenarios[0].ended is None


@pytest.mark.parametrize(
    ("number", "line", "said"),
    [
        (5, b'{"type":"run","scenario":0,', r"runs.ndjson, line 5: found '{\"type\".*expected a line of a"),
        (5, b'{"type":"walk"}', "line 5: found .*expected a line of a campaign"),
        (
            5,
            b'{"type":"chunk","scenario":7,"part":"drawn","chunk":0,"came_to":{}}',
            "scenario: found 7",
        ),
        (1, b'{"type":"campaign","format_version":2}', "line 1, format_version: found '2', expected 1"),
        (1, b"[]", "line 1: found '\\[\\]', expected a line of a campaign"),
    ],
)
def test_a_broken_line_is_told_by_its_place(
    number: int, line: bytes, said: str, finished: Finished, tmp_path: Path
) -> None:
    out, _, _ = finished
    lines = (out / "runs.ndjson").read_bytes().splitlines()
    lines[number - 1] = line
    (tmp_path / "runs.ndjson").write_bytes(b"\n".join([*lines, b""]))
    with pytest.raises(ReportError, match=said):
        read_recorded(tmp_path)


def test_a_run_that_is_there_twice_is_refused(finished: Finished, tmp_path: Path) -> None:
    out, _, _ = finished
    lines = (out / "runs.ndjson").read_bytes().splitlines()
    (tmp_path / "runs.ndjson").write_bytes(b"\n".join([*lines, lines[4], b""]))
    with pytest.raises(ReportError, match=r"found 'run 0-guided-0-\d+', expected each .* in line 5"):
        read_recorded(tmp_path)


def test_a_broken_field_of_a_run_is_told_by_its_place_too(finished: Finished, tmp_path: Path) -> None:
    out, _, _ = finished
    content = (out / "runs.ndjson").read_bytes()
    first = content.index(b'"saga_id":')
    (tmp_path / "runs.ndjson").write_bytes(content[:first] + b'"saga_ib":' + content[first + 10 :])
    with pytest.raises(ReportError, match=r"runs.ndjson, line 3: found .*expected a line of a campaign"):
        campaign(tmp_path, resume=True)


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"runs.ndjson: found 'No such file.*', expected the file"):
        read_recorded(tmp_path)
    (tmp_path / "runs.ndjson").write_bytes(b'{"type":"camp')
    with pytest.raises(ReportError, match="line 1: found 'nothing', expected the first line"):
        read_recorded(tmp_path)


def test_other_options_are_refused(finished: Finished, tmp_path: Path) -> None:
    out, _, _ = finished
    folder = Path(shutil.copytree(out, tmp_path / "out"))
    with pytest.raises(UsageError, match=r"--resume, option depth: found 2, expected 1, as in .*runs"):
        campaign(folder, resume=True, depth=2)
    with pytest.raises(UsageError, match="--resume, option seed: found 7, expected None"):
        campaign(folder, resume=True, seed=7)


def test_another_saga_is_refused(finished: Finished, tmp_path: Path) -> None:
    out, _, _ = finished
    folder = Path(shutil.copytree(out, tmp_path / "out"))
    scenario = load(FIRST_SAGA)
    impatient = replace(scenario, patience_s=1.0)
    with pytest.raises(UsageError, match="--resume, scenario 'first-saga', its description: found 'content"):
        Campaign(options(folder), lambda _: None, read_recorded(folder)).run([impatient])
    asked = options(folder, content=lambda one: {"sagas.py": "another"})
    with pytest.raises(UsageError, match="its description: found 'content None'"):
        Campaign(asked, lambda _: None, read_recorded(folder)).run([scenario])


def test_a_run_in_the_place_of_another_is_refused(finished: Finished, tmp_path: Path) -> None:
    """The saga changed where its files do not show it."""
    out, _, _ = finished
    folder = Path(shutil.copytree(out, tmp_path / "out"))
    lines = (out / "runs.ndjson").read_bytes().splitlines()[:20]
    lines[9] = lines[9].replace(b'"kind":"', b'"nth":9,"kind":"')
    (folder / "runs.ndjson").write_bytes(b"\n".join([*lines, b""]))
    with pytest.raises(ReportError, match=r"line 10: found 'input 1: .*as the search comes to it now"):
        campaign(folder, resume=True)


def test_a_campaign_that_is_written_by_another_process_is_refused(tmp_path: Path) -> None:
    campaign(tmp_path, search="guided", examples=1)
    with closing(Journal(tmp_path)) as journal:
        journal.go_on(read_recorded(tmp_path))
        with pytest.raises(UsageError, match="found 'a campaign that writes it', expected one"):
            campaign(tmp_path, resume=True, search="guided", examples=1)


def test_an_interrupted_campaign_tells_of_all_runs_that_ended(tmp_path: Path) -> None:
    """Ctrl-C comes while workers are busy: what they had ended is counted, in its order."""

    def interrupt(event: object) -> None:
        seen.append(event)
        if len(seen) == 40:
            raise KeyboardInterrupt

    seen: list[object] = []

    report = Campaign(options(tmp_path, in_process=False, workers=2), interrupt).run([load(FIRST_SAGA)])
    runs = read_recorded(tmp_path).scenarios[0].runs
    assert report.environment == "interrupted by the user"
    assert report.scenarios[0].runs == len(runs) >= 38
    resumed = campaign(tmp_path, resume=True)
    assert resumed.environment is None
    assert resumed.scenarios[0].runs > len(runs)


def test_what_cannot_be_appended_ends_the_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Journal.write

    def full(self: Journal, line: object) -> None:
        if getattr(line, "number", 0) == 5:
            raise EnvironmentFault("runs.ndjson: cannot append a run (No space left on device)")
        write(self, line)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "write", full)
    report = campaign(tmp_path)
    assert report.environment == "runs.ndjson: cannot append a run (No space left on device)"
    assert report.scenarios[0].runs == 5

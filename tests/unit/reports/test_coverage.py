"""Each cell of the matrix says what its pair of kind and operation came to."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.report_model import Faults, Impossible, ScenarioVerdict, SiteCount, Unconfirmed
from reports.bundle import read_bundle
from reports.coverage import Cell, State, matrix
from reports.findings import findings
from reports.unexercised import in_short, unexercised
from tests.unit.reports.samples import failing, inconclusive, passing, report, write_findings

CHARGE = "payments.charge.create"


def cells(
    folder: Path | None = None, verdict: ScenarioVerdict = ScenarioVerdict.FAIL
) -> dict[tuple[str, str], Cell]:
    given = replace(failing(), verdict=verdict)
    found = findings(read_bundle(report(given), folder)) if folder is not None else ()
    made = matrix(given, found)
    assert made is not None
    return {(cell.kind, cell.operation): cell for _, line in made.lines for cell in line}


def test_what_a_smallest_counterexample_needs_is_violated_and_leads_there(tmp_path: Path) -> None:
    write_findings(tmp_path)
    cell = cells(tmp_path)["lose_reply", CHARGE]
    assert (cell.state, len(cell.findings)) == (State.VIOLATED, 2)
    assert cell.text.endswith("\u2717")


@pytest.mark.parametrize(
    ("verdict", "state"), [(ScenarioVerdict.FAIL, State.FIRED), (ScenarioVerdict.PASS, State.HELD)]
)
def test_held_is_said_only_where_nothing_at_all_was_violated(verdict: ScenarioVerdict, state: State) -> None:
    assert cells(verdict=verdict)["reject", CHARGE].state is state


def test_planned_and_never_fired_impossible_not_claimed_and_not_planned() -> None:
    given = replace(
        failing(),
        faults=Faults(
            by_operation=(
                SiteCount(kind="refuse", operation=CHARGE, planned=3),
                SiteCount(kind="slow", operation="a.b.create", planned=1, fired=1),
            )
        ),
        unconfirmed=(Unconfirmed(fault="refuse", operation=CHARGE, reason="nobody saw it"),),
    )
    made = matrix(given)
    assert made is not None
    by = {(cell.kind, cell.operation): cell for _, line in made.lines for cell in line}
    assert (by["refuse", CHARGE].state, by["refuse", CHARGE].reason) == (State.UNFIRED, "nobody saw it")
    assert by["late", "payments.charge.delete"].state is State.IMPOSSIBLE
    assert (by["crash", CHARGE].state, by["crash", CHARGE].reason) == (State.UNCLAIMED, "process death")
    assert by["slow", CHARGE].state is State.BLANK
    assert sum(made.counts().values()) == len(by)


def test_every_state_has_its_own_words_and_no_cell_speaks_by_colour_alone() -> None:
    found = cells()
    assert len({cell.title for cell in found.values()}) == len(found)
    assert all(cell.text for cell in found.values() if cell.state is not State.BLANK)


def test_what_was_not_exercised_is_told() -> None:
    told = unexercised(failing(), matrix(failing()))
    assert any("1 invariant that no run could have violated: isolation." in one for one in told)
    assert any("does not claim" in one and "process death" in one for one in told)
    assert any("318 plans that time left out." in one for one in told)
    assert not any("plans that time left out" in one for one in unexercised(passing(), None))


def test_what_was_tried_and_cannot_strike_is_no_warning() -> None:
    """An outage strikes the calls that follow; where none follow it is listed with that reason."""
    counts = (SiteCount(kind="outage", operation=CHARGE, planned=3),)
    why = Impossible(fault="outage", operation=CHARGE, reason="no call follows")
    made = matrix(replace(failing(), faults=Faults(by_operation=counts), impossible=(why,)))
    assert made is not None
    (cell,) = (each for _, line in made.lines for each in line if each.kind == "outage")
    assert (cell.state, cell.reason) == (State.IMPOSSIBLE, "no call follows")


def test_what_strikes_messages_cannot_strike_requests_nor_the_other_way_round() -> None:
    message = "events.OrderPlaced.deliver"
    counts = (
        SiteCount(kind="lose_reply", operation=CHARGE, planned=1, fired=1),
        SiteCount(kind="lose_ack", operation=message, planned=1, fired=1),
    )
    made = matrix(replace(failing(), faults=Faults(by_operation=counts), impossible=(), not_claimed=()))
    assert made is not None
    found = {
        (cell.kind, cell.operation): (cell.state, cell.reason) for _, line in made.lines for cell in line
    }
    assert found["lose_ack", CHARGE] == (State.IMPOSSIBLE, "it strikes the delivery of messages")
    assert found["lose_reply", message] == (State.IMPOSSIBLE, "it strikes requests")
    assert State.BLANK not in made.counts()
    assert [cell.fired for _, line in made.lines for cell in line if cell.tells] == [1, 1]


def test_the_top_counts_what_no_scenario_exercised() -> None:
    assert in_short((failing(),)) == "1 invariant and 2 guarantees"
    assert in_short((failing(), inconclusive())) == "1 invariant, 2 guarantees and 1 situation"
    assert in_short((inconclusive(),)) == "1 situation"
    assert in_short(()) == ""

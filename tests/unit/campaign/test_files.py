"""Names of scenarios, invariants and sagas are other people's: no file leaves the folder of the campaign."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.adapter import CallableSaga
from harness.campaign import Campaign, CampaignOptions
from harness.campaign.files import file_stem
from harness.errors import ScenarioError
from harness.scenario import Scenario
from tests.planted.kit import CHARGE, HOLD, SHOP, spec_of

ODD = ("../../up", "a/b", "a\\b", "..", ".hidden", "a b", "<script>", "\x00", "ä" * 300, "x" * 300, "\ud800")


async def rude(ctx: object, input_: object) -> object:
    return {"status": "completed", "detail": "half a pair: \ud800"}


def scenario(name: str = "rude") -> Scenario:
    return Scenario(
        name=name,
        spec=spec_of((HOLD, CHARGE), SHOP),
        participants=SHOP,
        saga=CallableSaga(rude, "sagas:rude"),
    )


@pytest.mark.parametrize("name", ODD)
def test_a_stem_is_one_plain_name(name: str) -> None:
    stem = file_stem(name)
    assert re.fullmatch(r"[\w-][\w.-]*", stem, re.ASCII)
    assert len(stem) < 200
    assert Path("out", f"{stem}.json").resolve().parent == Path("out").resolve()


def test_plain_names_are_kept_and_no_two_names_share_a_file() -> None:
    assert file_stem("order-sim-no_orphaned_resources") == "order-sim-no_orphaned_resources"
    assert len({file_stem(name) for name in (*ODD, "a_b", "up")}) == len(ODD) + 2


@pytest.mark.parametrize("name", ["../../up", "a/b", "a\\b", "", " ", "a\nb", "\ud800"])
def test_a_scenario_in_python_may_not_be_called_so_either(name: str) -> None:
    with pytest.raises(ScenarioError, match="expected a name of printable characters"):
        scenario(name)


def test_half_a_surrogate_pair_ends_in_a_finding(tmp_path: Path) -> None:
    options = CampaignOptions(
        out=tmp_path,
        load=lambda name: scenario(),
        narrate=lambda history, evidence: [],
        world="sim",
        search="guided",
        depth=0,
        in_process=True,
    )
    report = Campaign(options, lambda event: None).run([scenario()])
    assert report.environment is None
    assert [one.id for one in report.scenarios[0].invariants if one.violations] == ["termination"]

"""What is told and not judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.advice import advice
from harness.campaign import CampaignOptions, run_campaign
from harness.participant import Repeats, RestParticipant, Verb
from harness.report_model import ScenarioReport, ScenarioVerdict
from harness.saga import Choice, SagaPolicy, StepKind
from harness.scenario import Scenario
from tests.planted.kinds.test_throttle import InAHurry
from tests.planted.kit import HOLD, Plant, resource
from tests.planted.sagas import Task


def scenario(retry_after: Choice) -> Scenario:
    policy = SagaPolicy(retry_after=retry_after)
    plant = Plant(broken=InAHurry, caught_by="", smallest=(), tasks=(HOLD,), policy=policy)
    return plant.scenario("broken")


def searched(one: Scenario, folder: Path) -> ScenarioReport:
    options = CampaignOptions(
        out=folder,
        load=lambda _: one,
        narrate=lambda history, evidence: [],
        world="sim",
        search="guided",
        depth=1,
        in_process=True,
    )
    (report,) = run_campaign([one], options, lambda _: None).scenarios
    return report


def test_a_retry_after_that_was_not_kept_is_told_and_judged_where_it_must_be(tmp_path: Path) -> None:
    told = searched(scenario(Choice.MAY), tmp_path)
    assert told.verdict is not ScenarioVerdict.FAIL
    (sentence,) = told.advice
    assert "the action of step hold was repeated after 0.02 s, and Retry-After asked for" in sentence
    assert sentence.endswith('It is judged where [saga.policy] says retry_after = "must".')
    judged = searched(scenario(Choice.MUST), tmp_path)
    assert (judged.verdict, judged.advice) == (ScenarioVerdict.FAIL, ())


def test_a_step_that_looks_irreversible_and_does_not_count_is_told() -> None:
    wire = RestParticipant("bank", (resource("transfer", (Verb.CREATE,), repeats=Repeats.NONE),))
    plant = Plant(
        broken=InAHurry,
        caught_by="",
        smallest=(),
        tasks=(Task(name="transfer", at="bank", kind=StepKind.PIVOT),),
        participants=(wire,),
    )
    one = plant.scenario("sound")
    (step,) = one.spec.steps
    assert list(advice(one, ())) == []
    bare = replace(one, spec=replace(one.spec, steps=(replace(step, kind=StepKind.COMPENSABLE),)))
    (sentence,) = advice(bare, ())
    assert sentence.startswith("What step transfer makes can be neither undone, nor repeated, nor found")
    assert list(advice(scenario(Choice.MAY), ())) == []

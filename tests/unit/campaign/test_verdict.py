"""What a pass needs (RULES §9), one thing taken away at a time, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.campaign import CampaignOptions, run_campaign
from harness.campaign.fault_free import SEARCH_ENDED
from harness.campaign.required import Coverage, coverage
from harness.campaign.verdict import judge
from harness.errors import ScenarioError
from harness.inputs import DrawnInput
from harness.invariants import Verdict
from harness.plan import Fault
from harness.report_model import ScenarioReport, ScenarioVerdict, Search
from harness.saga import Claim, Json, Status, Step
from harness.scenario import Scenario
from harness.search import RunSummary
from harness.search.run_summary import Found
from reports.lacking import lacking
from tests.planted.kit import CHARGE, HOLD, SHOP, Plant, callable_of
from tests.planted.sagas import Saga
from tests.unit.campaign.pretend import CHARGES, scenario, searched, tallied

INCONCLUSIVE, PASS, FAIL = ScenarioVerdict.INCONCLUSIVE, ScenarioVerdict.PASS, ScenarioVerdict.FAIL
Change = Callable[[RunSummary], RunSummary | None]


def told(
    one: Scenario, change: Change = lambda run_summary: run_summary
) -> tuple[ScenarioVerdict, tuple[str, ...]]:
    """Of a search that saw everything, less what `change` takes away."""
    run_summaries = [changed for run_summary in searched(one) if (changed := change(run_summary)) is not None]
    aggregate = tallied(one, run_summaries)
    return judge(one, aggregate, coverage(one, "sim", aggregate))


def lost(*claims: Claim, **more: object) -> Scenario:
    return replace(scenario(Claim.LOST_REPLY, *claims), **more)  # type: ignore[arg-type]


def without(**changes: object) -> Change:
    """Changes the runs without faults."""
    return lambda run_summary: (
        run_summary if run_summary.plan.faults else msgspec.structs.replace(run_summary, **changes)
    )


def test_where_everything_was_seen_it_passes() -> None:
    assert told(lost()) == (PASS, ())


def test_one_single_fault_that_was_not_seen_to_fire_is_enough_for_no_pass() -> None:
    one = lost()
    aggregate = tallied(one, list(searched(one)))
    unfired = Coverage(impossible=(), unfired=(Fault(kind="slow", operation=CHARGES),))
    verdict, (sentence,) = judge(one, aggregate, unfired)
    assert verdict is INCONCLUSIVE
    assert sentence == f"Not every single fault was seen to fire: slow at {CHARGES}."


@pytest.mark.parametrize("status", ["compensated", "stuck", None])
def test_nor_does_a_drawn_input_pass_that_does_not_complete(status: str | None) -> None:
    one = lost()
    drawn = [
        msgspec.structs.replace(run_summary, input_index=DrawnInput(b'{"a":1}'), statuses=(status,))
        for run_summary in searched(one)
        if not run_summary.plan.faults
    ]
    aggregate = tallied(one, [*searched(one), *drawn])
    verdict, (sentence,) = judge(one, aggregate, coverage(one, "sim", aggregate))
    assert verdict is INCONCLUSIVE
    assert f"ended {status or 'without a word'}" in sentence


# The run without faults ---------------------------------------------------------------------------


def test_no_run_at_all_is_no_pass() -> None:
    verdict, sentences = told(lost(), lambda run_summary: None)
    assert (verdict, sentences) == (INCONCLUSIVE, ("No fault-free run was made.",)), "nothing of situations"


@pytest.mark.parametrize("status", ["compensated", "stuck", "running", None])
def test_no_other_word_is_completed(status: str | None) -> None:
    verdict, (sentence,) = told(lost(), without(statuses=(status,), trouble="the saga says 'no stock'"))
    assert verdict is INCONCLUSIVE
    ended = status or "without a word"
    assert sentence.startswith(
        f"The fault-free run failed: the saga says 'no stock'. It ended {ended}, and completed was expected."
    )
    assert ('expect = "compensated"' in sentence) is (status == "compensated")


def test_each_input_has_to_complete_and_not_merely_one() -> None:
    two = lost(inputs=({"a": 1}, {"a": "b" * 100}))

    def second_aborts(run_summary: RunSummary) -> RunSummary:
        if run_summary.plan.faults or run_summary.input_index == 0:
            return run_summary
        return msgspec.structs.replace(run_summary, statuses=("compensated",))

    assert told(two) == (PASS, ())
    verdict, (sentence,) = told(two, second_aborts)
    assert verdict is INCONCLUSIVE
    assert sentence.startswith('The fault-free run of input 2, {"a":"bbb')
    assert "…, failed: it ended compensated, and completed was expected." in sentence
    assert told(replace(two, expects=(Status.COMPLETED, Status.COMPENSATED)), second_aborts) == (PASS, ())
    verdict, (sentence,) = told(replace(two, expects=(Status.COMPENSATED, Status.COMPENSATED)))
    assert f"compensated was expected. 1 more of the inputs failed, too. {SEARCH_ENDED}" in sentence
    verdict, (sentence, *_) = told(
        two, lambda run_summary: run_summary if run_summary.input_index == 0 else None
    )
    assert (verdict, sentence[:35]) == (INCONCLUSIVE, 'No fault-free run of input 2, {"a":')


def test_what_is_violated_without_faults_is_said_with_its_cause_first_and_nothing_else() -> None:
    message = "saga says completed, and step hold is not"
    found = {"truthful_outcome": Found(Verdict.VIOLATED, f"the {message}")}
    verdict, sentences = told(lost(), without(found=found, situations=()))
    assert verdict is FAIL
    told_ = f"The fault-free run failed: the {message}. That violates truthful_outcome. {SEARCH_ENDED}"
    assert sentences == (told_,)
    verdict, (sentence,) = told(lost(), without(found=found, trouble="POST /hold at stock is no route"))
    assert sentence == (
        "The fault-free run failed: POST /hold at stock is no route. So it violates truthful_outcome: the "
        "saga says completed, and step hold is not. The search ended there."
    )


@pytest.mark.parametrize(
    ("expects", "expected"),
    [
        ((Status.COMPLETED, Status.COMPLETED), "one for each of 1 inputs"),
        ((Status.STUCK,), "completed or compensated"),
    ],
)
def test_what_no_run_without_faults_can_be_held_to_is_refused(
    expects: tuple[Status, ...], expected: str
) -> None:
    with pytest.raises(ScenarioError, match=expected):
        lost(expects=expects)


# Faults, claims, situations, invariants -----------------------------------------------------------


def test_one_fault_that_never_fired_keeps_from_a_pass() -> None:
    def never_garbled(run_summary: RunSummary) -> RunSummary:
        garbled = [one.kind == "garbage" and one.operation == CHARGES for one in run_summary.plan.faults]
        strikes = tuple(0 if bad else times for bad, times in zip(garbled, run_summary.strikes, strict=True))
        return msgspec.structs.replace(run_summary, strikes=strikes)

    assert told(lost(), never_garbled) == (
        INCONCLUSIVE,
        (f"Not every single fault was seen to fire: garbage at {CHARGES}.",),
    )


def test_where_nothing_fired_nothing_was_tried() -> None:
    def idle(run_summary: RunSummary) -> RunSummary:
        return msgspec.structs.replace(run_summary, strikes=tuple(0 for _ in run_summary.strikes))

    verdict, sentences = told(lost(), idle)
    assert verdict is INCONCLUSIVE
    assert any(
        one.startswith("No fault fired in ") and one.endswith("no call was struck.") for one in sentences
    )
    verdict, sentences = told(lost(), lambda run_summary: None if run_summary.plan.faults else run_summary)
    assert sentences[0] == "No fault fired in 1 runs: none was searched for (--depth 0)."


def judged(search: Search) -> tuple[ScenarioVerdict, tuple[str, ...]]:
    one = lost()
    aggregate = tallied(one, searched(one))
    return judge(one, aggregate, coverage(one, "sim", aggregate), search)


def test_single_faults_that_time_left_out_keep_from_a_pass_and_say_what_they_need() -> None:
    parts = {"single faults": 30, "single faults while compensating": 12, "pairs of faults": 1_000}
    short = Search(depth=2, left_out=1_042, left_out_parts=parts, singles_need_s=94.7)
    verdict, (sentence,) = judged(short)
    assert verdict is INCONCLUSIVE
    assert sentence == (
        "The search of single faults is not complete: 42 plans that were known of were left out. "
        "It needs about 95 s in all."
    )


def test_what_time_left_out_is_not_called_unfired() -> None:
    one = lost()
    few = [
        run_summary
        for run_summary in searched(one)
        if not any(f.kind == "garbage" for f in run_summary.plan.faults)
    ]
    aggregate = tallied(one, few)
    assert any(fault.kind == "garbage" for fault in coverage(one, "sim", aggregate).unfired)
    short = Search(depth=2, left_out=3, left_out_parts={"single faults": 3}, singles_need_s=1.0)
    verdict, sentences = judge(one, aggregate, coverage(one, "sim", aggregate), short)
    assert verdict is INCONCLUSIVE
    assert not any("garbage" in sentence for sentence in sentences)
    _, told_all = judge(one, aggregate, coverage(one, "sim", aggregate))
    assert any("garbage" in sentence for sentence in told_all)


def test_what_was_left_out_beyond_single_faults_keeps_from_no_pass() -> None:
    assert judged(
        Search(depth=2, left_out=1_000, left_out_parts={"pairs of faults": 1_000}, singles_complete=True)
    ) == (PASS, ())


def test_where_hypothesis_alone_was_asked_single_faults_were_not_searched() -> None:
    verdict, (sentence,) = judged(Search(kind="hypothesis", depth=2))
    assert (verdict, sentence) == (
        INCONCLUSIVE,
        "Single faults were not searched: --search hypothesis only draws.",
    )


def test_a_saga_that_sends_no_action_did_nothing() -> None:
    verdict, sentences = told(lost(), without(sites=()))
    assert verdict is INCONCLUSIVE
    assert sentences[0] == (
        "No run without faults sent the action of any step, and one of bank.charge.create, "
        "stock.hold.create was expected."
    )


def test_a_claim_that_was_not_exercised_keeps_from_a_pass() -> None:
    def never_cancelled(run_summary: RunSummary) -> RunSummary | None:
        return None if any(one.kind == "cancel" for one in run_summary.plan.faults) else run_summary

    verdict, sentences = told(lost(Claim.CANCEL), never_cancelled)
    assert verdict is INCONCLUSIVE
    missing = "cancel at stock.hold.create, cancel at bank.charge.create"
    assert sentences == (f"Not every single fault was seen to fire: {missing}.",)
    verdict, (sentence,) = told(lost(Claim.IRREVERSIBLE_STEP))
    why = "every step can be undone, repeated or found"
    assert sentence == f"Claim irreversible_step cannot be exercised: {why}. Take it out of claims."
    assert verdict is INCONCLUSIVE


@pytest.mark.parametrize("id_", ["completed", "compensation", "effect_without_reply", "failed_compensation"])
def test_a_required_situation_that_was_never_seen_keeps_from_a_pass(id_: str) -> None:
    def unseen(run_summary: RunSummary) -> RunSummary:
        return msgspec.structs.replace(
            run_summary, situations=tuple(one for one in run_summary.situations if one != id_)
        )

    verdict, (sentence,) = told(lost(), unseen)
    assert verdict is INCONCLUSIVE
    assert sentence.startswith(f"Situation {id_} was never seen. To reach it: ")


def test_an_unknown_invariant_keeps_from_a_pass_each_with_its_sentence() -> None:
    found = {id_: Found(Verdict.UNKNOWN, "crashed", (), "Traceback") for id_ in ("isolation", "termination")}
    assert told(lost(), without(found=found)) == (
        INCONCLUSIVE,
        (
            "The check of termination crashed, so it is unknown.",
            "The check of isolation crashed, so it is unknown.",
        ),
    )


# A campaign -----------------------------------------------------------------------------------------


def campaign(one: Scenario, folder: Path) -> ScenarioReport:
    options = CampaignOptions(
        out=folder,
        load=lambda _: one,
        narrate=lambda history, evidence: [],
        world="sim",
        depth=1,
        examples=20,
        in_process=True,
    )
    (report,) = run_campaign([one], options, lambda _: None).scenarios
    return report


def saga_of(kind: type[Saga], **more: object) -> Scenario:
    plant = Plant(broken=kind, caught_by="", smallest=(), tasks=(HOLD, CHARGE), participants=SHOP)
    return replace(plant.scenario("broken"), **more)  # type: ignore[arg-type]


class MistypesTheRoute(Saga):
    async def send(self, method, task, path, *, key=None):  # type: ignore[no-untyped-def]
        path = path.replace("charges", "chargs")
        return await super().send(method, task, path, key=key)


class Aborts(Saga):
    async def run(self) -> Json:
        self.error = "no stock"
        return self.outcome("compensated")


class NeverEnds(Saga):
    async def run(self) -> Json:
        return {"status": "running"}


@pytest.mark.parametrize(
    ("kind", "verdict", "cause"),
    [
        (MistypesTheRoute, INCONCLUSIVE, "POST /chargs at bank is no route that is declared. It ended"),
        (Aborts, INCONCLUSIVE, "the saga says 'no stock'. It ended compensated, and"),
        (
            NeverEnds,
            FAIL,
            "the saga still answers running after everything has healed. That violates termination",
        ),
    ],
)
def test_a_run_without_faults_that_fails_ends_the_search_there(
    kind: type[Saga], verdict: ScenarioVerdict, cause: str, tmp_path: Path
) -> None:
    report = campaign(saga_of(kind, inputs=({}, {"n": 2}), time_limit_s=2.0), tmp_path)
    assert (report.verdict, report.runs) == (verdict, 2)
    (sentence,) = report.lacking
    assert sentence.startswith(f"The fault-free run of input 1, {{}}, failed: {cause}")
    assert lacking(report) == [sentence]
    assert report.notes == (sentence,)
    assert (report.search.complete, report.search.left_out) == (False, 0)


def test_optional_steps_of_which_none_is_ever_sent_are_no_pass(tmp_path: Path) -> None:
    async def nothing(ctx: SagaContext, input_: Json) -> Json:
        return {"status": "completed"}

    whole = saga_of(Saga)
    steps = tuple(optional(step) for step in whole.spec.steps)
    idle = replace(
        whole, spec=replace(whole.spec, steps=steps), saga=CallableSaga(nothing, "nothing"), requires=()
    )
    report = campaign(idle, tmp_path)
    assert report.verdict is INCONCLUSIVE
    assert report.lacking[0].startswith("No run without faults sent the action of any step")


def optional(step: Step) -> Step:
    return replace(step, optional=True)


def test_an_input_that_is_expected_to_turn_back_is_searched_like_any_other(tmp_path: Path) -> None:
    class Picky(Saga):
        async def run(self) -> Json:
            return await super().run()

    async def picky(ctx: SagaContext, input_: Json) -> Json:
        if input_ == {"stock": 0}:
            return {"status": "compensated", "detail": {"error": "no stock"}}
        return await callable_of(Picky, (HOLD, CHARGE))(ctx, input_)

    one = saga_of(
        Saga,
        saga=CallableSaga(picky, "picky"),
        inputs=({"stock": 0}, {"stock": 1}),
        expects=(Status.COMPENSATED, Status.COMPLETED),
    )
    report = campaign(one, tmp_path)
    assert (report.verdict, report.notes) == (PASS, ())

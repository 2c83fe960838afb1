"""The end that a saga publishes is its word: a dead letter after that excuses nothing, and breaks nothing."""

from __future__ import annotations

import pytest

from harness.history import FaultFired, MessageDead
from harness.plan import FaultPlan
from harness.runner import Run, run_once
from harness.worlds.sim import SimWorld
from tests.planted.kit import search
from tests.planted.messages.early_ends import LIE, PLANTED, Audited, CallsForSomebody, CancelsFirst
from tests.planted.messages.shop import Shop


def made(name: str, world: SimWorld) -> Run:
    saga, faults, _, _ = PLANTED[name]
    return run_once(saga().scenario(), {}, FaultPlan(faults), world)


@pytest.mark.parametrize("name", PLANTED)
def test_what_it_published_is_its_word(name: str, sim: SimWorld) -> None:
    _, faults, status, violated = PLANTED[name]
    run = made(name, sim)
    assert {one.fault for _, one in run.history.of(FaultFired)} == set(range(len(faults)))
    assert run.view.sagas[0].status is status
    assert tuple(one.invariant for one in sorted(run.judgements, key=str) if one.message) == violated


def test_a_dead_letter_after_the_end_is_told_beside_it(sim: SimWorld) -> None:
    ended = made("its audit is away", sim).view.sagas[0].ended
    assert ended is not None
    assert ended.detail == {
        "ends": ["OrderConfirmed"],
        "dead_letters": ["OrderConfirmed went to the dead letters of audit after 5 deliveries"],
    }


def test_one_before_the_end_came_before_it(sim: SimWorld) -> None:
    run = made("cancelled once it was given up", sim)
    ((dead, _),) = run.history.of(MessageDead)
    ((end, _),) = [one for one in run.view.sagas[0].published if one[1].end is not None]
    assert dead < end


def test_the_search_finds_the_lie(sim: SimWorld) -> None:
    """By single faults behind an abort."""
    assert set(LIE) <= search(CancelsFirst().scenario(), sim, 1).told.keys()


@pytest.mark.parametrize("sound", [Audited, CallsForSomebody])
def test_the_sound_one_holds_with_every_single_fault(sound: type[Shop], sim: SimWorld) -> None:
    assert search(sound().scenario(), sim, 1).told == {}

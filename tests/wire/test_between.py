"""SIGKILL within the pause that a saga makes between a reply and its next request."""

from __future__ import annotations

import pytest

from harness.adapter.subprocess import SubprocessSaga
from harness.errors import PlanError
from harness.plan import Site
from harness.plan.moments import MOMENTS
from harness.scenario import Scenario
from harness.search.gaps import gaps_of
from harness.worlds.wire import WireWorld
from tests.wire.orders import CHARGE
from tests.wire.sagas import (
    PROGRAMS,
    PYTHON,
    RESERVE,
    executors,
    journal,
    plan,
    process_faults,
    run,
    scenario,
    service,
    statuses,
    violated,
)

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

world = pytest.fixture(name="world")(lambda real_world: real_world)

SHARES = pytest.mark.parametrize("share", ["0%", "25%", "50%", "75%"])


def thinking(commits: str) -> Scenario:
    command = (*PYTHON, str(PROGRAMS / "two_commits.py"))
    return scenario(SubprocessSaga(command=command, cwd=PROGRAMS, env={"SAGA_COMMITS": commits}))


def test_the_pauses_of_a_run_are_moments_to_strike(world: WireWorld) -> None:
    done = run(world, thinking("two"))
    assert statuses(done) == ["completed"]
    first = gaps_of(done.history)[0]
    assert (first.site, first.variants, first.last) == (Site(operation=RESERVE), MOMENTS["wire"], -1)


@SHARES
@pytest.mark.parametrize("commits", ["one", "two"])
def test_a_command_that_dies_in_its_pause(world: WireWorld, commits: str, share: str) -> None:
    done = run(world, thinking(commits), plan("crash", RESERVE, variant=f"between:{share}"))
    assert process_faults(done)[0] == (1, 1, "crash", "between")
    assert done.history.fired() == {0}
    if commits == "one" or share == "0%":  # at once: perhaps before it has heard
        assert commits == "two" or (statuses(done), violated(done)) == (["completed"], {})
        return
    assert "termination" in violated(done)
    assert "nobody has taken what follows" in violated(done)["termination"]


def test_a_service_that_dies_in_a_pause(world: WireWorld) -> None:
    done = run(world, service(), plan("crash", RESERVE, variant="between:0%"))
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert process_faults(done) == [(1, 1, "crash", "between")]
    assert executors(done) == [(1, False, 1), (2, True, 1)]


def test_a_command_that_dies_once_it_was_refused(world: WireWorld) -> None:
    done = run(world, journal(), plan("reject"), plan("crash", CHARGE, variant="between:0%"))
    assert violated(done) == {}
    assert statuses(done) in (["compensated"], ["completed"])  # what it did not hear it asks again
    assert [(call, boundary) for _, call, _, boundary in process_faults(done)] == [(2, "between")]


def test_what_is_due_once_the_next_request_is_there_has_not_fired(world: WireWorld) -> None:
    """The run that shows the pauses is slow once: what follows is quicker, and is left alone."""
    quick = thinking("one")
    run(world, quick)
    known = world._pauses._known
    for key, pauses in known.items():
        known[key] = {site: 100 * pause_s for site, pause_s in pauses.items()}
    done = run(world, quick, plan("crash", RESERVE, variant="between:75%"))
    assert (statuses(done), violated(done), process_faults(done)) == (["completed"], {}, [])
    assert done.history.fired() == frozenset()


def test_a_change_of_the_store_means_nothing_here(world: WireWorld) -> None:
    with pytest.raises(PlanError, match="on the wire nobody sees the store change"):
        run(world, thinking("one"), plan("crash", RESERVE, variant="between:2"))

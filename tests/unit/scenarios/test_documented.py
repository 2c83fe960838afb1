"""The documented sagas: each hardened one holds under a few faults that break the documented one as said."""

from __future__ import annotations

import pytest

from harness.faults.enabled import Possible, enabled_faults
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY
from tests.unit.scenarios.judged import wrong

HARDENED = {
    "client-onboarding-choreographed": "notifications.mail.create",
    "dbt-project-creation-choreographed": "github.repository.create",
    "client-onboarding": "notifications.mail.create",
    "dbt-project-creation": "entitlements.entitlement.create",
    "web-app-deployment": "dns.record.create",
    "wiki-generation": "git.snapshot.create",
    "wiki-generation-parallel": "git.snapshot.create",
}
"""And what turns each of them back."""

LIES = {"complete_compensation", "no_orphaned_resources", "truthful_outcome"}
Faults = tuple[tuple[str, str], ...]

CASES: list[tuple[str, Faults, set[str]]] = [
    # Some environments fail: those that were created are in no executed step.
    (
        "dbt-project-creation",
        (("reject", "projects.staging_environment.create"),),
        LIES | {"compensation_order"},
    ),
    # The database stands, only its verification fails.
    ("dbt-project-creation", (("error_before", "databases.database.find"),), LIES),
    # A compensation that fails is logged and forgotten.
    (
        "dbt-project-creation",
        (("reject", "github.repository.create"), ("reject", "databases.database.delete")),
        LIES | {"failed_compensation_escalated"},
    ),
    # What lost the race is still waited for by nobody, without a time-out.
    (
        "dbt-project-creation",
        (("lose_request", "github.repository.create"),),
        {"termination", "complete_compensation", "compensation_order"},
    ),
    # The mail was sent, and then everything is undone.
    (
        "dbt-project-creation",
        (("error_after", "notifications.mail.create"),),
        {"pivot_correctness", "no_orphaned_resources", "truthful_outcome"},
    ),
    ("dbt-project-creation", (("reject", "projects.project.create"),), set()),
    # What was not answered was not created, says the no-op.
    ("web-app-deployment", (("lose_reply", "ansible.lb_config.create"),), LIES | {"compensation_order"}),
    ("web-app-deployment", (("lose_reply", "terraform.database.create"),), LIES | {"no_orphaned_costs"}),
    # DNS points to what is then deleted.
    (
        "web-app-deployment",
        (("lose_reply", "dns.record.create"),),
        {"pivot_correctness", "no_orphaned_resources", "truthful_outcome"},
    ),
    # It says so where a rollback fails.
    (
        "web-app-deployment",
        (("reject", "ansible.lb_config.create"), ("reject", "docker.servers.delete")),
        set(),
    ),
    # The event is lost, and only the step before is undone.
    ("client-onboarding", (("lose_reply", "billing.profile.create"),), LIES | {"compensation_order"}),
    # The mail has no failure command.
    ("client-onboarding", (("reject", "notifications.mail.create"),), LIES),
    # Nobody looks at the answer to the failure command.
    (
        "client-onboarding",
        (("reject", "billing.profile.create"), ("reject", "ai-workspace.workspace.delete_by_saga")),
        LIES | {"failed_compensation_escalated"},
    ),
    # Each failure compensates one step: the database and the project stay.
    ("dbt-project-creation-choreographed", (("reject", "github.repository.create"),), LIES),
    # Nothing is said of failures.
    (
        "client-onboarding-choreographed",
        (("reject", "notifications.mail.create"),),
        set(),
    ),
    # The step of many files fails at the second one, and the first one stays.
    ("wiki-generation", (("lose_request", "filesystem.file.create"),), {"complete_compensation"}),
    ("wiki-generation", (("lose_reply", "filesystem.file.create"),), LIES),
    ("wiki-generation", (("lose_reply", "git.snapshot.create"),), LIES | {"compensation_order"}),
    # It says so where a rollback fails.
    ("wiki-generation", (("reject", "git.snapshot.create"), ("reject", "filesystem.file.delete")), set()),
]


def violated(run: Run) -> set[str]:
    return {one.invariant for one in run.violated}


@pytest.mark.parametrize(("name", "faults", "expected"), CASES)
def test_the_documented_one_falls_as_said_and_the_hardened_one_holds(
    name: str, faults: Faults, expected: set[str], sim: SimWorld
) -> None:
    documented = REGISTRY[f"{name}-as-documented"]()
    assert violated(run_once(documented, documented.inputs[0], _plan(faults), sim)) == expected
    hardened = REGISTRY[name]()
    run = run_once(hardened, hardened.inputs[0], _plan(faults), sim)
    assert wrong(run) == []


def _plan(faults: Faults) -> FaultPlan:
    return FaultPlan(tuple(Fault(kind=kind, operation=operation) for kind, operation in faults))


@pytest.mark.parametrize("name", HARDENED)
def test_the_hardened_ones_hold_under_a_fault_of_each_kind(name: str, sim: SimWorld) -> None:
    """Each kind and variant at one operation after the other, alone and on the way back.

    `nox -s documented` has the rest.
    """
    scenario = REGISTRY[name]()
    abort = Fault(kind="reject", operation=HARDENED[name])
    seen: set[Status | None] = set()
    for fault in spread_over_operations(scenario):
        for plan in (FaultPlan((fault,)), FaultPlan((abort, fault))):
            run = run_once(scenario, scenario.inputs[0], plan, sim)
            assert wrong(run) == [], plan
            seen.add(run.view.sagas[0].status)
    assert {Status.COMPLETED, Status.COMPENSATED} <= seen


def spread_over_operations(scenario: Scenario) -> list[Fault]:
    """One operation for each kind and variant, another one for the next."""
    by_kind: dict[tuple[str, str], list[Possible]] = {}
    for many in enabled_faults(scenario, "sim").possible.values():
        for one in many:
            by_kind.setdefault((one.kind.name, one.variant), []).append(one)
    chosen = [(index, choices[index % len(choices)]) for index, choices in enumerate(by_kind.values())]
    return [
        Fault(
            kind=one.kind.name,
            operation=one.operation,
            count=one.kind.counts[index % len(one.kind.counts)],
            variant=one.variant,
        )
        for index, one in chosen
    ]


def test_environments_that_were_created_and_that_failed_are_told(sim: SimWorld) -> None:
    scenario = REGISTRY["dbt-project-creation"]()
    plan = _plan((("reject", "projects.staging_environment.create"),))
    run = run_once(scenario, scenario.inputs[0], plan, sim)
    ended = run.view.sagas[0].ended
    assert ended is not None
    assert isinstance(ended.detail, dict)
    assert ended.detail["environments"] == {"created": ["development"], "failed": ["staging"]}
    (alert,) = ended.detail["monitor"]["alerts"]
    assert (alert["stepName"], alert["severity"]) == ("create_staging_environment", "HIGH")

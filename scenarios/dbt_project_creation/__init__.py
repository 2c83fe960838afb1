"""Creating a dbt Cloud project: six steps at four services, then a mail that cannot be unsent.

    create_project           compensable  POST /api/v1/dbt/projects             undone by GET, then DELETE
    provision_database       compensable  POST …/datacloud/provision-infra      undone by action teardown;
                                          then verified; only where a new database is asked for
    create_…_environment     compensable  three of them; any may fail alone, and then all are undone
    setup_repository         compensable  at GitHub
    create_credentials       compensable  for the project
    assign_entitlements      compensable  to its owner
    notify_owner             pivot        a mail: nothing takes it back

Participants: projects (with environments and credentials), databases, github, entitlements, notifications.
None heeds idempotency keys, all can undo what belongs to a saga.

What may happen: any call is lost, late, doubled, refused or slow beyond its step's time-out; environments
succeed in part; the database stands and its verification fails; the process dies between any two lines.

The first four steps without an orchestrator: ProjectRequested → ProjectCreated → DatabaseCreated →
EnvironmentCreated → RepositoryCreated, over a bus that delivers at least once; see `choreographed.py`.

`dbt-project-creation` is hardened: the durable orchestrator saves each event before it acts on it, undoes
what is in doubt by saga, asks about a mail in doubt, and ends stuck rather than lie. `…-as-documented` is
the document's code: see `as_documented.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.adapter import CallableSaga
from harness.saga import Claim
from harness.scenario import Scenario
from scenarios.as_asked import made_as_asked
from scenarios.choreographed import choreographed_scenario
from scenarios.dbt_project_creation import choreographed
from scenarios.dbt_project_creation.as_documented import as_documented as saga_as_documented
from scenarios.dbt_project_creation.inputs import PROJECTS
from scenarios.dbt_project_creation.sagas import create_project
from scenarios.dbt_project_creation.spec import CHOREOGRAPHED_SPEC, DURABLE_SPEC, PARTICIPANTS, SPEC, needed

_FOLDER = Path(__file__).parent
_AS_ASKED = made_as_asked(needed)


def dbt_project_creation() -> Scenario:
    return Scenario(
        name="dbt-project-creation",
        reference="dbt-project-creation",
        summary="a dbt Cloud project, hardened: saved per event, undone by saga, the mail its pivot",
        spec=DURABLE_SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(
            create_project, "scenarios.dbt_project_creation.sagas:create_project", durable=True
        ),
        inputs=PROJECTS,
        invariants=(_AS_ASKED,),
        sources=(_FOLDER / "sagas.py", _FOLDER / "steps.py", _FOLDER.parent / "orchestrator"),
    )


def dbt_project_creation_as_documented() -> Scenario:
    return Scenario(
        name="dbt-project-creation-as-documented",
        reference="dbt-project-creation-as-documented",
        summary="a dbt Cloud project as the document has it: failed steps stay, failed undos are logged",
        spec=SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(saga_as_documented, "scenarios.dbt_project_creation.as_documented:as_documented"),
        inputs=PROJECTS,
        invariants=(_AS_ASKED,),
        holds=False,
    )


def dbt_project_creation_choreographed() -> Scenario:
    return _choreographed(
        "dbt-project-creation-choreographed",
        choreographed.HARDENED,
        "four services and a bus, hardened: inbox, outbox, and back along the events",
        spec=replace(CHOREOGRAPHED_SPEC, claims=CHOREOGRAPHED_SPEC.claims | {Claim.PROCESS_DEATH}),
    )


def dbt_project_creation_choreographed_as_documented() -> Scenario:
    return _choreographed(
        "dbt-project-creation-choreographed-as-documented",
        choreographed.DOCUMENTED,
        "four services and a bus as the document has them: each failure compensates one step",
        spec=CHOREOGRAPHED_SPEC,
        holds=False,
    )


_choreographed = partial(
    choreographed_scenario,
    starts=choreographed.STARTS,
    outcome=choreographed.OUTCOME,
    events=choreographed.EVENTS,
    participants=PARTICIPANTS[:3],
    inputs=PROJECTS,
    source=_FOLDER / "choreographed.py",
)

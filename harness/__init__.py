"""saga-chaos: chaos and property-based testing for sagas.

Owns the public names, each imported when it is first asked for: a pytest session that has the
plugin installed, and `saga-chaos --help`, must not pay for an engine that they do not use.
Refuses to define anything itself.
"""

import typing as _typing

if _typing.TYPE_CHECKING:
    from harness.adapter import CallableSaga as CallableSaga
    from harness.adapter import SagaContext as SagaContext
    from harness.invariants import InvariantViolated as InvariantViolated
    from harness.loading import load as load
    from harness.participant import Owner as Owner
    from harness.participant import Participant as Participant
    from harness.participant import Request as Request
    from harness.participant import ResourceSpec as ResourceSpec
    from harness.participant import RestParticipant as RestParticipant
    from harness.participant import Route as Route
    from harness.participant import Verb as Verb
    from harness.plan import Fault as Fault
    from harness.plan import FaultPlan as FaultPlan
    from harness.plan import Lasting as Lasting
    from harness.plan import Preemption as Preemption
    from harness.plan import Site as Site
    from harness.pytest_plugin import saga_test as saga_test
    from harness.runner import Run as Run
    from harness.runner import run_once as run_once
    from harness.runner import run_sagas as run_sagas
    from harness.saga import Claim as Claim
    from harness.saga import Correlation as Correlation
    from harness.saga import Outcome as Outcome
    from harness.saga import Overlap as Overlap
    from harness.saga import SagaPolicy as SagaPolicy
    from harness.saga import SagaSpec as SagaSpec
    from harness.saga import SagaStart as SagaStart
    from harness.saga import Status as Status
    from harness.saga import Step as Step
    from harness.saga import StepKind as StepKind
    from harness.scenario import Scenario as Scenario
    from harness.strategies import fault_plans as fault_plans
    from harness.worlds.sim import SimWorld as SimWorld
    from harness.worlds.wire import WireWorld as WireWorld

__all__ = [
    "CallableSaga",
    "Claim",
    "Correlation",
    "Fault",
    "FaultPlan",
    "InvariantViolated",
    "Lasting",
    "Outcome",
    "Overlap",
    "Owner",
    "Participant",
    "Preemption",
    "Request",
    "ResourceSpec",
    "RestParticipant",
    "Route",
    "Run",
    "SagaContext",
    "SagaPolicy",
    "SagaSpec",
    "SagaStart",
    "Scenario",
    "SimWorld",
    "Site",
    "Status",
    "Step",
    "StepKind",
    "Verb",
    "WireWorld",
    "fault_plans",
    "load",
    "run_once",
    "run_sagas",
    "saga_test",
]

_ROOMS = {
    "adapter": ("CallableSaga", "SagaContext"),
    "loading": ("load",),
    "invariants": ("InvariantViolated",),
    "participant": ("Owner", "Participant", "Request", "ResourceSpec", "RestParticipant", "Route", "Verb"),
    "plan": ("Fault", "FaultPlan", "Lasting", "Preemption", "Site"),
    "pytest_plugin": ("saga_test",),
    "runner": ("Run", "run_once", "run_sagas"),
    "saga": (
        "Claim",
        "Correlation",
        "Outcome",
        "Overlap",
        "SagaPolicy",
        "SagaSpec",
        "SagaStart",
        "Status",
        "Step",
        "StepKind",
    ),
    "scenario": ("Scenario",),
    "strategies": ("fault_plans",),
    "worlds.sim": ("SimWorld",),
    "worlds.wire": ("WireWorld",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - it would be a public name of this module

    found: object = getattr(importlib.import_module(f"{__name__}.{room}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])

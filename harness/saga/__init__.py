"""The description of a saga: its steps, its pivot, its policy, and its claims.

Owns the vocabulary (step, compensation, pivot, claim, outcome) as pure data. Refuses to know
how a saga runs, where its participants live, or what is done to it.
"""

from harness.saga.policy import SAGA_ID, Choice, Claim, Correlation, OnFailedCompensation, Order, SagaPolicy
from harness.saga.runs import MOST_PREEMPTIONS, MOST_SAGAS, Json, Outcome, Overlap, SagaStart, Status
from harness.saga.spec import SagaSpec
from harness.saga.steps import Direction, ReadStep, Step, StepKind, several_calls

__all__ = [
    "MOST_PREEMPTIONS",
    "MOST_SAGAS",
    "SAGA_ID",
    "Choice",
    "Claim",
    "Correlation",
    "Direction",
    "Json",
    "OnFailedCompensation",
    "Order",
    "Outcome",
    "Overlap",
    "ReadStep",
    "SagaPolicy",
    "SagaSpec",
    "SagaStart",
    "Status",
    "Step",
    "StepKind",
    "several_calls",
]

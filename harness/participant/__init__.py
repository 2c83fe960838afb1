"""Participants: what a fake must be, and the generic one that owns resources behind REST routes.

Owns the request and response that both worlds speak, the protocol `Participant`, the resource declarations,
the ledger and `RestParticipant`, the behaviour of RULES §6 that need no business knowledge. Refuses to know a
concrete service (those live in `fakes`) and to know about faults (`harness.faults`).
"""

from harness.participant.answers import Answers
from harness.participant.launch import Launch
from harness.participant.ledger import Change, Effect, Incarnation, Lapse, Ledger
from harness.participant.messages import Owner, Reply, Request, Response, Whose
from harness.participant.own_service import OwnService
from harness.participant.protocol import Participant
from harness.participant.resource import (
    Matched,
    Operation,
    Repeats,
    ResourceSpec,
    Route,
    UndoAnswers,
    Verb,
    routes,
)
from harness.participant.rest import RestParticipant

__all__ = [
    "Answers",
    "Change",
    "Effect",
    "Incarnation",
    "Lapse",
    "Launch",
    "Ledger",
    "Matched",
    "Operation",
    "OwnService",
    "Owner",
    "Participant",
    "Repeats",
    "Reply",
    "Request",
    "ResourceSpec",
    "Response",
    "RestParticipant",
    "Route",
    "UndoAnswers",
    "Verb",
    "Whose",
    "routes",
]

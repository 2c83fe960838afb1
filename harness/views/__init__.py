"""The two views of RULES §1: what participants really hold, and what a saga could know.

Owns the questions that invariants and situations ask of a history. Refuses to answer whether
anything is right: that is `harness.invariants`.
"""

from harness.views.ledger import IncarnationView, LedgerView
from harness.views.loops import LoopWatch
from harness.views.saga import SagaView
from harness.views.trouble import first_trouble
from harness.views.view import View

__all__ = ["IncarnationView", "LedgerView", "LoopWatch", "SagaView", "View", "first_trouble"]

"""Does a saga keep its contract? A few runs of it, each with one sentence (`saga-chaos doctor SCENARIO`).

Owns the runs that are tried and what is said of each. Refuses to search: `saga-chaos run` does.
"""

from harness.conformance.checks import Check, note, told
from harness.conformance.contract import conformance

__all__ = ["Check", "conformance", "note", "told"]

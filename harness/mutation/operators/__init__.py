"""The mistakes of the trade, one operator each: where it can be made, and what it makes of the source.

Owns the table. Refuses to run anything. An operator goes by names and shapes (`words`), for it has
never seen the code; a place that it misses is a mutant fewer. LibCST is imported here, so this room
is imported late.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.mutation.operators.base import Change, Changes, Operator
from harness.mutation.operators.compensation import (
    COMPENSATION_DROPPED,
    FAILED_UNDO_IS_DONE,
    SHIELD_DROPPED,
    UNDO_IN_BACKGROUND,
    UNDO_ORDER_FORWARD,
)
from harness.mutation.operators.flow import (
    ACTION_DROPPED,
    CAUSE_LOST,
    PIVOT_UNDONE,
    RETRIABLE_UNDONE,
    STARTS_LATE,
    STOPS_SHORT,
    STUCK_UNSAID,
    SWALLOWED,
)
from harness.mutation.operators.keys import FRESH_KEY, KEY_DROPPED, KEY_SHARED
from harness.mutation.operators.outcomes import EARLY_RETURN, WRONG_WORD
from harness.mutation.operators.records import (
    LOCK_DROPPED,
    NOT_COMMITTED,
    RECORD_AFTER_CALL,
    RECORD_BEFORE_CALL,
    RECORD_DROPPED,
    RESUMED_IGNORED,
    STORE_IGNORED,
)
from harness.mutation.operators.replies import (
    ACCEPTED_IS_DONE,
    GONE_IS_FAILURE,
    REFUSAL_IS_DONE,
    SERVER_ERROR_IS_REFUSAL,
    SILENCE_IS_REFUSAL,
    STATUS_UNCHECKED,
)
from harness.mutation.operators.retries import (
    BACK_OFF_DROPPED,
    RETRY_DROPPED,
    RETRY_UNBOUNDED,
    TIME_OUT_DROPPED,
)

_ALL = (
    COMPENSATION_DROPPED,
    FAILED_UNDO_IS_DONE,
    UNDO_ORDER_FORWARD,
    UNDO_IN_BACKGROUND,
    SHIELD_DROPPED,
    SWALLOWED,
    STOPS_SHORT,
    STARTS_LATE,
    ACTION_DROPPED,
    PIVOT_UNDONE,
    RETRIABLE_UNDONE,
    STUCK_UNSAID,
    CAUSE_LOST,
    WRONG_WORD,
    EARLY_RETURN,
    SERVER_ERROR_IS_REFUSAL,
    SILENCE_IS_REFUSAL,
    STATUS_UNCHECKED,
    GONE_IS_FAILURE,
    REFUSAL_IS_DONE,
    ACCEPTED_IS_DONE,
    RETRY_DROPPED,
    RETRY_UNBOUNDED,
    BACK_OFF_DROPPED,
    TIME_OUT_DROPPED,
    FRESH_KEY,
    KEY_DROPPED,
    KEY_SHARED,
    RECORD_AFTER_CALL,
    RECORD_BEFORE_CALL,
    RECORD_DROPPED,
    NOT_COMMITTED,
    RESUMED_IGNORED,
    STORE_IGNORED,
    LOCK_DROPPED,
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({one.name: one for one in _ALL})
"""By name, the most relevant first."""

__all__ = ["OPERATORS", "Change", "Changes", "Operator"]

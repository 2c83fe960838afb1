"""The time and call limits of both worlds (RULES §3, §7), and the messages where a run exceeds them."""

from __future__ import annotations

MOST_CALLS = 10_000

RESUME_AFTER_S = 0.1
"""From the end or the death of an executor to the beginning of the next."""

MOST_RECALLS = 30
"""How often a standby of a frozen executor is called again: long enough for a short lease to run out."""

DISCONNECTED = "Server disconnected without sending a response."
"""What httpx says where a call of an earlier run is closed and not answered."""


def too_many_calls(most: int) -> str:
    """Of a run that does not come to an end."""
    return f"the run made more than {most} calls"


def ended_early(why: str) -> str:
    """Of a run that goes wrong for certain, again and again."""
    return f"the run was ended early: {why}"


def too_late(limit_s: float) -> str:
    """Of a saga whose time is up."""
    return f"no outcome within {limit_s:g} s after everything had healed"

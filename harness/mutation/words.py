"""What sagas call things: the names by which an operator finds its place in code that it has never seen.

A word that is missing here makes a mutant fewer, never a wrong verdict.
"""

from __future__ import annotations

import re

UNDO = re.compile(
    r"(^|_)(un(do|does|done|doing|wind|winds|reserve|book|hold)|compensat\w*|roll_?backs?|revert\w*|releas\w*"
    r"|refund\w*|cancel\w*|void|backward\w*|give_back|turn_back|abort\w*|delete\w*|remove_\w+)(_|$|\d)",
    re.IGNORECASE,
)
"""A name that takes something back."""

UNDO_ROUTE = re.compile(r"^DELETE\b|/?(refund|cancel|release|void|undo|revert|compensat)", re.IGNORECASE)
"""A method or a path that takes something back."""

UNDO_LIST = re.compile(
    r"(^|[_.])(undos?|compensations?|rollbacks?|tried|applied|begun|started|sent|stack|made|completed|done"
    r"|finished|acquired|taken|attempted)(_\w+)?$",
    re.IGNORECASE,
)
"""What a saga keeps of the steps that it may have to undo."""

BUILDS_UNDO = re.compile(r"^(with_)?(compensation|compensate|compensated_by|undo|undone_by|rollback)$")
"""Methods that give a builder a compensation."""

RECORD = re.compile(
    r"^_*(append|appendleft|insert|add|record|save|write|write_text|write_bytes|put|store|set|log|emit|keep"
    r"|checkpoint|persist|mark|push|register|note|remember|journal|update|upsert|dump)(_\w+)?$"
)
"""Methods that put something on record."""

COMMIT = re.compile(r"^(commit|flush)$")
LOCK = re.compile(r"(^|[_.])(r?lock|mutex|lease|semaphore|flock|exclusive)", re.IGNORECASE)
EXISTS = re.compile(r"^(exists|is_file)$")
RESUMED = re.compile(r"^_?(is_)?(resumed|resuming|resume|restarted|recovering)$")
SLEEP = re.compile(r"^_?(a?sleep|Sleep|pause|back_?off|delay)$")
ATTEMPTS = re.compile(r"(^|_)(max_)?(attempts?|tries|retries)$", re.IGNORECASE)
DOUBT = re.compile(
    r"(^|[_.])(in_)?(doubt|doubtful|unsure|unknown|unclear|uncertain|ambiguous|maybe|perhaps\w*)$",
    re.IGNORECASE,
)
"""A flag that says that a request may have been applied."""

DOUBT_WORD = re.compile(
    r"^(in[ _-]?)?(doubt|doubtful|doubted|unknown|unclear|unsure|uncertain|ambiguous|maybe)$", re.IGNORECASE
)
REFUSED_WORD = re.compile(r"^(refused|rejected|denied|failed)$", re.IGNORECASE)
FAILED_FLAG = re.compile(r"(^|[_.])(stuck|failed|given_up|unresolved|incomplete|left_over)$", re.IGNORECASE)
GOOD_FLAG = re.compile(
    r"(^|[_.])(undone|done|ok|okay|success|succeeded|successful|released|cleared|acknowledged)$"
)
KEY = re.compile(r"(^|[_.])(idempotency_?)?key$|idempoten", re.IGNORECASE)
STEPS = re.compile(
    r"(^|_)(steps|parts|stages|plan|tasks|actions|flow|servers of participants)$", re.IGNORECASE
)
STATUS = re.compile(r"(^|[_.])(status|status_code|code)$")
FINE = re.compile(r"^(is_success|ok|is_error|is_client_error|is_server_error)$")
CLIENT = re.compile(
    r"client|session|http|conn|requests|api|transport|line|service|urllib|channel", re.IGNORECASE
)
SENDS = frozenset({"request", "urlopen", "getresponse", "raw_request"})
SENDS_BY_CLIENT = frozenset({"get", "post", "put", "patch", "delete", "send", "stream"})
OUTCOMES = ("completed", "compensated", "stuck", "running")
OF_HARNESS = frozenset({"SagaSpec", "Step", "Scenario", "ResourceSpec", "SagaPolicy", "Fault"})
"""What says how a saga is judged is not the saga: no mistake is planted there."""

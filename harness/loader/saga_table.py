"""[saga], [saga.policy] and [saga.correlation]: what holds for every adapter.

Owns claims, inputs, times, requirements and policy. Refuses to know the adapters' own keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harness.inputs import SchemaInputs
from harness.loader.table import Table
from harness.loader.target import load_object
from harness.saga import (
    MOST_PREEMPTIONS,
    MOST_SAGAS,
    SAGA_ID,
    Choice,
    Claim,
    Correlation,
    Json,
    OnFailedCompensation,
    Order,
    Overlap,
    SagaPolicy,
    Status,
)
from harness.scenario import NONE_LISTED

_OWN = ("invariants", "situations", "faults")
SAGA_KEYS = (
    "adapter",
    "env",
    "claims",
    "input",
    "inputs",
    "cases",
    "time_limit_s",
    "patience_s",
    "requires",
    "sources",
    "redact",
    "policy",
    "correlation",
    "overlap",
    *_OWN,
)
_OVERLAP = ("sagas", "preemptions", "inputs")
_CASE_KEYS = ("input", "expect")
_CORRELATION_KEYS = ("field", "header", "pattern")
_POLICY_KEYS = (
    "failed_step",
    "untried_step",
    "order",
    "failed_compensation",
    "max_attempts",
    "min_gap_s",
    "key_header",
    "retry_after",
)
_OVERLAPPING = "a list of inputs, at least one; the sagas of a run are given the same and different ones"
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_REDACT = "a list of headers, parameters and fields, like ['X-Customer', 'card.number']"
_SECONDS = "a number of seconds above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaTable:
    """What a scenario takes from [saga] as it stands."""

    inputs: tuple[Json, ...]
    input_strategy: SchemaInputs | None
    expects: tuple[Status, ...]
    time_limit_s: float | None
    patience_s: float | None
    requires: tuple[str, ...] | None
    invariants: tuple[object, ...]
    situations: tuple[object, ...]
    faults: tuple[object, ...]
    sources: tuple[Path, ...] | None
    redact: tuple[str, ...]
    overlap: Overlap | None


def read_saga(table: Table) -> SagaTable:
    """Inputs, times and requirements."""
    inputs, expects = _cases(table) if table.has("cases") else (_inputs(table), ())
    return SagaTable(
        inputs=inputs,
        input_strategy=_schema(table) if table.has("input") else None,
        expects=expects,
        time_limit_s=table.seconds("time_limit_s", _SECONDS),
        patience_s=table.seconds("patience_s", _SECONDS),
        requires=table.texts("requires", "a list of situations") if table.has("requires") else None,
        sources=_sources(table) if table.has("sources") else None,
        redact=table.texts("redact", _REDACT) if table.has("redact") else (),
        overlap=_overlap(table.table_or_empty("overlap")) if table.has("overlap") else None,
        invariants=_own(table, "invariants"),
        situations=_own(table, "situations"),
        faults=_own(table, "faults"),
    )


def _inputs(table: Table) -> tuple[Json, ...]:
    expected = "a list of inputs, at least one; one is drawn for each run"
    return table.json("inputs", expected) if table.has("inputs") else NONE_LISTED


def _schema(table: Table) -> SchemaInputs:
    """What describes inputs instead of listing them, or beside the list."""
    expected = 'a JSON Schema, like { type = "object", properties = { quantity = { type = "integer" } } }'
    return SchemaInputs(schema=table.json_object("input", expected), where=table.where("input"))


def _cases(table: Table) -> tuple[tuple[Json, ...], tuple[Status, ...]]:
    """Inputs, each with how its run without faults has to end."""
    if table.has("inputs"):
        raise table.wrong("inputs", "either inputs or [[saga.cases]], not both")
    cases = table.tables("cases", "a table [[saga.cases]] for each input, at least one")
    for case in cases:
        case.refuse_unknown(_CASE_KEYS)
    ends = (Status.COMPLETED, Status.COMPENSATED)
    return (
        tuple(case.any_json("input", "the input of this case") for case in cases),
        tuple(case.word("expect", ends, Status.COMPLETED) for case in cases),
    )


def _overlap(table: Table) -> Overlap:
    """Several sagas in one run."""
    table.refuse_unknown(_OVERLAP)
    return Overlap(
        sagas=_of_at_most(table, "sagas", 2, MOST_SAGAS, 2),
        preemptions=_of_at_most(table, "preemptions", 0, MOST_PREEMPTIONS, 2),
        inputs=table.json("inputs", _OVERLAPPING) if table.has("inputs") else (),
    )


def _of_at_most(table: Table, key: str, least: int, most: int, default: int) -> int:
    expected = f"a whole number, {least} to {most}"
    number = table.whole(key, expected, default)
    if not least <= number <= most:
        raise table.wrong(key, expected)
    return number


def _own(table: Table, key: str) -> tuple[object, ...]:
    """Objects of the user's, or names of what installed packages offer, as they stand."""
    if not table.has(key):
        return ()
    expected = "a list, each the name of one that an installed package offers, or 'checks.py:NAME'"
    return tuple(
        load_object(one, table.source.folder, table.where(key, index)) if ":" in one else one
        for index, one in enumerate(table.texts(key, expected))
    )


def _sources(table: Table) -> tuple[Path, ...]:
    """Python files, and folders of them, from the file's folder on: where `saga-chaos mutate` may plant."""
    expected = "a list of Python files or folders, like ['saga.py'], at least one"
    names = table.texts("sources", expected)
    if not names:
        raise table.wrong("sources", expected)
    paths = tuple((table.source.folder / name).resolve() for name in names)
    for index, path in enumerate(paths):
        if not path.is_dir() and not (path.is_file() and path.suffix == ".py"):
            raise table.wrong("sources", f"a Python file or a folder, and there is none at {path}", index)
    return paths


def read_claims(table: Table) -> frozenset[Claim]:
    """What the saga claims; a lost reply where it says nothing."""
    if not table.has("claims"):
        return frozenset({Claim.LOST_REPLY})
    return frozenset(table.words("claims", Claim))


def read_policy(table: Table) -> SagaPolicy:
    """What sagas may rightly do differently."""
    policy = table.table_or_empty("policy")
    policy.refuse_unknown(_POLICY_KEYS)
    default = SagaPolicy()
    gap_s = policy.seconds("min_gap_s", "a number of seconds, 0 or more", zero=True)
    return SagaPolicy(
        failed_step=policy.word("failed_step", Choice, default.failed_step),
        untried_step=policy.word("untried_step", (Choice.NEVER, Choice.MAY), default.untried_step),
        # Absent is not "strict": a graph's order is that of its dependencies.
        order=policy.word("order", Order, Order.STRICT) if policy.has("order") else None,
        failed_compensation=policy.word(
            "failed_compensation", OnFailedCompensation, default.failed_compensation
        ),
        max_attempts=_attempts(policy, default.max_attempts),
        min_gap_s=default.min_gap_s if gap_s is None else gap_s,
        key_header=_header(policy, "key_header", default.key_header),
        retry_after=policy.word("retry_after", (Choice.MUST, Choice.MAY), default.retry_after),
    )


def read_correlation(table: Table) -> Correlation:
    """Where a participant reads whose call it is."""
    said = table.table_or_empty("correlation")
    said.refuse_unknown(_CORRELATION_KEYS)
    default = Correlation()
    return Correlation(
        field=_field(said, default.field),
        header=_header(said, "header", "") or None,
        pattern=_pattern(said, default.pattern),
    )


def _field(table: Table, default: str) -> str:
    expected = "a field of the JSON body, or a path to one, like 'order.saga_id'"
    name = table.text("field", expected, default)
    if not all(name.split(".")):
        raise table.wrong("field", expected)
    return name


def _pattern(table: Table, default: str) -> str:
    expected = f"a text with {SAGA_ID} in it once, like 'order-{SAGA_ID}'"
    pattern = table.text("pattern", expected, default)
    if pattern.count(SAGA_ID) != 1:
        raise table.wrong("pattern", expected)
    return pattern


def _attempts(policy: Table, default: int) -> int:
    expected = "a whole number of attempts, 1 or more"
    attempts = policy.whole("max_attempts", expected, default)
    if attempts < 1:
        raise policy.wrong("max_attempts", expected)
    return attempts


def _header(table: Table, key: str, default: str) -> str:
    """The name of a header; the default where the file sets none."""
    expected = "the name of an HTTP header, like 'Idempotency-Key'"
    if not table.has(key):
        return default
    name = table.text(key, expected)
    if _HEADER.fullmatch(name) is None:
        raise table.wrong(key, expected)
    return name

"""A scenario without Python: one saga.toml, format version 1 (DESIGN, Contract).

Owns the top level of the file and puts the parts together. Refuses unknown keys, as every table
of the file does.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import ScenarioError
from harness.loader.adapter_table import check_keys, read_adapter
from harness.loader.participants_table import read_listen, read_participants
from harness.loader.saga_table import read_claims, read_correlation, read_policy, read_saga
from harness.loader.source import read_toml
from harness.loader.steps_table import read_steps
from harness.loader.table import Table
from harness.saga import SagaSpec
from harness.scenario import Scenario

FORMAT_VERSION = 1
_KEYS = ("format_version", "name", "saga", "participants", "steps")


def load_toml(label: str, path: Path) -> Scenario:
    """The scenario in a file. `label` is what messages call the file: the path as it was given."""
    source, values = read_toml(label, path)
    top = Table(source=source, path=(), values=values)
    _check_version(top)
    top.refuse_unknown(_KEYS)
    try:
        return _scenario(top)
    except ScenarioError as error:
        # What our own checks did not foresee and the types refuse still has to name the file.
        raise error if str(error).startswith(label) else ScenarioError(f"{label}: {error}") from None


def _scenario(top: Table) -> Scenario:
    name = _name(top)
    saga_table = top.table("saga", "a table, [saga]")
    check_keys(saga_table)
    saga = read_saga(saga_table)
    policy = read_policy(saga_table)
    claims = read_claims(saga_table)
    correlation = read_correlation(saga_table)
    tables = top.table("participants", "tables like [participants.payments.resources.charge]")
    participants = read_participants(tables, policy.key_header)
    steps = read_steps(top, participants)
    adapter = read_adapter(
        saga_table,
        claims=claims,
        participants=participants,
        listen=read_listen(tables),
        correlation=correlation,
    )
    return Scenario(
        name=name,
        spec=SagaSpec(
            name=name,
            steps=steps.steps,
            policy=policy,
            claims=claims,
            correlation=correlation,
            reads=steps.reads,
        ),
        participants=participants,
        saga=adapter,
        inputs=saga.inputs,
        input_strategy=saga.input_strategy,
        expects=saga.expects,
        time_limit_s=saga.time_limit_s,
        patience_s=saga.patience_s,
        requires=saga.requires,
        invariants=saga.invariants,
        situations=saga.situations,
        faults=saga.faults,
        sources=saga.sources,
        redact=saga.redact,
        overlap=saga.overlap,
    )


def _check_version(top: Table) -> None:
    expected = f"format_version = {FORMAT_VERSION}"
    if not top.has("format_version"):
        raise top.missing("format_version", expected)
    version = top.values["format_version"]
    if version != FORMAT_VERSION or not isinstance(version, int) or isinstance(version, bool):
        raise top.wrong("format_version", f"{FORMAT_VERSION}, the one that this version reads")


def _name(top: Table) -> str:
    expected = "a name for the scenario, like 'order'"
    name = top.text("name", expected)
    if not name.isprintable() or any(mark in name for mark in "/\\"):
        raise top.wrong("name", f"{expected}, of printable characters, without / and \\")
    return name

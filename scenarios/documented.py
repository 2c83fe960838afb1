"""What the search found in the sagas as documented, and that their hardened twins hold.

Owns the table of docs/documented-sagas.md and of `saga-chaos list`. It is made from the report of a run and
kept in documented.json beside this file:

    nox -s documented                                           # searches them all, and checks the table
    python -m scenarios.documented write reports/out/documented # makes the table anew from that run
    python -m scenarios.documented check reports/out/documented # whether that run says what the table says
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from harness.faults import KINDS
from harness.json_files import pretty, write_whole
from harness.plan import Fault, FaultPlan
from harness.plan.codec import plan_from_json, plan_to_json
from harness.report_model import Report, ScenarioVerdict, Verdict, read_failure, read_report
from harness.saga import Json

TABLE = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parents[1] / "docs" / "documented-sagas.md"
SUFFIX = "-as-documented"

HARDENED: Mapping[str, tuple[str, ...]] = {
    "order-fulfilment": ("order-fulfilment",),
    "dbt-project-creation": ("dbt-project-creation",),
    "web-app-deployment": ("web-app-deployment",),
    "wiki-generation": ("wiki-generation", "wiki-generation-parallel"),
    "client-onboarding": ("client-onboarding",),
    "dbt-project-creation-choreographed": ("dbt-project-creation-choreographed",),
    "client-onboarding-choreographed": ("client-onboarding-choreographed",),
}
"""Each saga of a document, and its hardened twins."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One invariant that does not hold, with the smallest plan and input that show it."""

    invariant: str
    message: str
    plan: Json
    input: Json

    @property
    def faults(self) -> FaultPlan:
        """The plan. Raises PlanError where it is none."""
        return plan_from_json(self.plan, str(TABLE))

    @property
    def words(self) -> str:
        """The plan in words."""
        return "; then ".join(fault_words(one) for one in self.faults.faults)


class Documented(msgspec.Struct, frozen=True, kw_only=True):
    """One document: the saga as it is documented, what was found in it, and the hardened ones that hold."""

    document: str
    found: tuple[Found, ...]

    @property
    def name(self) -> str:
        """Of the scenario."""
        return f"{self.document}{SUFFIX}"

    @property
    def told(self) -> list[dict[str, str]]:
        """Invariant and plan in words, of each that was found."""
        return [{"invariant": one.invariant, "plan": one.words} for one in self.found]

    @property
    def hardened(self) -> tuple[str, ...]:
        """Names of scenarios."""
        return HARDENED[self.document]


def fault_words(fault: Fault) -> str:
    """`lose_reply at payments.charge.create, call 2 (the effect is applied, the reply is lost)`."""
    variant = f" ({fault.variant.replace('_', ' ')})" if fault.variant else ""
    nth = f", call {fault.nth}" if fault.nth > 1 else ""
    times = (
        "" if fault.count == 1 else f", {fault.count} times" if isinstance(fault.count, int) else ", for ever"
    )
    return f"{fault.kind}{variant} at {fault.operation}{nth}{times} ({KINDS[fault.kind].meaning})"


def table() -> tuple[Documented, ...]:
    """What is kept."""
    return msgspec.json.decode(TABLE.read_bytes(), type=tuple[Documented, ...])


def read(out: Path) -> tuple[Documented, ...]:
    """The same from a report, of those that its run searched. Raises ReportError where there is none."""
    report = read_report(out / "report.json")
    names = {one.name for one in report.scenarios}
    searched = [document for document in HARDENED if f"{document}{SUFFIX}" in names]
    return tuple(_documented(report, out, document) for document in searched)


def _documented(report: Report, out: Path, document: str) -> Documented:
    (searched,) = [one for one in report.scenarios if one.name == f"{document}{SUFFIX}"]
    violated = [one for one in searched.invariants if one.verdict is Verdict.VIOLATED]
    files = [(one.id, read_failure(out / one.failure)) for one in violated if one.failure]
    return Documented(
        document=document,
        found=tuple(
            Found(
                invariant=id_, message=failure.message, plan=plan_to_json(failure.plan), input=failure.input
            )
            for id_, failure in files
        ),
    )


_INTRODUCTION = """# The documented sagas

Five documents describe a saga each, two of them a choreographed one too. Every one is here twice: as
documented, with the code of the document and the weaknesses of that code, and hardened until every invariant
holds. `nox -s documented` searches them all.
It is green when each documented one fails, by nothing that does not stand here, and nothing is violated in
the hardened ones.

This page is written by `python -m scenarios.documented write DIR` from the report of such a run. A test
replays each line of it, in the documented saga and in the hardened ones.
"""


def page(rows: Sequence[Documented]) -> str:
    """docs/documented-sagas.md."""
    introduction = " ".join(_INTRODUCTION.split("\n")).replace("  ", "\n\n").strip()
    return "\n".join((introduction, *(line for row in rows for line in _section(row)), ""))


def _section(row: Documented) -> Iterator[str]:
    folder = f"scenarios/{row.document.removesuffix('-choreographed').replace('-', '_')}"
    holding = " and ".join(f"`{name}`" for name in row.hardened)
    yield from ("", f"## {row.document}", "")
    yield f"In `{row.name}` ([{folder}](../{folder})) the search finds:"
    yield from ("", "| violated | the smallest plan | what is wrong then |", "|---|---|---|")
    for found in row.found:
        yield f"| *{found.invariant}* | {found.words} | {found.message.replace('|', '/')} |"
    yield from ("", f"Hardened: {holding}. Nothing is violated there.")


def problems(out: Path) -> Iterator[str]:
    """How the report of a run differs from the table; nothing where it does not."""
    report = read_report(out / "report.json")
    verdicts = {one.name: one for one in report.scenarios}
    now = {row.document: {found.invariant for found in row.found} for row in read(out)}
    for row in table():
        missing = [name for name in (row.name, *row.hardened) if name not in verdicts]
        if missing:
            yield f"{', '.join(missing)} was not searched"
            continue
        if verdicts[row.name].verdict is not ScenarioVerdict.FAIL:
            yield f"{row.name} must fail, and its verdict is {verdicts[row.name].verdict}"
        for more in sorted(now[row.document] - {found.invariant for found in row.found}):
            yield f"{row.name} violates {more}, which the table does not say; write it anew"
        for name in row.hardened:
            for one in verdicts[name].invariants:
                if one.verdict is Verdict.VIOLATED:
                    yield f"{name} must hold, and violates {one.id}"


def _renewed(rows: Sequence[Documented]) -> tuple[Documented, ...]:
    """The table with these rows in place of its own."""
    new = {row.document: row for row in (*table(), *rows)}
    return tuple(new[document] for document in HARDENED if document in new)


def main(arguments: Sequence[str]) -> int:
    """write DIR | check DIR."""
    if len(arguments) != 2 or arguments[0] not in ("write", "check"):
        print("usage: python -m scenarios.documented write|check DIR", file=sys.stderr)  # noqa: T201
        return 2
    word, out = arguments[0], Path(arguments[1])
    if word == "write":
        rows = _renewed(read(out))
        write_whole(TABLE, pretty(rows))
        write_whole(PAGE, page(rows).encode())
        return 0
    wrong = list(problems(out))
    for line in wrong:
        print(line, file=sys.stderr)  # noqa: T201 - this is a command
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""What the search found in the sagas as documented, and that their hardened twins hold.

Owns the table of docs/documented-sagas.md and of `saga-chaos list`. It is made from the reports of searches
and kept in documented.json beside this file; each saga has a folder of its own name in DIR:

    nox -s documented                                # searches them all, and checks the table
    python -m scenarios.documented names [NAME ...]  # what that searches: of these documents, or of all
    python -m scenarios.documented check DIR         # do the reports say what the table says, and how far
    python -m scenarios.documented write DIR         # makes the table anew from the reports
    python -m scenarios.documented keep FOLDER ...   # takes reports for how far the sagas were searched
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from harness.errors import UsageError, misplaced
from harness.faults import KINDS
from harness.json_files import pretty, write_whole
from harness.plan import Fault, FaultPlan
from harness.plan.codec import plan_from_json, plan_to_json
from harness.report_model import Report, ScenarioReport, ScenarioVerdict, Verdict, read_failure, read_report
from harness.saga import Json
from scenarios.documented_results import keep, results, searched, section, told

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


def names(documents: Sequence[str]) -> tuple[str, ...]:
    """The scenarios of documents, or of all, those as documented first. Raises UsageError for no document."""
    for one in documents:
        if one not in HARDENED:
            raise UsageError(misplaced("document", one, f"one of {', '.join(HARDENED)}"))
    chosen = [one for one in HARDENED if not documents or one in documents]
    return (*(f"{one}{SUFFIX}" for one in chosen), *(name for one in chosen for name in HARDENED[one]))


def reports(out: Path) -> dict[str, Report]:
    """The report of each saga that has one in the folder of its name."""
    folders = ((name, out / name / "report.json") for name in names(()))
    return {name: read_report(path) for name, path in folders if path.exists()}


def read(out: Path) -> tuple[Documented, ...]:
    """The same from the reports, of those that were searched. Raises ReportError for a file that is none."""
    found = reports(out)
    searched = [document for document in HARDENED if f"{document}{SUFFIX}" in found]
    return tuple(
        _documented(found[f"{one}{SUFFIX}"].scenarios[0], out / f"{one}{SUFFIX}", one) for one in searched
    )


def _documented(searched: ScenarioReport, out: Path, document: str) -> Documented:
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
holds. `nox -s documented` searches them all, each for at most a minute;
`nox -s documented -- NAME --depth 2` searches those of one document without a limit, and after Ctrl-C
`nox -s documented -- NAME --resume` goes on.
It is green when each documented one fails, by nothing that does not stand here, and nothing is violated in
the hardened ones.

This page is written by `python -m scenarios.documented write DIR` from the reports of such a run. A test
replays each line of it, in the documented saga and in the hardened ones.
"""


def page(rows: Sequence[Documented]) -> str:
    """docs/documented-sagas.md."""
    introduction = " ".join(_INTRODUCTION.split("\n")).replace("  ", "\n\n").strip()
    lines = (line for row in rows for line in _section(row))
    return "\n".join((introduction, *lines, *section(results()), ""))


def _section(row: Documented) -> Iterator[str]:
    folder = f"scenarios/{row.document.removesuffix('-choreographed').replace('-', '_')}"
    holding = " and ".join(f"`{name}`" for name in row.hardened)
    yield from ("", f"## {row.document}", "")
    yield f"In `{row.name}` ([{folder}](../{folder})) the search finds:"
    yield from ("", "| violated | the smallest plan | what is wrong then |", "|---|---|---|")
    for found in row.found:
        yield f"| *{found.invariant}* | {found.words} | {found.message.replace('|', '/')} |"
    searched_so_far = "as far as it was [searched](#how-far-they-were-searched)"
    yield from ("", f"Hardened: {holding}. Nothing is violated there, {searched_so_far}.")


def problems(out: Path) -> Iterator[str]:
    """How the reports of a run differ from the table; nothing where they do not."""
    found = {name: report.scenarios[0] for name, report in reports(out).items()}
    now = {row.document: {one.invariant for one in row.found} for row in read(out)}
    if not found:
        yield f"{out}: found no report of a documented saga, expected one for each that was searched"
    for row in table():
        if row.name in found:
            if found[row.name].verdict is not ScenarioVerdict.FAIL:
                yield f"{row.name} must fail, and its verdict is {found[row.name].verdict}"
            for more in sorted(now[row.document] - {one.invariant for one in row.found}):
                yield f"{row.name} violates {more}, which the table does not say; write it anew"
        for name in row.hardened:
            for one in found[name].invariants if name in found else ():
                if one.verdict is Verdict.VIOLATED:
                    yield f"{name} must hold, and violates {one.id}"


def _renewed(rows: Sequence[Documented]) -> tuple[Documented, ...]:
    """The table with these rows in place of its own."""
    new = {row.document: row for row in (*table(), *rows)}
    return tuple(new[document] for document in HARDENED if document in new)


def main(arguments: Sequence[str]) -> int:
    """As the module says."""
    word, *rest = arguments or ("",)
    if word == "names":
        try:
            print("\n".join(names(rest)))  # noqa: T201 - this is a command
        except UsageError as error:
            return _said([str(error)])
        return 0
    if word == "keep" and rest:
        keep([Path(one) for one in rest], names(()))
        write_whole(PAGE, page(table()).encode())
        return 0
    if word not in ("write", "check") or len(rest) != 1:
        _said(
            ["usage: python -m scenarios.documented names [NAME ...] | write DIR | check DIR | keep DIR ..."]
        )
        return 2
    return (_write if word == "write" else _check)(Path(rest[0]))


def _write(out: Path) -> int:
    rows = _renewed(read(out))
    write_whole(TABLE, pretty(rows))
    write_whole(PAGE, page(rows).encode())
    return 0


def _check(out: Path) -> int:
    for line in told([row for report in reports(out).values() for row in searched(report)]):
        print(line)  # noqa: T201 - as above
    return _said(list(problems(out)))


def _said(wrong: Sequence[str]) -> int:
    for line in wrong:
        print(line, file=sys.stderr)  # noqa: T201 - as above
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The arguments of every command (DESIGN, "Command line"). Pure argparse, so that `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from harness.choices import PROXIES, SEARCHES, WORLDS
from harness.errors import nearest

_EPILOG = """exit codes: 0 pass · 1 fail · 2 usage error · 3 inconclusive
            4 the harness or its environment failed

SCENARIO is a registered name (saga-chaos list), path/to/saga.toml, path/to/file.py:object
or package.module:object."""


class _Parser(argparse.ArgumentParser):
    """Prints what was wrong first, and where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help\n")

    def refuse(self, found: str) -> NoReturn:
        """What argparse could not place. It would say so without the command, and without what is near."""
        if not found.startswith("-"):
            self.error(f"found {found!r}, expected no such argument")
        options = [one for one in self._option_string_actions if one.startswith("--")]
        self.error(f"found {found!r}, expected {nearest(found.partition('=')[0], options, cutoff=0.75)}")


def parsed(given: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command line. Ends the process with 2 where they are none."""
    top = parser()
    if not given:
        expected = f"one of {', '.join(top.commands)}; `saga-chaos run` searches the saga.toml of this folder"
        top.error(f"found no command, expected {expected}")
    arguments, rest = top.parse_known_args(given)
    if rest:
        top.commands[arguments.command].refuse(rest[0])
    return arguments


class _Top(_Parser):
    commands: Mapping[str, _Parser]


def parser() -> _Top:
    """All commands."""
    top = _Top(
        prog="saga-chaos",
        description="Chaos and property-based testing for sagas.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=_Version, help="print the version and exit")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for name, help_, build in _COMMANDS:
        command = commands.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        build(command)
    top.commands = commands.choices
    return top


class _Version(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, **options: object) -> None:
        super().__init__(option_strings, dest, nargs=0, help=str(options.get("help", "")))

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - 20 ms that --help must not pay

        parser.exit(0, f"saga-chaos {version('saga-chaos')}\n")


def _list(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="machine-readable")


def _run(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO",
        help="default: ./saga.toml, else all registered ones that hold",
    )
    command.add_argument("--world", choices=WORLDS, help="default: sim for callables, wire otherwise")
    command.add_argument("--search", choices=SEARCHES, help="default: both")
    command.add_argument(
        "--depth", type=_whole, metavar="K", help="faults a plan; default: 2 in sim, 1 on the wire"
    )
    command.add_argument(
        "--examples", type=_whole, metavar="N", help="of Hypothesis; default: 500 in sim, 25 on the wire"
    )
    command.add_argument(
        "--sagas", type=_whole, metavar="N", help="sagas that a run may start, up to 5; default: 1"
    )
    command.add_argument("--seed", type=_whole, metavar="N", help="of Hypothesis; default: 0")
    command.add_argument(
        "--seconds", type=_seconds, metavar="S", help="end the search of each scenario after this"
    )
    command.add_argument("--workers", type=_whole, metavar="N", help="processes side by side")
    command.add_argument(
        "--no-stored",
        action="store_true",
        help="neither try nor keep counterexamples in .saga-chaos/counterexamples",
    )
    command.add_argument(
        "--unclaimed", action="store_true", help="send the faults of every guarantee, claimed or not"
    )
    command.add_argument(
        "--only",
        action="append",
        metavar="INVARIANT",
        help="judge runs by this invariant alone; may be given several times",
    )
    command.add_argument(
        "--fail-fast", action="store_true", help="end the search at the first run that violates something"
    )
    command.add_argument("--quiet", action="store_true", help="print only the verdict and what explains it")
    command.add_argument(
        "--out", metavar="DIR", help="default: reports/out/<time>, and reports/out/latest beside it"
    )
    command.add_argument("--proxy", choices=PROXIES, help="which proxy the wire uses; default: auto")
    command.add_argument(
        "--resume",
        metavar="DIR",
        help="go on with the campaign whose runs are in DIR/runs.ndjson, wherever it was ended or killed; "
        "scenarios and options are those of its beginning",
    )


def _replay(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "failure", metavar="FAILURE.json|DIR", help="one counterexample, or all of a report's folder"
    )
    command.add_argument("--world", choices=WORLDS, help="default: the one it was found in")
    command.add_argument(
        "--scenario", metavar="SCENARIO", help="where it is now; default: what the run was given"
    )
    command.add_argument("--prune", action="store_true", help="delete the counterexamples that are FIXED")
    command.add_argument("--proxy", choices=PROXIES, default="auto")


def _mutate(command: argparse.ArgumentParser) -> None:
    command.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a saga in Python that holds")
    command.add_argument("--world", choices=WORLDS, help="default: sim for callables, wire otherwise")
    command.add_argument("--seconds", type=_seconds, metavar="S", help="end everything after this")
    command.add_argument(
        "--each",
        type=_seconds,
        metavar="S",
        help="for one mutant at most; default: 20 in sim, 60 on the wire",
    )
    command.add_argument("--depth", type=_whole, metavar="N", help="default: 2 in sim, 1 on the wire")
    command.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="an operator, or the id of a mutant; may be given several times",
    )
    command.add_argument(
        "--reasons", metavar="FILE.toml", help="why mutants that survive may: [reasons], id = 'why'"
    )
    command.add_argument("--list", action="store_true", help="show operators and mutants, and search nothing")
    command.add_argument("--workers", type=_whole, metavar="N", help="processes side by side")
    command.add_argument("--out", metavar="DIR", help="for mutants.json; default: reports/out/mutants")
    command.add_argument("--proxy", choices=PROXIES, default="auto")


def _bench(command: argparse.ArgumentParser) -> None:
    command.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="default: all that claim to hold")
    command.add_argument("--world", choices=WORLDS)
    command.add_argument(
        "--sagas", type=_whole, default=200, metavar="N", help="sagas to measure of each cell; default: 200"
    )
    command.add_argument(
        "--concurrency",
        type=_wholes,
        metavar="C,…",
        help="sagas that start together, like 1,8,32; default: 1",
    )
    command.add_argument(
        "--rate", type=_seconds, metavar="R", help="instead or besides: so many start each second (open loop)"
    )
    command.add_argument("--steps", type=_names, metavar="STEP,…", help="those made to fail; default: each")
    command.add_argument(
        "--faults", type=_names, metavar="KIND,…", help="how, for ever; default: reject,error_before"
    )
    command.add_argument(
        "--latency", metavar="PROFILE", help="how long messages are under way: lan, wan or a TOML file"
    )
    command.add_argument(
        "--rounds", type=_whole, default=1, metavar="N", help="cells are measured in turns; default: 1"
    )
    command.add_argument(
        "--warm-up", type=_whole, default=0, metavar="N", help="sagas of each cell before those that count"
    )
    command.add_argument("--out", metavar="DIR", help="default: reports/out/bench")
    command.add_argument("--baseline", metavar="FILE", help="a bench.json to compare with")
    command.add_argument(
        "--fail-above",
        type=_seconds,
        metavar="X",
        help="exit 1 where a cell takes more than X times as long as in the baseline, noise aside",
    )
    command.add_argument("--proxy", choices=PROXIES, default="auto")


def _gate(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", help="what --out of a run was")
    command.add_argument("--policy", metavar="FILE.toml", help="waivers and budgets")


def _report(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", help="what --out of a run was")


_ADAPTERS = "callable, subprocess, http, or one that an installed package offers"


def _scaffold(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument(
        "--adapter",
        metavar="ADAPTER",
        required=True,
        help=_ADAPTERS,
    )
    command.add_argument(
        "--service", action="append", metavar="S", help="a participant; may be given several times"
    )
    command.add_argument(
        "--openapi",
        action="append",
        metavar="FILE",
        help="an OpenAPI document (3.0, 3.1; JSON or YAML) that describes a participant; may be given "
        "several times, and then a --service for each names it",
    )
    command.add_argument(
        "--step",
        action="append",
        metavar="'POST /PATH'",
        help="an operation of the document that is to be a step; default: the first that can be undone",
    )
    command.add_argument("--into", metavar="DIR", default=".", help="default: this folder")


def _proxy(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1", help="a loopback address; default: 127.0.0.1")
    command.add_argument("--port", type=_whole, default=8474, help="default: 8474")


def _doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument("scenario", nargs="?", metavar="SCENARIO", help="also check this scenario")
    command.add_argument(
        "--world", choices=WORLDS, help="where to check it; default: sim for callables, wire otherwise"
    )


_COMMANDS: tuple[tuple[str, str, Callable[[argparse.ArgumentParser], None]], ...] = (
    ("list", "list the registered scenarios", _list),
    ("run", "search scenarios and report their invariants", _run),
    ("replay", "run counterexamples again: STILL FAILS (1), FIXED (0) or DIFFERS (1)", _replay),
    ("mutate", "plant mistakes in a saga, and see which of them the search finds", _mutate),
    ("report", "render the reports of a run again, from its files alone", _report),
    ("bench", "measure compensation latency", _bench),
    ("gate", "decide from a report whether CI may go on", _gate),
    ("scaffold", "write a new scenario to begin with", _scaffold),
    ("proxy", "serve the embedded, Toxiproxy-compatible proxy on its own", _proxy),
    ("doctor", "say what is there, what is missing and what would be used", _doctor),
)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number") from None


def _wholes(text: str) -> tuple[int, ...]:
    return tuple(_whole(one) for one in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a number of seconds") from None

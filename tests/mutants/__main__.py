"""`nox -s mutants`: every sound style and the reference orchestrator, into reports/out/mutants.json.

    python -m tests.mutants [NAME ...] [--each S] [--seconds S] [--depth N] [--workers N] [--own] [--go-on]

NAME is a style of tests/sound or a registered scenario; without names it is all of them, which takes
hours. The file is written after each scenario, and --go-on starts from it: what was killed is not tried
again, so the hours can be spent in parts, and a second part can look deeper at what survived the first.
--own leaves out talk.py, through which most styles talk, and whose mutants nearly every style could kill.
Exit 1 where a mutant survives without a reason in reasons.toml, 3 where not all were tried.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from harness.cli.mutate import exit_code
from harness.clock import real
from harness.errors import ScenarioError
from harness.loading import load
from harness.mutation.model import FILE, Mutants, read_mutants, write_mutants
from harness.mutation.reasons import read_reasons, unneeded
from harness.mutation.session import Event, MutantEnded, MutateOptions, OriginalBegan, mutate, planted_in
from harness.packages import our_packages
from harness.scenario import Scenario
from tests.mutants.together import REPO, Together, ids_left, never_killed

with our_packages():
    from reports.mutants import MutantsConsole

SOUND = REPO / "tests" / "sound"
TALK = SOUND / "talk.py"
REFERENCE = ("order-fulfilment", "order-fulfilment-sync", "order-fulfilment-durable")
REASONS = Path(__file__).with_name("reasons.toml")
OUT = REPO / "reports" / "out"
GOAL = 0.95


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--each", type=float)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--depth", type=int)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--go-on", action="store_true")
    asked = parser.parse_args(arguments)
    styles = sorted(path.parent.name for path in SOUND.glob("*/saga.toml"))
    together, failed = Together(), []
    if asked.go_on and (OUT / FILE).exists():
        together.go_on_from(read_mutants(OUT / FILE))
    reasons = read_reasons(REASONS)
    until_s = None if asked.seconds is None else real.monotonic_s() + asked.seconds
    for name in asked.names or [*styles, *REFERENCE]:
        left_s = None if until_s is None else until_s - real.monotonic_s()
        if left_s is not None and left_s <= 1:
            failed.append(f"{name}: not tried, time was up")
            continue
        options = MutateOptions(
            load=load, each_s=asked.each, seconds=left_s, depth=asked.depth, workers=asked.workers
        )
        try:
            found = searched(scenario_of(name, own=asked.own), together, options)
        except ScenarioError as error:  # the saga itself alarms: its mutants would tell nothing
            failed.append(str(error))
            continue
        if found is not None:
            together.add(found)
            write_mutants(together.result(reasons), OUT / FILE)
            if found.environment is not None:
                break
    return told(together, failed, reasons)


def scenario_of(name: str, *, own: bool = False) -> Scenario:
    """A style is mutated with what it talks through, where it imports that, but for `own`."""
    toml = SOUND / name / "saga.toml"
    if not toml.exists():
        return load(name)
    sagas = toml.with_name("sagas.py")
    talks = not own and "tests.sound.talk" in sagas.read_text()
    return dataclasses.replace(load(str(toml)), sources=(sagas, *([TALK] if talks else ())))


def searched(scenario: Scenario, together: Together, options: MutateOptions) -> Mutants | None:
    """None where every mutant of it was killed by a scenario before."""
    _, planted = planted_in(scenario)
    left = ids_left([(one.file, one.id) for one in planted], together)
    if not left:
        return None
    console = MutantsConsole(interactive=False)

    def listen(event: Event) -> None:
        if isinstance(event, OriginalBegan):
            console.began(event.scenario)
        if isinstance(event, MutantEnded):
            console.ended(event.mutant, event.done, event.planned)

    return mutate(scenario, dataclasses.replace(options, only=left), listen)


def told(together: Together, failed: list[str], reasons: dict[str, str]) -> int:
    found = together.result(reasons)
    write_mutants(found, OUT / FILE)
    needless = unneeded(reasons, found.mutants) if found.complete and not failed else ()
    MutantsConsole(interactive=False).finished(found, OUT / FILE, needless)
    for line in (*failed, *(f"{name}: killed nowhere" for name in never_killed(found))):
        say(line)
    say(f"goal: {GOAL:.0%} killed, found {found.score:.1%}")
    return exit_code(found) or (3 if failed else 0)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

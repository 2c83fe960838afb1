"""`saga-chaos replay`: runs counterexamples again and says what became of each (`harness.cli.replaying`).

A single file is shown in full. A folder gets a line a file: what cannot be replayed, because the file is
damaged or its scenario is gone, is said there, and the rest is still replayed.

Exit codes: 1 while one still fails or differs; else that of what could not be replayed (2 a file, 4 the
machine); else 0. `--prune` deletes what is fixed, and the histories that no other file needs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.cli.replaying import Case, Replays, Word, judged, registered_or_own
from harness.counterexample_text import narrate
from harness.errors import EnvironmentFault, ReportError, SagaChaosError, misplaced
from harness.history.codec import decode_history
from harness.loading import load
from harness.packages import our_packages
from harness.report_model import FailureFile, read_failure
from harness.search.run_summary import RunSummary

with our_packages():
    from reports.escape import printable
    from reports.words import input_text, input_title, plan_lines, plan_size, unclaimed_words

NOT_REPLAYED = "NOT REPLAYED"
_WIDTH = len(NOT_REPLAYED)
CHANGED = "{scenario} is not what it was when this was found: its description or its sources differ"


def run(arguments: argparse.Namespace) -> int:
    """Load, run, tell."""
    path = Path(arguments.failure)
    replays = Replays(world=arguments.world, proxy=arguments.proxy, note=_note)
    if path.is_dir():
        return _folder(path, replays, arguments)
    failure = read_failure(path)
    case = replays.case(path, failure, arguments.scenario or registered_or_own(path, failure.scenario))
    _say(f"Replaying {failure.invariant} of {case.scenario.name} in the {case.world} world")
    if case.changed:
        _say(CHANGED.format(scenario=case.scenario.name))
    run_summaries = replays.run(case)
    _tell(failure, run_summaries[-1])
    result = judged(failure.invariant, run_summaries)
    _say(f"{result.word}  {result.sentence}")
    if arguments.prune and result.word is Word.FIXED:
        _prune([case], path.parent)
    return result.exit_code


# A folder ---------------------------------------------------------------------------------------


def _folder(folder: Path, replays: Replays, arguments: argparse.Namespace) -> int:
    paths = _failure_files(folder)
    if not paths:
        _say(f"{folder} holds no counterexample, so there is nothing to replay")
        return 0
    read = dict(_read(paths))
    references = _references(read.values(), arguments.scenario)
    ended: dict[Word, list[Case]] = {word: [] for word in Word}
    errors = []
    changed: list[str] = []
    for path, failure in read.items():
        try:
            if isinstance(failure, SagaChaosError):
                raise failure
            reference = references.get(failure.scenario.name) or registered_or_own(path, failure.scenario)
            case = replays.case(path, failure, reference)
            if case.changed and case.scenario.name not in changed:
                changed.append(case.scenario.name)
            result = judged(failure.invariant, replays.run(case))
        except SagaChaosError as error:
            errors.append(error)
            _line(NOT_REPLAYED, str(error))
        else:
            ended[result.word].append(case)
            _line(result.word, f"{path}  {result.sentence}")
    for name in changed:
        _say(CHANGED.format(scenario=name))
    _say("")
    counts = [f"{len(cases)} {_COUNTED[word]}" for word, cases in ended.items() if cases]
    _say(", ".join([*counts, *([f"{len(errors)} could not be replayed"] if errors else [])]))
    if arguments.prune:
        _prune(ended[Word.FIXED], folder)
    if ended[Word.STILL_FAILS] or ended[Word.DIFFERS]:
        return 1
    return max((error.exit_code for error in errors), default=0)


_COUNTED: Mapping[Word, str] = {
    Word.STILL_FAILS: "still failing",
    Word.FIXED: "fixed",
    Word.DIFFERS: "different now",
}


def _failure_files(folder: Path) -> list[Path]:
    """Those of a report, or of a folder of such files. Raises ReportError where it is neither."""
    if (folder / "failures").is_dir():
        return sorted((folder / "failures").glob("*.json"))
    found = sorted(folder.glob("*.json"))
    if (folder / "report.json").is_file():
        return []  # of a campaign that found nothing
    if not found and folder.name != "failures":
        raise ReportError(misplaced(str(folder), "no *.json", "failure files, or what --out of a run was"))
    return found


def _read(paths: Sequence[Path]) -> Iterator[tuple[Path, FailureFile | SagaChaosError]]:
    for path in paths:
        try:
            yield path, read_failure(path)
        except SagaChaosError as error:
            yield path, error


def _references(read: Iterable[FailureFile | SagaChaosError], given: str | None) -> Mapping[str, str]:
    """Scenario name to what loads it now. `--scenario` counts for its name, or for the only one there is."""
    if given is None:
        return {}
    names = dict.fromkeys(one.scenario.name for one in read if isinstance(one, FailureFile))
    name = next(iter(names)) if len(names) == 1 else load(given).name
    if name not in names:
        _note(f"--scenario {given} is {name}, of which the folder holds no counterexample")
    return {name: given}


def _prune(fixed: Sequence[Case], folder: Path) -> None:
    """Delete failure files, and the histories below the report's folder that only they name."""
    for case in fixed:
        if case.world != case.failure.world:
            _say(f"Kept {case.path}: it was found in the {case.failure.world} world, and not replayed there")
            continue
        try:
            _delete(case, folder)
        except OSError as error:
            raise EnvironmentFault(
                misplaced(str(case.path), error.strerror or str(error), "a file that can be deleted")
            ) from error
        _say(f"Pruned {case.path}")


def _delete(case: Case, folder: Path) -> None:
    case.path.unlink()
    report = folder.parent if folder.name == "failures" else folder
    if case.failure.history is None:
        return
    history = report / case.failure.history
    try:
        inside = history.resolve().is_relative_to((report / "histories").resolve())
    except ValueError:  # a name that no file can have
        return
    others = [one for _, one in _read(sorted(case.path.parent.glob("*.json")))]
    unsure = any(isinstance(one, SagaChaosError) for one in others)
    named = any(isinstance(one, FailureFile) and one.history == case.failure.history for one in others)
    if inside and not named and not unsure:
        history.unlink(missing_ok=True)


# Output -----------------------------------------------------------------------------------------


def _tell(failure: FailureFile, run_summary: RunSummary) -> None:
    _say(f"  {failure.claim or failure.invariant}")
    _say(f"  The plan: {plan_size(failure.plan)}")
    for line in plan_lines(failure.plan_to_show, run_summary.saga_id):
        _say(f"    {line}")
    if failure.unclaimed:
        _say(f"  {unclaimed_words(failure)}")
    given = input_text(failure.input_to_show)
    if given:
        _say(f"  {input_title(failure.plan)}: {given}")
    if run_summary.history is not None:
        shown = (
            failure.invariant
            if failure.invariant in run_summary.violated
            else next(iter(run_summary.violated), "")
        )
        evidence = run_summary.found[shown].evidence if shown else ()
        _say("")
        for line in narrate(decode_history(run_summary.history, "history"), evidence):
            _say(f"  {line}")
    _say("")


def _line(word: str, text: str) -> None:
    _say(f"{word:<{_WIDTH}}  {text}")
    sys.stdout.flush()  # a folder takes a while, and a CI log is no terminal


def _say(line: str) -> None:
    print(printable(line))  # noqa: T201 - this is the command line


def _note(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - see above

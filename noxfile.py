"""nox -s tests, chaos, documented, gate, wire, examples, speed, sound, mutants, browser, long, lint.

Each session has a kept environment.

`chaos` hands what follows `--` to `saga-chaos run`. On its own it searches the sound sagas in both
worlds, where nothing may be violated, then the documented one, which must fail; it is green when both are so.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nox

nox.needs_version = ">=2024.4"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests"]

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Containers like to set it. The suite starts hundreds of processes, and each would compile every module anew.

ROOT = Path(__file__).parent
OUT = Path("reports/out")
SOUND = {
    "sim": ("order-fulfilment", "order-fulfilment-sync", "order-fulfilment-durable"),
    "wire": ("order-fulfilment",),
}
GATED = ("order-fulfilment", "order-fulfilment-sync")
BROKEN = "order-fulfilment-as-documented"
WHOLLY_COVERED = "harness/invariants/*,harness/plan/*"
COVERING = tuple(f"tests/unit/{room}" for room in ("invariants", "plan", "faults", "views", "search"))
"""What covers them alone: to watch every line of the whole suite would cost minutes and show no more."""

SIDE_BY_SIDE = ("-n", "2", "--dist", "loadgroup")
"""What the tests of a module share is made once, by one of the two (tests/conftest.py)."""

SLOWEST = "--durations=25"
"""So that CI shows where its time goes."""

FOUND = 1
INCONCLUSIVE = 3
RESUME = "--resume"
DOCUMENTED_BOUNDS = ("--seconds", "60")
FAILED = "FAILED"
EXAMPLES_SEARCH = ("--world", "wire", "--search", "guided", "--seconds", "150", "--workers", "8")


@dataclass(frozen=True)
class Example:
    """An order saga in a language. needs: programs; build: what makes it one that starts quickly."""

    language: str
    folder: Path
    needs: tuple[str, ...]
    build: tuple[str, ...] = ()


EXAMPLES = (
    Example("Python", Path("scenarios/examples/order_python"), ("python3",)),
    Example("Node", Path("scenarios/examples/order_node"), ("node",)),
    Example(
        "Go", Path("scenarios/examples/order_go"), ("go",), ("go", "build", "-o", "build/saga", "saga.go")
    ),
    Example(
        "Java",
        Path("scenarios/examples/order_java"),
        ("java", "javac"),
        ("javac", "-d", "build", "Saga.java"),
    ),
)


@nox.session
def tests(session: nox.Session) -> None:
    """Lint, types, and every test but the long ones; invariants and plans are covered branch by branch."""
    session.install("-e", ".[dev]")
    _lint(session)
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("pytest", SLOWEST, *SIDE_BY_SIDE, "--cov=harness", "--cov-branch", "--cov-report=", *COVERING)
    session.run("coverage", "report", f"--include={WHOLLY_COVERED}", "--fail-under=100", "--show-missing")
    ignored = tuple(f"--ignore={folder}" for folder in COVERING)
    session.run("pytest", SLOWEST, *SIDE_BY_SIDE, "-m", "not long", *ignored)


@nox.session
def long(session: nox.Session) -> None:
    """Tests that take minutes each: styles on the wire, workflows, twenty SIGKILLs."""
    session.install("-e", ".[dev]")
    session.run("pytest", SLOWEST, "-m", "long", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff and mypy alone."""
    session.install("-e", ".[dev]")
    _lint(session)


@nox.session
def chaos(session: nox.Session) -> None:
    """The main job: search sagas in two worlds."""
    session.install("-e", ".")
    if session.posargs:
        session.run("saga-chaos", "run", *session.posargs)
        return
    # Every pair of faults takes minutes, and on the wire every single one does: the most relevant come first.
    _must_hold(session, "sim", "--seconds", "25")
    _must_hold(session, "wire", "--seconds", "30", "--search", "guided", "--workers", "8")
    _must_fail(session)


@nox.session
def documented(session: nox.Session) -> None:
    """Five documents: their sagas fail as docs/documented-sagas.md says, and hold where they are hardened.

    Posargs: names of documents, else all; then options of `saga-chaos run`. `--resume` goes on with what
    was interrupted: `-- NAME --depth 2 --examples 5000` has no limit, and may be ended by Ctrl-C.
    """
    session.install("-e", ".")
    chosen = list(itertools.takewhile(lambda one: not one.startswith("-"), session.posargs))
    options = session.posargs[len(chosen) :]
    resume = RESUME in options
    bounds = [one for one in options if one != RESUME] or ([] if resume else list(DOCUMENTED_BOUNDS))
    named = session.run("python", "-m", "scenarios.documented", "names", *chosen, silent=True)
    names = str(named).split()
    quiet = () if options else ("--quiet",)
    session.log(_about(names, bounds))
    root = OUT / "documented"
    for name in names:
        out = root / name
        begun = resume and (out / "runs.ndjson").exists()
        what = ("--resume", str(out)) if begun else (name, "--world", "sim", "--out", str(out))
        session.run("saga-chaos", "run", *what, *quiet, *bounds, success_codes=[0, FOUND, INCONCLUSIVE])
    session.run("python", "-m", "scenarios.documented", "check", str(root))


def _about(names: Sequence[str], bounds: Sequence[str]) -> str:
    """How long it takes at most, and how to have less of it, or more."""
    seconds = dict(itertools.pairwise(bounds)).get("--seconds")
    each = (
        f"at most {seconds} s each, {len(names) * float(seconds) / 60:.0f} min in all"
        if seconds
        else "as long as it takes"
    )
    return (
        f"documented: {len(names)} searches, {each}. `-- NAME` searches those of one document, "
        f"`-- NAME --depth 2` without a limit; after Ctrl-C `-- NAME {RESUME}` goes on."
    )


@nox.session
def gate(session: nox.Session) -> None:
    """A short search of the sound sagas, and what chaos.toml asks of it; posargs go to `saga-chaos gate`."""
    session.install("-e", ".")
    if session.posargs:
        session.run("saga-chaos", "gate", *session.posargs)
        return
    out = OUT / "gate"
    arguments = ("run", *GATED, "--world", "sim", "--depth", "1", "--examples", "100", "--out", str(out))
    session.run("saga-chaos", *arguments, success_codes=[0, FOUND, INCONCLUSIVE])
    session.run("saga-chaos", "gate", str(out), "--policy", "chaos.toml")


@nox.session
def wire(session: nox.Session) -> None:
    """CI's part of the wire: half a minute behind the real Toxiproxy, in which nothing may be violated."""
    session.install("-e", ".")
    _must_hold(session, "wire", "--seconds", "30", "--search", "guided", "--proxy", "toxiproxy")


@nox.session
def examples(session: nox.Session) -> None:
    """The same saga in several languages, where nothing may be violated, and the services in FastAPI.

    Of these each one's weakness must be found, and none where they are mended. Names in posargs choose some.
    """
    session.install("-e", ".[dev]")
    chosen = [one for one in EXAMPLES if not session.posargs or one.language.lower() in session.posargs]
    ends = {one.language: _searched(session, one) for one in chosen}
    if not session.posargs or "fastapi" in session.posargs:
        session.run("pytest", "tests/wire/test_fastapi_services.py", "-m", "long", "-k", "search", "-rs")
    for language, end in ends.items():
        session.log(f"examples: {language}: {end}")
    if FAILED in ends.values():
        session.error("examples: nothing may be violated in any that can run")


@nox.session
def sound(session: nox.Session) -> None:
    """What a release is held to: no sound saga of any style alarms, in either world (over an hour)."""
    session.install("-e", ".[dev]")
    session.run("pytest", "tests/sound", *session.posargs, env={"SAGA_CHAOS_SOUND": "full"})


@nox.session
def browser(session: nox.Session) -> None:
    """report.html in a headless Chromium; where there is none, Playwright or apt brings one."""
    session.install("-e", ".[dev,browser]")
    session.run("python", "-m", "tests.browser.chromium")
    session.run("pytest", "tests/browser", *session.posargs, env={"SAGA_CHAOS_BROWSER_REQUIRED": "1"})


@nox.session
def rabbitmq(session: nox.Session) -> None:
    """A bus that RabbitMQ carries; Debian's is installed where there is none."""
    session.install("-e", ".[dev,rabbitmq]")
    session.run("python", "-m", "tests.wire.rabbitmq")
    arguments = session.posargs or ("tests/wire/test_rabbitmq.py", "tests/wire/test_rabbitmq_forwarded.py")
    session.run("pytest", SLOWEST, *arguments, env={"SAGA_CHAOS_RABBITMQ_REQUIRED": "1"})


@nox.session
def redis(session: nox.Session) -> None:
    """A bus that Redis streams carry; Debian's is installed where there is none."""
    session.install("-e", ".[dev,redis]")
    session.run("python", "-m", "tests.wire.redis")
    tests = ("test_redis.py", "test_redis_link.py", "test_redis_forwarded.py")
    arguments = session.posargs or tuple(f"tests/wire/{one}" for one in tests)
    session.run("pytest", SLOWEST, *arguments, env={"SAGA_CHAOS_REDIS_REQUIRED": "1"})


@nox.session
def speed(session: nox.Session) -> None:
    """Figures, never a test: how fast the searches are, as ratios to the floor; what a large report costs."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.speed", *session.posargs)
    session.run("python", "-m", "tests.speed.report_of_many")


@nox.session
def mutants(session: nox.Session) -> None:
    """Mistakes planted into every sound style and the reference orchestrator: which are found (hours)."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.mutants", *session.posargs)


def _lint(session: nox.Session) -> None:
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


def _searched(session: nox.Session, example: Example) -> str:
    missing = [name for name in example.needs if shutil.which(name) is None]
    if missing:
        return f"skipped, for {' and '.join(missing)} cannot be found: {example.language} is not installed"
    out = OUT / f"examples-{example.language.lower()}"
    try:
        if example.build:
            with session.chdir(example.folder):
                session.run(*example.build, external=True)
        toml = str(example.folder / "saga.toml")
        arguments = ("run", toml, *EXAMPLES_SEARCH, "--out", str(out))
        session.run("saga-chaos", *arguments, success_codes=[0, INCONCLUSIVE])
    except nox.command.CommandFailed:
        return FAILED
    return f"nothing violated, see {out}"


def _must_hold(session: nox.Session, world: str, *bounds: str) -> None:
    """Nothing is violated. Where time left single faults out, the verdict says so, and how long they need."""
    out = OUT / f"chaos-{world}"
    arguments = ("run", *SOUND[world], "--world", world, "--out", str(out), *bounds)
    try:
        session.run("saga-chaos", *arguments, success_codes=[0, INCONCLUSIVE])
    except nox.command.CommandFailed:
        session.error(
            f"chaos: {' and '.join(SOUND[world])} must hold in the {world} world, and did not; see {out}"
        )


def _must_fail(session: nox.Session) -> None:
    """Its counterexample is the last thing on the screen, so nox has to be quiet where all is as expected."""
    session.log(f"{BROKEN} is searched next, and must fail: its weaknesses are there to be found")
    out = OUT / "chaos-documented"
    try:
        session.run("saga-chaos", "run", BROKEN, "--world", "sim", "--out", str(out), success_codes=[FOUND])
    except nox.command.CommandFailed:
        session.error(f"chaos: {BROKEN} must fail with exit code {FOUND}, and did not; see {out}")
    logging.getLogger("nox").setLevel(logging.WARNING)

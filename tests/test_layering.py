"""Imports go one way: between the packages, between the rooms of the harness, and at its seams.

Read from the source, late imports included, so that an arrow cannot hide in a function.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("harness", "fakes", "scenarios", "reports")

# Lowest first. A room imports from lower layers, and from itself.
LAYERS = (
    {"absent", "cache", "children"},
    {"errors", "repeatable", "process_faults", "choices", "latency_profile", "packages", "versions"},
    {"registry", "saga", "clock", "toxiproxy"},
    {"brokers", "cloudevents"},
    {"rabbitmq", "redis"},
    {"adapter", "inputs", "json_files", "openapi", "participant", "processes", "toml_lines"},
    {"bus"},
    {"plan", "scenario"},
    {"history", "loader", "report_model"},
    {
        *("compensation", "faults", "latency", "lifecycle", "views"),
        *("worlds.bounds", "worlds.protocol", "worlds.starts", "worlds.only_world"),
    },
    {"invariants", "situations", "worlds", "worlds.sim", "worlds.wire"},
    {"advice", "runner"},
    {"strategies"},
    {"search"},
    {"campaign"},
    {"bench", "mutation"},
    {"counterexample_text", "loading"},
    {"trial"},
    {"conformance"},
    {"cli"},
    {"pytest_plugin"},
)
SIDEWAYS = {("worlds", "worlds.protocol")}

SEES_EVERY_PACKAGE = ("harness/cli/", "harness/loading.py", "harness/counterexample_text.py")
"""The registered scenarios and the words of `reports` enter here, and late."""

REPORTS_READ = {
    *("errors", "process_faults", "saga", "participant", "bus", "plan", "history", "faults"),
    *("choices", "json_files", "toml_lines", "report_model", "compensation", "latency", "clock", "packages"),
    "mutation",  # what became of mutants; `harness.mutation.model`
    "bench",  # what it measured; `harness.bench.result`
}
"""What `reports` may know of the harness: words and files, and nothing that runs."""

SEAMS = {
    "toxiproxy": ("harness/toxiproxy/",),
    "libcst": ("harness/mutation/",),
    "respx": ("harness/worlds/",),
    "hypothesis": (
        *("harness/repeatable.py", "harness/inputs.py", "harness/strategies.py"),
        *("harness/search/drawing.py", "harness/pytest_plugin/"),
    ),
    "hypothesis_jsonschema": ("harness/inputs.py",),
    "jsonschema": ("harness/inputs.py", "harness/openapi/document.py"),
    "openapi_spec_validator": ("harness/openapi/checks.py",),
    "yaml": ("harness/openapi/document.py",),
    "time_machine": ("harness/clock/",),
    "psutil": ("harness/processes/",),
    "httptools": ("harness/worlds/wire/",),
    "pamqp": ("harness/rabbitmq/", "harness/worlds/wire/rabbitmq/"),
    "hiredis": ("harness/redis/", "harness/worlds/wire/redis/"),
    "redis": (),
    "aio_pika": (),
    "uvicorn": ("harness/toxiproxy/embedded/", "scenarios/examples/fastapi_services/"),
    "pandas": ("reports/",),
    "matplotlib": ("reports/",),
    "jinja2": ("reports/",),
    "rich": ("reports/",),
    "pytest": ("harness/pytest_plugin/",),
    "random": ("harness/clock/", "harness/toxiproxy/embedded/"),
    "uuid": ("harness/clock/",),
    "secrets": ("harness/campaign/references.py",),  # a key of this machine, in no run
}


@cache
def imports() -> tuple[tuple[str, str], ...]:
    """(file, imported module), late and type-checking imports included."""
    return tuple(
        (str(path.relative_to(ROOT)), name)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in _imported(path)
    )


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its arrow"
            assert node.module is not None
            yield node.module


@cache
def files() -> tuple[str, ...]:
    return tuple(dict.fromkeys(file for file, _ in imports()))


@cache
def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


NAMESAKES = ("fakes", "reports", "scenarios")
"""Ours by these names may stand beside a user's own: they are imported inside `with our_packages():`."""

BY_NAME = ("import_module", "files", "find_spec")


def _unguarded(text: str, *, harness: bool) -> list[str]:
    """What would be the user's namesake, had the user one.

    In a package of that name only what is imported late: the module itself is loaded amid ours.
    """
    if not any(name in text for name in (*NAMESAKES, "our_packages")):
        return []
    return list(_escapes(ast.parse(text), late=harness, guarded=False))


def _escapes(node: ast.AST, *, late: bool, guarded: bool) -> Iterator[str]:
    if isinstance(node, ast.With) and any(ast.unparse(one) == "our_packages()" for one in node.items):
        guarded = True
        yield from (
            f"line {one.lineno}: more than an import in our_packages()"
            for one in node.body
            if not (isinstance(one, ast.Import | ast.ImportFrom) or _by_name(getattr(one, "value", None)))
        )
    late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    if late and not guarded:
        line = getattr(node, "lineno", 0)
        yield from (f"line {line}: {name}" for name in _asked_for(node) if package_of(name) in NAMESAKES)
    for child in ast.iter_child_nodes(node):
        yield from _escapes(child, late=late, guarded=guarded)


def _asked_for(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [str(node.module)]
    call = _by_name(node)
    if call is None or not call.args:
        return []
    first = call.args[0]
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]  # what is known of an f-string
    return [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else []


def _by_name(node: ast.AST | None) -> ast.Call | None:
    """`import_module("reports.words")` and its like."""
    return node if isinstance(node, ast.Call) and _last_name(node.func) in BY_NAME else None


def _last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
    return ""


def test_what_may_have_a_namesake_is_imported_amid_ours() -> None:
    wrong = {
        file: found
        for file in files()
        if not file.startswith("harness/packages/")  # what `our_packages` itself is made of
        and (found := _unguarded(text_of(file), harness=package_of(file) == "harness"))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "harness", "found"),
    [
        ("from reports.words import headline", True, ["line 1: reports.words"]),
        ("from reports.words import headline", False, []),
        ("def f():\n import fakes.routes", False, ["line 2: fakes.routes"]),
        ("f = lambda: import_module('reports')", False, ["line 1: reports"]),
        ("def f():\n importlib.import_module(f'scenarios.{x}')", False, ["line 2: scenarios."]),
        ("x = import_module(f'{__name__}.x')", True, []),
        ("with our_packages():\n from reports import x", True, []),
        ("with our_packages():\n folder = files('reports')", True, []),
        ("with our_packages():\n f()", True, ["line 2: more than an import in our_packages()"]),
        ("with other():\n from reports import x", True, ["line 2: reports"]),
    ],
)
def test_an_import_that_escapes_is_seen(text: str, found: list[str], *, harness: bool) -> None:
    assert _unguarded(text, harness=harness) == found


def package_of(name: str) -> str:
    return name.replace("/", ".").partition(".")[0]


def room_of(name: str) -> str:
    """`harness/worlds/sim/run.py` and `harness.worlds.sim.run` to `worlds.sim`."""
    parts = name.removesuffix(".py").replace("/", ".").split(".")[1:]
    if parts[:1] == ["worlds"] and parts[1:] and parts[1] != "__init__":
        return ".".join(parts[:2])
    return parts[0] if parts else "__init__"


def test_packages_go_one_way() -> None:
    allowed = {
        "harness": {"harness"},
        "fakes": {"fakes", "harness"},
        "scenarios": {"scenarios", "fakes", "harness"},
        "reports": {"reports", "harness"},
    }
    wrong = [
        f"{file} imports {name}"
        for file, name in imports()
        if package_of(name) in PACKAGES
        and package_of(name) not in allowed[package_of(file)]
        and not file.startswith(SEES_EVERY_PACKAGE)
    ]
    assert wrong == []


def test_the_command_line_sees_everything_late() -> None:
    """`saga-chaos --help` must not wait for what only one command needs."""
    heavy = "('pandas', 'matplotlib', 'hypothesis', 'uvicorn', 'rich', 'jinja2', 'httpx', 'pytest')"
    code = (
        "import sys\nfrom harness.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([one for one in {heavy} if one in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("layer", range(len(LAYERS)), ids=lambda layer: "+".join(sorted(LAYERS[layer])))
def test_rooms_go_one_way(layer: int) -> None:
    below = set().union(*LAYERS[:layer])
    wrong = [
        f"{file} imports {name}"
        for file, name in imports()
        if package_of(file) == package_of(name) == "harness"
        and (room := room_of(file)) in LAYERS[layer]
        and (other := room_of(name)) != room
        and other not in below
        and (room, other) not in SIDEWAYS
    ]
    assert wrong == []


def test_every_room_has_its_layer() -> None:
    rooms = {room_of(file) for file, _ in imports() if package_of(file) == "harness"}
    assert rooms - {"__init__"} <= set().union(*LAYERS)


def test_no_module_needs_itself_to_be_imported() -> None:
    """Between the modules of a room too; what is imported late is not needed for that."""
    needs = {_module(file): _needed(ROOT / file) for file in files()}

    def reached(module: str) -> set[str]:
        seen: set[str] = set()
        waiting = [module]
        while waiting:
            fresh = needs.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        return seen

    assert [module for module in needs if module in reached(module)] == []


def _needed(path: Path) -> set[str]:
    """What a module imports at its top, for type checkers alone too; a submodule counts, not its package."""
    needed: set[str] = set()
    for node in _top(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            needed |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in names if (ROOT / f"{name.replace('.', '/')}.py").exists()}
            needed |= modules or {str(node.module)}
    return needed


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module and of its `if TYPE_CHECKING` and `with`, and none of a function."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.With):
            yield from _top(node.body)


def test_a_circle_for_type_checkers_alone_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text("if TYPE_CHECKING:\n    import harness.saga\ndef f():\n    import harness.plan\n")
    assert _needed(file) == {"harness.saga"}


def _module(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def test_reports_read_words_and_files_only() -> None:
    wrong = [
        f"{file} imports {name}"
        for file, name in imports()
        if package_of(file) == "reports"
        and package_of(name) == "harness"
        and room_of(name) not in REPORTS_READ
    ]
    assert wrong == []


@pytest.mark.parametrize("library", SEAMS)
def test_a_library_has_one_seam(library: str) -> None:
    wrong = [
        file
        for file, name in imports()
        if package_of(name) == library and not file.startswith(SEAMS[library]) and SEAMS[library]
    ]
    assert wrong == []
    if not SEAMS[library]:
        assert [file for file, name in imports() if package_of(name) == library] == []


def test_invariants_and_faults_know_no_world_and_no_clock() -> None:
    outside = {"asyncio", "httpx", "socket", "time", "threading", "os"}
    wrong = [
        f"{file} imports {name}"
        for file, name in imports()
        if room_of(file) in {"invariants", "views", "faults", "plan", "history", "participant", "situations"}
        and package_of(name) in outside
    ]
    assert wrong == []


JUDGED = {"FaultFired", "FaultUnconfirmed", "ParticipantAway", "ExecutorStruck"}
"""What says that a fault struck, or did not. The judge of the fault injector alone writes it."""

JUDGE = "harness/faults/judge.py"


def _made(text: str) -> set[str]:
    """Which of these events a module makes, by whatever name it calls them."""
    if not any(name in text for name in JUDGED):
        return set()
    tree = ast.parse(text)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    last = (_last_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {names.get(name, name) for name in last} & JUDGED


def test_only_the_judge_of_the_injector_says_that_a_fault_fired() -> None:
    makers = {file for file in files() if _made(text_of(file))}
    assert makers == {JUDGE}
    assert _made(text_of(JUDGE)) == JUDGED


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("from harness.history import FaultFired as Fired\nFired(call=1)", {"FaultFired"}),
        ("import harness.history as h\nh.FaultUnconfirmed(call=1)", {"FaultUnconfirmed"}),
        ("from harness.history import FaultFired\nisinstance(one, FaultFired)", set()),
    ],
)
def test_a_module_that_says_so_is_seen(text: str, made: set[str]) -> None:
    assert _made(text) == made


def test_only_the_injector_has_a_judge() -> None:
    """Worlds report to the one that it has."""
    importers = {file for file, name in imports() if name == "harness.faults.judge"}
    assert importers == {"harness/faults/injector.py", "harness/faults/carried_out.py"}


def test_a_decision_is_written_nowhere_but_where_a_call_is_identified() -> None:
    """It is chosen as the call is sent. What of it is still to come, the call's progress says."""
    written = [
        f"{file}:{node.lineno}"
        for file in files()
        if ".decision" in text_of(file)
        for node in ast.walk(ast.parse(text_of(file)))
        if isinstance(node, ast.Attribute) and node.attr == "decision" and isinstance(node.ctx, ast.Store)
    ]
    makers = {
        file for file in files() if "InFlightCall(" in text_of(file) and file != "harness/faults/in_flight.py"
    }
    assert (written, makers) == ([], {"harness/faults/identification.py"})


ON_THE_WIRE = "harness/worlds/wire/"
PARTS = ("traffic", "calls", "signals", "executors", "times", "confirmations", "injector")
"""By these names the wire refers to the parts of a run's traffic."""


def _assigned(text: str) -> list[str]:
    """Attributes that are assigned on a part of a run's traffic: `traffic.signals.over = ...`."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value).rpartition(".")[2].lstrip("_") in PARTS
    ]


def test_nothing_is_assigned_on_the_parts_of_a_runs_traffic() -> None:
    """Each has one owner; whoever wants to hear of something subscribes."""
    wire = (file for file in files() if file.startswith(ON_THE_WIRE))
    assert {file: found for file in wire if (found := _assigned(text_of(file)))} == {}


def test_such_an_assignment_is_seen() -> None:
    assert _assigned("self._traffic.signals.over = 'x'\ntraffic.pauses = {}\nself._traffic = one") == [
        "self._traffic.signals.over",
        "traffic.pauses",
    ]

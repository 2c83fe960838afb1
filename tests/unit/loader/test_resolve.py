from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.errors import ScenarioError
from harness.loader import load_scenario
from harness.loader.modules import import_file
from harness.loader.target import SagaEnvironment
from harness.scenario import Scenario
from tests.unit.loader.conftest import MINIMAL, Write

SCENARIOS = """\
from harness.adapter import CallableSaga
from harness.participant import ResourceSpec, RestParticipant, Route, Verb
from harness.saga import SagaSpec, Step
from harness.loader.target import SagaEnvironment
from harness.scenario import Scenario
import user_neighbour


def saga(ctx, input):
    return {"status": "completed"}


def make(name="made"):
    routes = {Verb.CREATE: (Route(method="POST", path="/things"),)}
    return Scenario(
        name=name,
        spec=SagaSpec(name=name, steps=(Step(name="one", action="shop.thing.create"),)),
        participants=(RestParticipant("shop", (ResourceSpec(name="thing", routes=routes),)),),
        saga=CallableSaga(saga, "saga"),
    )


ready = make("ready")


class Room:
    make = staticmethod(make)


def raises():
    raise KeyError("shelf")


def refuses():
    return SagaSpec(name="x", steps=())


def nothing():
    return None


async def later():
    return ready
"""


@pytest.fixture
def file(write: Write) -> Path:
    return write(user_things=SCENARIOS, user_neighbour="").parent / "user_things.py"


def _refusal(reference: str, registered: dict[str, object] | None = None) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(reference, registered=registered)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(("dotted", "name"), [("ready", "ready"), ("make", "made"), ("Room.make", "made")])
def test_a_file_and_an_object_in_it(
    file: Path, dotted: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    scenario = load_scenario(f"user_things.py:{dotted}", registered=None)
    assert scenario.name == name
    assert scenario.reference == f"{file}:{dotted}"
    monkeypatch.chdir("/")
    assert load_scenario(scenario.reference, registered=None).name == name


def test_a_module_and_an_object_in_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    scenario = load_scenario("user_things:make", registered=None)
    assert (scenario.name, scenario.reference) == ("made", "user_things:make")


def test_a_registered_name(file: Path) -> None:
    ready = load_scenario(f"{file}:ready", registered=None)
    scenario = load_scenario("order", registered={"order": lambda: ready})
    assert (scenario.name, scenario.reference) == ("ready", "order")


def test_an_unknown_name_is_refused_with_the_nearest_and_the_forms() -> None:
    message = _refusal("ordr", {"order": None, "refund": None})
    assert "'order' (did you mean it?)" in message
    assert "path/to/saga.toml, path/to/file.py:object or package.module:object" in message


def test_a_folder_or_a_bare_file_is_refused_with_what_was_meant(file: Path) -> None:
    assert str(file.parent / "saga.toml") in _refusal(str(file.parent))
    assert f"{file}:NAME" in _refusal(str(file))


@pytest.mark.parametrize(
    ("dotted", "says"),
    [
        ("raedy", ["found 'raedy'", "'ready' (did you mean it?)"]),
        ("Room.mak", ["found 'Room.mak'", "'make' (did you mean it?)"]),
        ("Room", ["returned: found <", "expected a Scenario"]),
        ("saga", ["a Scenario, or a function without arguments", "saga.toml"]),
        ("nothing", ["returned: found None", "expected a Scenario"]),
        ("later", ["a Scenario, or a function without arguments"]),
        ("raises", ["found 'raises()'", "user_things.py:31: KeyError: 'shelf'"]),
        ("refuses", ["user_things.py:35: saga 'x', steps", "at least one step"]),
    ],
)
def test_an_object_that_is_no_scenario_is_refused(file: Path, dotted: str, says: list[str]) -> None:
    message = _refusal(f"{file}:{dotted}")
    assert message.startswith(f"scenario '{file}:{dotted}'")
    assert all(part in message for part in says), message
    assert "user_neighbour" not in message


def test_a_relative_target_does_not_depend_on_the_working_directory(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        MINIMAL.replace("sagas.py", "user_main.py"),
        user_main="from user_helper import WORD\n\ndef order(ctx, input):\n    return WORD\n",
        user_helper="WORD = 'helped'\n",
    )
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    for cwd, reference in ((elsewhere, "../../saga.toml"), (tmp_path.parent, f"{tmp_path.name}/saga.toml")):
        monkeypatch.chdir(cwd)
        scenario = load_scenario(reference, registered=None)
        assert _call(scenario) == "helped"
        assert scenario.reference == str(tmp_path / "saga.toml") or (
            Path(scenario.reference).resolve() == tmp_path / "saga.toml"
        )


def test_a_target_in_a_module_of_the_files_folder(write: Write) -> None:
    path = write(
        MINIMAL.replace("sagas.py:order", "user_module:order"),
        user_module="def order(ctx, input):\n    return 'module'\n",
    )
    assert _call(load_scenario(str(path), registered=None)) == "module"


def test_the_same_path_is_the_same_module_under_the_same_name(file: Path) -> None:
    once, again = import_file(file, "x"), import_file(file.parent / "." / file.name, "x")
    assert once is again
    assert once.__name__.startswith("saga_chaos_file_")
    assert sys.modules[once.__name__] is once


def test_two_folders_may_have_neighbours_of_one_name(tmp_path: Path) -> None:
    loaded = {}
    for word in ("first", "second"):
        folder = tmp_path / word
        folder.mkdir()
        (folder / "user_sagas.py").write_text(
            "import user_shared\n\ndef order(ctx, input):\n    return user_shared.WORD\n"
        )
        (folder / "user_shared.py").write_text(f"WORD = {word!r}\n")
        (folder / "saga.toml").write_text(MINIMAL.replace("sagas.py", "user_sagas.py"))
        loaded[word] = load_scenario(str(folder / "saga.toml"), registered=None)
    assert {word: _call(scenario) for word, scenario in loaded.items()} == {
        "first": "first",
        "second": "second",
    }


def test_the_users_folder_does_not_hide_our_own_modules(write: Write) -> None:
    path = write(harness="raise AssertionError", reports="raise AssertionError")
    before = list(sys.path)
    load_scenario(str(path), registered=None)
    assert sys.path == [*before, str(path.parent)]


def test_not_even_where_scenarios_were_loaded_from_beside_them(write: Write) -> None:
    ours = sys.modules["harness.scenario"]
    load_scenario("tests.planted.kinds.test_crash:PLANT.sound_scenario", registered=None)
    path = write(harness="raise AssertionError")
    load_scenario(str(path), registered=None)
    assert sys.modules["harness.scenario"] is ours


@pytest.mark.parametrize("target", ["user_env.py:plain", "user_env.py:later"])
def test_env_is_there_while_a_callable_is_imported_and_called(
    write: Write, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGA_KEYS", "before")
    content = MINIMAL.replace("sagas.py:order", target).replace("target =", "env.SAGA_KEYS = '1'\ntarget =")
    code = "import os\nAT_IMPORT = os.environ['SAGA_KEYS']\n" + "".join(
        f"{kind}def {name}(ctx, input):\n    return AT_IMPORT, os.environ['SAGA_KEYS']\n"
        for kind, name in (("", "plain"), ("async ", "later"))
    )
    scenario = load_scenario(str(write(content, user_env=code)), registered=None)
    assert isinstance(scenario.saga, CallableSaga)
    assert scenario.saga.asynchronous == target.endswith("later")
    assert _call(scenario) == ("1", "1")
    assert os.environ["SAGA_KEYS"] == "before"


def test_env_stays_while_any_of_two_overlapping_calls_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAGA_KEYS", raising=False)
    environment = SagaEnvironment({"SAGA_KEYS": "1"})
    first, second = ExitStack(), ExitStack()
    first.enter_context(environment)
    second.enter_context(environment)
    first.close()
    assert os.environ["SAGA_KEYS"] == "1"
    second.close()
    assert "SAGA_KEYS" not in os.environ


def test_another_process_loads_what_the_reference_says(write: Write) -> None:
    scenario = load_scenario(str(write()), registered=None)
    code = "import sys, harness.loader as l; print(l.load_scenario(sys.argv[1], registered=None).name)"
    root = Path(__file__).parents[3]
    said = subprocess.run(
        [sys.executable, "-c", code, scenario.reference],
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "order\n"


def _call(scenario: Scenario) -> object:
    assert isinstance(scenario.saga, CallableSaga)
    context = SagaContext(saga_id="s", urls={}, client=None)  # type: ignore[arg-type]
    result = scenario.saga.function(context, {})
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("saga.tml", "found 'saga.tml', expected 'saga.toml' (did you mean it?), or path/to/saga.toml"),
        ("sgaa.toml", "did you mean saga.toml?"),
        ("saga.toml:order", "expected 'saga.toml', which names one saga, or path/to"),
    ],
)
def test_a_misspelt_file_is_proposed_and_no_registered_name(
    asked: str, says: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write().parent)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(asked, registered={"order-fulfilment": lambda: None})  # type: ignore[dict-item, return-value]
    assert says in str(caught.value)
    assert "order-fulfilment" not in str(caught.value)

"""Which files are a saga's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.loader import load_scenario
from harness.mutation.sources import find_sources

TOML = """
format_version = 1
name = "user"
[saga]
SAGA
[participants.shop.resources.order]
create = "POST /orders"
delete_by_saga = "DELETE /orders"
[[steps]]
name = "order"
action = "shop.order.create"
"""
CALLABLE = 'adapter = "callable"\ntarget = "sagas.py:order"'
ORDER = "def order(ctx, input):\n    return None\n"


def names(folder: Path, saga: str, files: Mapping[str, str]) -> list[str]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    toml = folder / "saga.toml"
    toml.write_text(TOML.replace("SAGA", saga))
    sources = find_sources(load_scenario(str(toml), registered=None))
    return [sources.name(file) for file in sources.files]


def test_the_file_of_the_target_and_what_it_imports_from_its_folder(tmp_path: Path) -> None:
    files = {
        "sagas.py": "import json\nfrom own_steps import STEPS\n" + ORDER,
        "own_steps.py": "import engine.retry\nSTEPS = []\n",
        "engine/__init__.py": "",
        "engine/retry.py": "from . import words\n",
        "engine/words.py": "",
        "unused.py": "",
    }
    assert names(tmp_path, CALLABLE, files) == [
        "sagas.py",
        "own_steps.py",
        "engine/retry.py",
        "engine/words.py",
    ]


def test_what_is_imported_late_counts(tmp_path: Path) -> None:
    files = {"sagas.py": "def order(ctx, input):\n    import helper_late\n", "helper_late.py": ""}
    assert names(tmp_path, CALLABLE, files) == ["sagas.py", "helper_late.py"]


def test_sources_say_otherwise(tmp_path: Path) -> None:
    files = {"sagas.py": ORDER, "engine/core.py": "", "engine/retry.py": ""}
    assert names(tmp_path, f'sources = ["engine"]\n{CALLABLE}', files) == [
        "engine/core.py",
        "engine/retry.py",
    ]


def test_the_python_that_a_command_names(tmp_path: Path) -> None:
    files = {"saga.py": "import journal\n", "journal.py": "", "other.py": ""}
    command = 'adapter = "subprocess"\ncommand = ["python3", "-u", "saga.py"]'
    assert names(tmp_path, command, files) == ["saga.py", "journal.py"]


def test_the_module_that_a_command_runs(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/__main__.py": "from shop import core\n", "shop/core.py": ""}
    command = 'adapter = "subprocess"\ncommand = ["python3", "-m", "shop"]'
    found = names(tmp_path, command, files)
    assert found[0] == "__main__.py" or "__main__.py" in found
    assert "core.py" in found


REFUSED = {
    "another language": (
        'adapter = "subprocess"\ncommand = ["node", "saga.js"]',
        ["another language", "Python"],
    ),
    "a service started elsewhere": (
        'adapter = "http"\nbase_url = "http://127.0.0.1:1"',
        ["started elsewhere"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_saga_without_python_is_refused(case: str, tmp_path: Path) -> None:
    saga, says = REFUSED[case]
    with pytest.raises(ScenarioError) as caught:
        names(tmp_path, saga, {})
    assert all(part in str(caught.value) for part in ("scenario 'user'", "found", "expected", *says))


def test_a_source_that_is_no_python_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"broken\.py, line 2: found .* expected Python"):
        names(tmp_path, f'sources = ["broken.py"]\n{CALLABLE}', {"sagas.py": ORDER, "broken.py": "\ndef (\n"})


def test_a_source_in_another_encoding_is_refused_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n")
    with pytest.raises(ScenarioError, match=r"latin\.py, byte 31: found .* expected UTF-8"):
        names(tmp_path, f'sources = ["latin.py"]\n{CALLABLE}', {"sagas.py": ORDER})


def test_a_python_scenario_names_its_sources_from_the_folder_of_the_saga(tmp_path: Path) -> None:
    names(tmp_path, CALLABLE, {"sagas.py": ORDER, "steps.py": ""})
    scenario = load_scenario(str(tmp_path / "saga.toml"), registered=None)
    own = find_sources(replace(scenario, sources=(Path("steps.py"),)))
    assert [own.name(file) for file in own.files] == ["steps.py"]
    with pytest.raises(ScenarioError, match="that is there"):
        find_sources(replace(scenario, sources=(Path("away.py"),)))


def test_a_file_outside_the_folder_is_told_from_it(tmp_path: Path) -> None:
    names(tmp_path, CALLABLE, {"sagas.py": ORDER})
    sources = find_sources(load_scenario(str(tmp_path / "saga.toml"), registered=None))
    assert sources.name(tmp_path.parent / "talk.py") == "../talk.py"

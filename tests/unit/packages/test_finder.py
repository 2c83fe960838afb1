"""Which package a name means, inside `our_packages()` and outside."""

# ruff: noqa: PLC0415 - when something is imported is what these tests are about

from __future__ import annotations

import importlib
import importlib.util
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from harness.packages import make_room, our_packages
from harness.packages.finder import NAMES, ROOT
from tests.own_packages.project import PACKAGES, write


def outside() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in NAMES]


@pytest.fixture(autouse=True)
def nothing_imported() -> Iterator[None]:
    """As in a process that has imported none of these names yet."""
    before = {name: sys.modules.pop(name) for name in outside()}
    path = list(sys.path)
    yield
    for name in outside():
        del sys.modules[name]
    sys.modules.update(before)
    sys.path[:] = path


@pytest.fixture
def user(tmp_path: Path) -> Path:
    write(tmp_path, PACKAGES)
    sys.path.append(str(tmp_path))  # behind ours, where the loader leaves it
    importlib.invalidate_caches()
    return tmp_path


def python(folder: Path, code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_ours_inside_and_theirs_outside_whichever_was_first(user: Path, first: str) -> None:
    if first == "theirs":
        import fakes.inventory
    with our_packages():
        from fakes.inventory import Inventory

        assert sys.modules["fakes"].__file__ == str(ROOT / "fakes" / "__init__.py")
    import fakes.inventory

    assert fakes.inventory.__file__ == str(user / "fakes" / "inventory.py")
    assert "fakes.routes" not in sys.modules  # imported by ours
    with our_packages():
        import fakes.inventory as ours
    assert ours.Inventory is Inventory
    assert fakes.inventory is sys.modules["fakes.inventory"]


def test_ours_are_the_same_for_the_user_who_has_none_of_that_name() -> None:
    from fakes import Inventory

    with our_packages(), our_packages():
        import fakes.inventory as ours
    assert ours.Inventory is Inventory
    assert sys.modules["fakes"] is sys.modules["harness.packages.fakes"]


def test_what_ours_import_is_ours(user: Path) -> None:
    """Though the user imports them: `scenarios.order_fulfilment` has its participants from `fakes`."""
    shutil.rmtree(user / "scenarios")
    importlib.invalidate_caches()
    from fakes import payments
    from scenarios.order_fulfilment import order_fulfilment

    assert order_fulfilment().participants
    assert payments.__file__ == str(user / "fakes" / "payments.py")


def test_nothing_else_is_changed(user: Path) -> None:
    before = (dict(sys.modules), list(sys.path))
    with our_packages():
        pass
    assert (sys.modules, sys.path) == before


def test_an_error_inside_leaves_everything_as_it_was(user: Path) -> None:
    import fakes

    with pytest.raises(ModuleNotFoundError, match=r"fakes\.nowhere"), our_packages():
        importlib.import_module("fakes.nowhere")
    assert sys.modules["fakes"] is fakes


def test_a_module_of_ours_that_failed_is_tried_again(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom harness.packages import our_packages\n"
        "sys.modules['msgspec'] = None\n"
        "try:\n with our_packages():\n  import reports.words\n"
        "except ImportError: print('failed')\n"
        "del sys.modules['msgspec']\n"
        "with our_packages():\n import reports.words\n"
        "print(reports.words.headline.__name__)"
    )
    assert python(tmp_path, code).split() == ["failed", "headline"]


def test_ours_are_pickled_by_a_name_that_a_process_with_namesakes_knows(user: Path) -> None:
    with our_packages():
        from fakes import Inventory
    data = pickle.dumps(Inventory)
    assert pickle.loads(data) is Inventory
    code = f"import fakes, pickle; print(fakes.__file__, pickle.loads({data!r}).name)"
    assert python(user, code).split() == [str(user / "fakes" / "__init__.py"), "inventory"]


def test_types_of_ours_are_resolved_though_a_namesake_stands_there(user: Path) -> None:
    code = (
        "import scenarios\nfrom harness.packages import our_packages\n"
        "with our_packages():\n from scenarios.order_fulfilment.order import Order\n"
        "import msgspec, typing\n"
        "print(scenarios.SKU, typing.get_type_hints(Order) and msgspec.json.schema(Order)['$ref'])"
    )
    assert python(user, code).split() == ["user", "#/$defs/Order"]


def test_an_empty_folder_is_no_package_and_one_with_python_is(tmp_path: Path) -> None:
    (tmp_path / "fakes" / "out").mkdir(parents=True)
    write(tmp_path, {"reports/deep/mine.py": "MINE = True\n"})
    sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()
    fakes = importlib.import_module("fakes")
    assert fakes.__file__ == str(ROOT / "fakes" / "__init__.py")
    assert importlib.import_module("reports.deep.mine").MINE


def test_another_copy_of_saga_chaos_is_no_package_of_the_user(tmp_path: Path) -> None:
    write(tmp_path, {"harness/pytest_plugin/__init__.py": "", "fakes/__init__.py": ""})
    sys.path.append(str(tmp_path))
    assert importlib.import_module("fakes").__file__ == str(ROOT / "fakes" / "__init__.py")


def test_room_is_made_for_what_a_folder_has(user: Path) -> None:
    sys.path.remove(str(user))
    ours = importlib.import_module("fakes.inventory")
    sys.path.append(str(user))
    assert importlib.import_module("fakes.inventory") is ours
    make_room(user / "tests")
    assert importlib.import_module("fakes.inventory") is ours
    make_room(user)
    assert outside() == []
    theirs = importlib.import_module("fakes.inventory")
    make_room(user)
    assert importlib.import_module("fakes.inventory") is theirs is not ours


def test_the_users_tests_without_init_are_not_hidden_by_those_of_an_editable_install(tmp_path: Path) -> None:
    write(tmp_path, {"tests/helpers.py": "HELPED = 'user'\n"})
    code = (
        f"import sys; sys.path.append({str(ROOT)!r}); import harness.packages, tests.helpers; "
        "print(tests.helpers.HELPED)"
    )
    assert python(tmp_path, code) == "user"


def test_specs_are_whole(user: Path) -> None:
    """For `python -m`, for package data, and for whoever asks where a module is."""
    sys.path.remove(str(user))
    spec = importlib.util.find_spec("scenarios.order_fulfilment.command")
    assert spec is not None
    assert spec.origin == str(ROOT / "scenarios" / "order_fulfilment" / "command.py")
    assert files("reports").joinpath("templates/report.html.j2").is_file()
    code = "import harness.packages, runpy; runpy.run_module('scenarios.order_fulfilment.command')"
    assert python(user.parent, code) == ""


def test_a_name_that_is_missing_is_an_ordinary_error() -> None:
    for name in ("harness.nowhere", "harness.packages.nowhere", "harness.packages.fakes.nowhere"):
        with pytest.raises(ModuleNotFoundError, match="No module named"):
            importlib.import_module(name)


def test_the_own_name_stands_for_the_same_module() -> None:
    shipping = importlib.import_module("harness.packages.fakes.shipping")
    assert outside() == []
    with our_packages():
        import fakes.shipping as ours
    assert shipping is ours
    assert getattr(shipping.__spec__, "name", None) == "fakes.shipping"

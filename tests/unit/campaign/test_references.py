"""Where a failure file finds its scenario again, and what it may load."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.campaign.references import found_again, named_for
from harness.errors import UsageError
from harness.report_model import ScenarioRef

REGISTERED = ("order-fulfilment",)


@pytest.fixture(autouse=True)
def _own_key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGA_CHAOS_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


def found(reference: str, *, path: str = "", signature: str = "", file: str = "out/failures/f.json") -> str:
    scenario = ScenarioRef(name="shop", reference=reference, path=path, signature=signature)
    return found_again(Path(file), scenario, REGISTERED)


def test_the_longest_end_of_a_path_that_is_below_this_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    for place in ("saga.toml", "shop/saga.toml", "sagas.py"):
        (tmp_path / place).touch()
    monkeypatch.chdir(tmp_path)
    assert found("/ci/work/shop/saga.toml") == "shop/saga.toml"
    assert found("/ci/work/bank/saga.toml") == "saga.toml"
    assert found("/ci/work/sagas.py:order") == "sagas.py:order"
    assert found("/ci/work/other.py:order") == "/ci/work/other.py:order"
    assert found(f"{tmp_path}/shop/saga.toml") == f"{tmp_path}/shop/saga.toml"
    assert found("order-fulfilment") == "order-fulfilment"


def test_the_path_from_the_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("mine", "yours"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "saga.toml").touch()
    monkeypatch.chdir(tmp_path)
    file = "yours/out/failures/f.json"
    assert found("mine/saga.toml", path="../../saga.toml", file=file) == "yours/saga.toml"
    assert found("mine/saga.toml", path="../../gone.toml", file=file) == "mine/saga.toml"


@pytest.mark.parametrize("name", ["saga.toml", "sagas.py:order"])
def test_what_this_machine_wrote_is_loaded_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    (here / name.partition(":")[0]).touch()
    monkeypatch.chdir(here)
    written = named_for(Path("out/failures"), "shop", name, "digest")
    assert written.path == f"../../{name}"
    monkeypatch.chdir(elsewhere)
    file = here / "out" / "failures" / "f.json"
    assert found_again(file, written, REGISTERED) == str(here / name)


def test_no_other_machines_word_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    (here / "saga.toml").touch()
    monkeypatch.chdir(here)
    written = named_for(Path("out/failures"), "shop", "saga.toml", "digest")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("SAGA_CHAOS_CACHE_DIR", str(tmp_path / "another machine"))
    with pytest.raises(UsageError, match=r"expected a scenario below this folder.*--scenario .*saga\.toml"):
        found_again(here / "out" / "failures" / "f.json", written, REGISTERED)


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stranger").mkdir()
    (tmp_path / "stranger" / "saga.toml").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "saga.toml").symlink_to(tmp_path / "stranger" / "saga.toml")
    monkeypatch.chdir(tmp_path / "mine")
    with pytest.raises(UsageError, match="expected a scenario below this folder"):
        found("saga.toml")


def test_a_module_has_to_lie_below_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    assert found("shop.sagas:order") == "shop.sagas:order"
    with pytest.raises(UsageError, match="expected a scenario below this folder"):
        found("antigravity:geohash")


def test_without_a_place_for_the_key_nothing_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").touch()
    monkeypatch.setenv("SAGA_CHAOS_CACHE_DIR", str(tmp_path / "full"))
    (tmp_path / "saga.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert named_for(Path("out/failures"), "shop", "saga.toml", "").signature == ""
    assert found("saga.toml", signature="") == "saga.toml"

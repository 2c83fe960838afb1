"""Ids that stay, and what is no mutant."""

from __future__ import annotations

from pathlib import Path

from harness.mutation.planting import plant
from harness.mutation.sources import Sources
from tests.unit.mutation.sowing import planted

SAGA = """
def end(ok):
    return "compensated" if ok else "stuck"


def again(ok):
    return "compensated" if ok else "stuck"
"""


def ids(folder: Path, text: str) -> list[str]:
    return [one.id for one in planted(folder, text, "failed_undo_is_done")]


def test_the_same_source_gives_the_same_ids_and_each_its_own(tmp_path: Path) -> None:
    first = ids(tmp_path, SAGA)
    assert first == ids(tmp_path, SAGA)
    assert len(set(first)) == len(first) == 2


def test_lines_added_elsewhere_change_no_id(tmp_path: Path) -> None:
    assert ids(tmp_path, SAGA) == ids(tmp_path, '"""An order."""\n\nimport json\n' + SAGA)


def test_what_is_asked_for_changes_no_id(tmp_path: Path) -> None:
    (tmp_path / "saga.py").write_text(SAGA)
    sources = Sources(files=(tmp_path / "saga.py",), folder=tmp_path)
    everything = {one.id for one in plant(sources, "Idempotency-Key")}
    assert set(ids(tmp_path, SAGA)) <= everything


def test_what_means_the_same_is_planted_once(tmp_path: Path) -> None:
    (tmp_path / "saga.py").write_text("STEPS = [1, 1]\n")
    made = plant(Sources(files=(tmp_path / "saga.py",), folder=tmp_path), "Idempotency-Key")
    texts = [one.text for one in made]
    assert len(texts) == len({text.replace(" ", "").replace(",]", "]") for text in texts}) == 1


def test_a_mutant_that_python_refuses_says_so(tmp_path: Path) -> None:
    (one,) = planted(tmp_path, "with lock(x):\n    pass\nctx.resumed += 1\n", "resumed_ignored")
    assert one.broken.startswith("it does not compile")


def test_layout_and_comments_stay(tmp_path: Path) -> None:
    text = "# first\nx = [  1,2 ]   # odd\nawait_ = 1\nsleep( 5 )  # long\n"
    (one,) = planted(tmp_path, text, "back_off_dropped")
    assert one.text == text.replace("5", "0")
    assert one.where == "saga.py:4"

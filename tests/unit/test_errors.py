"""Messages of errors: what is there, where a path that is not was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import meant_path, similar_path


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("saga.tml", "saga.toml"),
        ("./saga.tml", "saga.toml"),
        ("oder/saga.toml", "order/saga.toml"),
        ("oder/sgas.py", "order/sagas.py"),
        ("saga.toml", None),
        ("order/../saga.tml", "order/../saga.toml"),
        ("quite/another.json", None),
        ("saga.toml/x", None),
        ("a\0b", None),
    ],
)
def test_a_misspelt_path_is_followed_by_what_is_there(
    asked: str, found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "order").mkdir()
    for name in ("saga.toml", "order/saga.toml", "order/sagas.py"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    assert similar_path(asked) == found
    assert meant_path(asked) == (f"; did you mean {found}?" if found else "")
    absolute = similar_path(tmp_path / asked)
    assert absolute == (str(tmp_path / found) if found else None)

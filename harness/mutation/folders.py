"""A copy of the folder that a command runs in, with other sources in it.

What lies beside a source is copied, for a saga may write there; folders that hold no source are
linked, for they may be large. Refuses to write into the original.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

_LEFT_OUT = frozenset({"__pycache__", ".git"})
_LINKED_FROM = 32 * 1024 * 1024
"""Bytes from which a file is linked, too."""


def copy_folder(root: Path, texts: Mapping[Path, str], into: Path, keep: Iterable[Path] = ()) -> None:
    """Make `into` like `root`, with these texts in the place of those files.

    keep: files that have to be real ones where the texts are: a script finds its neighbours beside itself.
    """
    inner = {file.parent for file in (*texts, *keep)}
    real = {root} | {one for folder in inner for one in (folder, *folder.parents) if one.is_relative_to(root)}
    for folder in sorted(real):
        copied = into / folder.relative_to(root)
        copied.mkdir(parents=True, exist_ok=True)
        for one in sorted(folder.iterdir()):
            if one.name not in _LEFT_OUT and one not in real:
                _copy(one, copied / one.name)
    for file, text in texts.items():
        copied = into / file.relative_to(root)
        copied.unlink(missing_ok=True)
        copied.write_text(text, encoding="utf-8")


def _copy(one: Path, to: Path) -> None:
    if one.is_file() and one.stat().st_size < _LINKED_FROM:
        shutil.copy2(one, to)
    elif one.is_file() or one.is_dir():
        to.symlink_to(one)

"""What a run's code does to files is told once the operating system has it; and files behave as ever."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.clock import Scheduler, virtual_time
from harness.clock.active import current


class Disk:
    """Notes what lies in a folder each time it is told of a change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[dict[str, bytes]] = []

    def holds(self, path: str) -> bool:
        return path.startswith(f"{self.folder}/")

    def changed(self) -> None:
        self.seen.append(
            {one.name: one.read_bytes() for one in sorted(self.folder.iterdir()) if one.is_file()}
        )


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with virtual_time.active(Scheduler(), seed="files"):
        run = current()
        assert run is not None
        run.disk = watching = Disk(tmp_path)
        yield watching


def test_what_lies_in_a_buffer_is_lost_and_not_told(disk: Disk) -> None:
    path = disk.folder / "a"
    with path.open("w") as file:
        file.write("one")
        assert disk.seen == [{"a": b""}]
        file.flush()
        assert disk.seen[1:] == [{"a": b"one"}]
        file.write("two")
    assert disk.seen[2:] == [{"a": b"onetwo"}]


def _forget_to_close(path: Path) -> None:
    open(path, "w").write("forgotten")  # noqa: PTH123, SIM115 - what this is about


WAYS: dict[str, tuple[Callable[[Path], object], list[bytes | None]]] = {
    "write_text": (lambda path: path.write_text("x"), [b"", b"x"]),
    "unbuffered": (lambda path: path.open("wb", buffering=0).write(b"x"), [b"", b"x"]),
    "append": (lambda path: path.open("ab", buffering=0).write(b"x"), [b"", b"x"]),
    "exclusive": (lambda path: path.open("xb", buffering=0).write(b"x"), [b"", b"x"]),
    "by_line": (lambda path: path.open("w", buffering=1).write("x\ny"), [b"", b"x\ny"]),
    "os.open": (lambda path: os.write(os.open(path, os.O_WRONLY | os.O_CREAT), b"x"), [b"", b"x"]),
    "touch": (lambda path: path.touch(), [b""]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_every_way_of_writing_is_told_step_by_step(disk: Disk, way: str) -> None:
    write, told = WAYS[way]
    write(disk.folder / "a")
    assert [seen.get("a") for seen in disk.seen] == told


def test_renaming_and_removing_are_told(disk: Disk) -> None:
    part = disk.folder / "a.part"
    part.write_text("x")
    disk.seen.clear()
    part.replace(disk.folder / "a")
    (disk.folder / "a").rename(disk.folder / "b")
    (disk.folder / "b").unlink()
    assert disk.seen == [{"a": b"x"}, {"b": b"x"}, {}]


def test_a_part_of_a_file_is_told_with_what_is_left_of_it(disk: Disk) -> None:
    path = disk.folder / "a"
    path.write_text("one two")
    disk.seen.clear()
    with path.open("r+") as file:
        assert file.read(3) == "one"
        file.seek(0)
        file.truncate(3)
        file.write("ONE")
    assert disk.seen == [{"a": b"one two"}, {"a": b"one"}, {"a": b"ONE"}]


@pytest.mark.parametrize("mode", ["w", "wb", "a", "x", "w+", "w+b", "r+", "r+b"])
def test_files_are_of_the_types_they_always_were(disk: Disk, mode: str, tmp_path: Path) -> None:
    inside, outside = tmp_path / "a", tmp_path.with_name(f"{tmp_path.name}-outside")
    if "r" in mode:
        inside.touch()
        outside.touch()
    with io.open(inside, mode) as watched, io.open(outside, mode) as plain:  # noqa: UP020 - these two
        assert type(watched) is type(plain)
        assert (watched.mode, watched.writable(), watched.readable()) == (
            plain.mode,
            plain.writable(),
            plain.readable(),
        )
    outside.unlink()


@pytest.mark.parametrize(
    ("mode", "rest"),
    [("wr", {}), ("q", {}), ("wb", {"encoding": "utf-8"}), ("w", {"buffering": 0}), ("bt", {})],
)
def test_what_python_refuses_it_still_refuses(disk: Disk, mode: str, rest: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever Python says
        open(disk.folder / "a", mode, **rest)  # type: ignore[call-overload]  # noqa: PTH123, SIM115
    assert disk.seen == []


def test_what_is_only_read_and_what_lies_elsewhere_is_not_told(disk: Disk, tmp_path: Path) -> None:
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.write_text("x")
    assert outside.read_text() == "x"
    assert disk.seen == []
    os.unlink(outside)  # noqa: PTH108 - whose file it is, `os` is not asked


def rows(disk: Disk) -> list[int]:
    """How many rows somebody else would find, each time it was told."""
    found = []
    for number, seen in enumerate(disk.seen):
        folder = disk.folder.with_name(f"{disk.folder.name}-{number}")
        folder.mkdir()
        for name, content in seen.items():
            (folder / name).write_bytes(content)
        with sqlite3.connect(folder / "a.db") as copy:
            tables = copy.execute("select count(*) from sqlite_master").fetchone()[0]
            found.append(copy.execute("select count(*) from word").fetchone()[0] if tables else -1)
        copy.close()
    return found


def test_sqlite_is_told_at_each_commit_and_not_before(disk: Disk) -> None:
    log = sqlite3.connect(disk.folder / "a.db")
    log.execute("create table word (word)")
    disk.seen.clear()
    log.execute("insert into word values ('a')")
    log.execute("insert into word values ('b')")
    assert disk.seen == []
    log.commit()
    with log:
        log.execute("insert into word values ('c')")
    log.execute("insert into word values ('never')")
    log.rollback()
    seen = disk.seen[:2]
    log.close()
    disk.seen = seen
    current().disk = None  # type: ignore[union-attr]
    assert rows(disk) == [2, 3]


@pytest.mark.parametrize("cursor", [False, True])
def test_sqlite_without_transactions_is_told_at_each_statement(disk: Disk, cursor: bool) -> None:
    log = sqlite3.connect(disk.folder / "a.db", isolation_level=None)
    log.execute("create table word (word)")
    disk.seen.clear()
    words = log.cursor() if cursor else log
    words.execute("insert into word values ('a')")
    words.execute("begin")
    words.execute("insert into word values ('b')")
    words.execute("insert into word values ('c')")
    words.execute("commit")
    assert words.execute("select count(*) from word").fetchall() == [(3,)]
    assert words.execute("insert into word values ('d') returning word").fetchall() == [("d",)]
    current().disk = None  # type: ignore[union-attr]
    log.close()
    assert list(dict.fromkeys(rows(disk))) == [1, 3, 4]


class Own(sqlite3.Connection):
    """A class of the saga's own."""


def test_a_class_of_the_sagas_own_stays_one(disk: Disk) -> None:
    log = sqlite3.connect(disk.folder / "a.db", factory=Own)
    assert isinstance(log, Own)
    log.row_factory = sqlite3.Row
    (row,) = log.execute("select 1 as one").fetchall()
    assert row["one"] == 1
    log.close()

"""One sound engine that works off its own records, and the books in which it keeps them.

What it is about to do is on record as taken before it does it, and what follows is taken in the same
commit as the word that the last one is done. Whoever resumes goes on with what is taken, and with the
same keys; where nothing is taken and nothing has ended, there is nothing to go on with.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Protocol

from harness.saga import Json
from tests.planted.sagas import Reading, Saga, Task

ENDS = ("completed", "compensated", "stuck")


class Book(Protocol):
    """Keeps words for ever."""

    def read(self) -> list[str]:
        """All of them, oldest first."""

    def add(self, words: list[str]) -> None:
        """All of these, or none."""


class SqliteBook:
    """A table of words."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "book.db")
        # The death of a process takes no fsync to survive.
        self._connection.execute("pragma synchronous = off")
        with self._connection:
            self._connection.execute(
                "create table if not exists word (number integer primary key, word text)"
            )

    def read(self) -> list[str]:
        return [word for (word,) in self._connection.execute("select word from word order by number")]

    def add(self, words: list[str]) -> None:
        with self._connection:
            self._connection.executemany("insert into word (word) values (?)", [(word,) for word in words])


class JsonBook:
    """A list in a file, written beside it and put in its place."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "book.json"

    def read(self) -> list[str]:
        return json.loads(self.path.read_text()) if self.path.exists() else []

    def add(self, words: list[str]) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.read() + words))
        part.replace(self.path)


class Stranded(Exception):  # noqa: N818 - named for what is so
    """A saga that has not ended, and that nobody will ever go on with."""


class Engine(Saga):
    """Sound, whenever its process dies."""

    book_of: type[SqliteBook | JsonBook] = SqliteBook
    book: Book

    async def run(self) -> Json:
        self.book = self.book_of(self.ctx.store_dir)
        if not self.book.read():
            self.begin()
        while (last := self.book.read()[-1]) not in ENDS:
            word, _, name = last.partition(" ")
            task = next((one for one in self.tasks if one.name == name), None)
            if task is None or word not in ("do", "undo"):
                raise Stranded(f"the last word is {last!r}, and nobody has taken what follows")
            await (self.work(task) if word == "do" else self.take_back(task))
        self.error = self.error or "interrupted"
        return self.outcome(last)

    def begin(self) -> None:
        self.keep("begun", f"do {self.tasks[0].name}")

    async def work(self, task: Task) -> None:
        if await self.act(task) is Reading.DONE:
            later = self.tasks[self.tasks.index(task) + 1 :]
            self.done(task, f"do {later[0].name}" if later else "completed")
        else:
            self.failed_at(task, f"undo {task.name}")

    async def take_back(self, task: Task) -> None:
        if not await self.undo(task):
            self.keep("stuck")
            return
        earlier = self.tasks[: self.tasks.index(task)]
        self.undone(task, f"undo {earlier[-1].name}" if earlier else "compensated")

    # What is kept, and in how many commits ----------------------------------------------------------

    def done(self, task: Task, taken: str) -> None:
        self.keep(f"done {task.name}", taken)

    def failed_at(self, task: Task, taken: str) -> None:
        self.keep(f"failed {task.name}", taken)

    def undone(self, task: Task, taken: str) -> None:
        self.keep(f"undone {task.name}", taken)

    def outcome(self, status: str) -> Json:
        return {"status": status, "detail": {"error": self.error or None}}

    def keep(self, *words: str) -> None:
        self.book.add(list(words))

    def keep_one_by_one(self, *words: str) -> None:
        for word in words:
            self.book.add([word])

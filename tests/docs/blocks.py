"""Reads a document's code blocks, and puts them where they say.

A file is a block after a line that begins with its name in code: "`fakes/loyalty.py`:". An edit is a
diff block after a line that names the file somewhere; several may follow one another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"^`(?P<name>[^`\s]+\.\w+)`.*:$")
_EDITED = re.compile(r"`(?P<name>[\w/]+\.py)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block; `name` is the file it is, where the line before it begins with one."""

    document: str
    section: str
    language: str
    body: str
    before: str

    @property
    def name(self) -> str | None:
        found = _NAME.match(self.before.splitlines()[-1]) if self.before else None
        return found["name"] if found else None


def blocks(document: str) -> tuple[Block, ...]:
    text = (ROOT / document).read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        before = text[: fence.start()]
        section = before.rpartition("\n## ")[2].partition("\n")[0]
        found.append(
            Block(
                document=document,
                section=section,
                language=fence["language"],
                body=fence["body"],
                before=before.rpartition("\n## ")[2].rstrip(),
            )
        )
    return tuple(found)


def named(document: str, name: str) -> str:
    """The body of the one block that is that file."""
    (body,) = [block.body for block in blocks(document) if block.name == name and block.language != "diff"]
    return body


def edited_file(block: Block) -> str:
    """The file that a diff is of: the last one that the text before it names in code."""
    prose = _FENCE.sub("", block.before)
    found: list[str] = _EDITED.findall(prose)
    return found[-1]


def edit(text: str, diff: str) -> str:
    """Make the lines with a plus of those with a minus; they and their neighbours stand in one place."""
    lines = diff.splitlines()
    old = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    new = "\n".join(line[1:] for line in lines if not line.startswith("-"))
    assert text.count(old) == 1, f"expected once, found {text.count(old)} times:\n{old}"
    return text.replace(old, new)


def quoted(document: str, command: str, printed: str) -> list[str]:
    """The in-flight calls of a console block, parted by "…", that a command did not print in that order.

    Durations and run counts differ from machine to machine and are not compared.
    """
    (body,) = (block.body for block in _consoles(document, command) if _is_of(block, printed))
    wanted = [one.strip("\n") for one in re.split(r"^…$", body.partition("\n")[2], flags=re.MULTILINE)]
    rest, missing = _without_measures(printed), []
    for in_flight in filter(None, map(_without_measures, wanted)):
        before, found, after = rest.partition(in_flight)
        rest = after if found else before
        missing += [] if found else [in_flight]
    return missing


def _consoles(document: str, command: str) -> list[Block]:
    return [block for block in blocks(document) if block.body.startswith(f"$ {command}\n")]


def _is_of(block: Block, printed: str) -> bool:
    """A command that is shown twice ends once so and once so."""
    return ("\nPASS" in block.body) == ("\nPASS" in printed)


def _without_measures(text: str) -> str:
    text = re.sub(r"[\d,]+ runs, [\d,]+ of [\d,]+ faults fired", "N runs, N of N faults fired", text)
    text = re.sub(r"violated in [\d,]+ of [\d,]+ runs", "violated in N of N runs", text)
    text = re.sub(r"[\d,]+ runs", "N runs", text)
    text = re.sub(r", [\d,]+ plans drawn \(.* three or more\)$", "", text, flags=re.MULTILINE)
    far = r", (complete|(single faults complete, )?[\d,]+ plans left out( \(.*\))?)$"
    text = re.sub(far, ", as far as it came", text, flags=re.MULTILINE)
    return re.sub(r"\d+(\.\d+)? s\)", "N s)", text)

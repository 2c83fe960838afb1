r"""Text of a saga under test, made safe for the place where it is shown.

Owns how names, messages, inputs and bodies stand on a console, in Markdown, in XML and in a GitHub
annotation: nothing in them can move a cursor, open an element, end a table cell or start a command.
What cannot be shown is spelled as its escape (`\x1b`, `\ud800`), so that it is seen rather than lost.
Refuses to know what the text is about. What is printable is what XML can hold, and its writer escapes it;
`report.html` is escaped by its template.
"""

from __future__ import annotations

import re

_INLINE = re.compile(r"[\\`*\[\]<>|~!$]")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_MENTION = re.compile(r"@(?=\w)")
_LEADING = re.compile(r"^([#+=-])")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")


def printable(text: str) -> str:
    """On one line of a console: what is not printable, line breaks included, is spelled out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _spelled(one) for one in text)


def printable_lines(text: str) -> str:
    """The same, with the line breaks kept."""
    return "\n".join(printable(line) for line in text.replace("\r\n", "\n").split("\n"))


def markdown(text: str) -> str:
    """Inline in a paragraph, a list entry or a table cell of GitHub's Markdown: shown as it is written.

    Nobody is mentioned, and nothing becomes a link.
    """
    safe = _INLINE.sub(r"\\\g<0>", printable(text).strip())
    safe = _UNDERSCORE.sub(r"\\_", safe)
    safe = _ENTITY.sub("&amp;", safe)
    safe = safe.replace("://", r":\//").replace("www.", r"www\.")
    safe = _MENTION.sub("@<!-- -->", safe)
    return _NUMBERED.sub(r"\1\\\2", _LEADING.sub(r"\\\1", safe))


def markdown_code(text: str) -> str:
    """A code span; not for a table cell, where a pipe ends it all the same."""
    safe = printable(text)
    fence = "`" * (_longest_run(safe) + 1)
    edges = {safe[:1], safe[-1:]}
    padded = f" {safe} " if "`" in edges or (edges == {" "} and safe.strip()) else safe
    return f"{fence}{padded}{fence}" if safe else ""


def markdown_cell_code(text: str) -> str:
    """A code span in a table cell, or plain text where a span could not hold it."""
    return markdown(text) if re.search(r"[|\\`]", printable(text)) else markdown_code(text)


def markdown_block(text: str, language: str = "text") -> str:
    """A fenced block."""
    safe = printable_lines(text)
    fence = "`" * max(3, _longest_run(safe) + 1)
    return f"{fence}{language}\n{safe}\n{fence}"


def annotation_message(text: str) -> str:
    """The message of a GitHub workflow command; line breaks are kept."""
    safe = printable_lines(text).replace("%", "%25")
    return safe.replace("\n", "%0A")


def annotation_value(text: str) -> str:
    """A property of a GitHub workflow command, such as its title."""
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest

from harness.toml_lines import KeyPath, locate

DOCUMENT = '''\
top = 1 # a [comment] = "x"
"quoted.key" = 2
'literal key' . "tab\\tkey" = 3
dotted.one.two = 4

[table]   # [not.this]
text = "a # b ] } , \\" ="
lines = """
[inner]
key = 1 \\""" """""
raw = \'\'\'
[[no]]\'\'\'\'\'
date = 1979-05-27 07:32:00
inline = { a.b = 1, "c d" = [1, { e = "}" }], f = {} }

many = [
  1, # one
  # [two]
  [2, 3],

  { x = 1, y = [
    "]",
  ] },
]

[[steps]]
name = "a"
[steps.inner.deep]
x = 1
[[steps.subs]]
y = 1
[[steps.subs]]
y = 2

[[steps]]
name = "b"
[[steps.subs]]
y = 3
[ spaced . "out" ]
last = true'''


def _paths(value: object, at: KeyPath = ()) -> Iterator[KeyPath]:
    if at:
        yield at
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _paths(one, (*at, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _paths(one, (*at, index))


def test_finds_every_key_and_element_that_tomllib_finds() -> None:
    assert set(locate(DOCUMENT)) == set(_paths(tomllib.loads(DOCUMENT)))


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        (("top",), "top = 1"),
        (("quoted.key",), '"quoted.key"'),
        (("literal key", "tab\tkey"), "'literal key'"),
        (("dotted", "one", "two"), "dotted.one.two"),
        (("table",), "[table]"),
        (("table", "raw"), "raw ="),
        (("table", "date"), "date ="),
        (("table", "inline", "c d", 1, "e"), "inline ="),
        (("table", "many", 0), "  1,"),
        (("table", "many", 1), "  [2, 3]"),
        (("table", "many", 2, "y", 0), '    "]"'),
        (("steps", 0, "inner", "deep", "x"), "x = 1"),
        (("steps", 0, "subs", 1, "y"), "y = 2"),
        (("steps", 1, "name"), 'name = "b"'),
        (("steps", 1, "subs", 0, "y"), "y = 3"),
        (("spaced", "out"), "[ spaced"),
        (("spaced", "out", "last"), "last = true"),
    ],
)
def test_names_the_line_where_the_key_stands(path: KeyPath, begins: str) -> None:
    assert DOCUMENT.split("\n")[locate(DOCUMENT)[path] - 1].startswith(begins)


def test_an_empty_document_has_no_keys() -> None:
    assert locate("") == {}
    assert locate("# only a comment") == {}

"""Commands of streams, read as Redis reads them."""

from __future__ import annotations

import pytest

from harness.redis.commands import (
    Add,
    BadCommand,
    Claim,
    ReadGroup,
    read_add,
    read_autoclaim,
    read_claim,
    read_group,
)


def words(line: str) -> list[bytes]:
    return [one.encode() for one in line.split()]


@pytest.mark.parametrize(
    "line",
    [
        "XADD s * a 1",
        "xadd s nomkstream * a 1",
        "XADD s MAXLEN ~ 10 LIMIT 5 * a 1",
        "XADD s MAXLEN 10 * a 1",
        "XADD s MINID = 7-0 * a 1",
    ],
)
def test_options_of_an_xadd_are_passed_over(line: str) -> None:
    assert read_add(words(line)) == Add("s", b"*", (b"a", b"1"))


@pytest.mark.parametrize("line", ["XADD s", "XADD s *", "XADD s * a", "XADD s MAXLEN", "XADD s LIMIT"])
def test_an_xadd_without_fields_is_none(line: str) -> None:
    with pytest.raises(BadCommand):
        read_add(words(line))


def test_a_read_says_what_it_waits_for() -> None:
    read = read_group(words("XREADGROUP GROUP g c COUNT 2 BLOCK 50 NOACK STREAMS s t > >"))
    assert read == ReadGroup("g", "c", ("s", "t"), (b">", b">"), 2, 50, no_ack=True)
    assert read.new
    assert b" ".join(str(one).encode() if not isinstance(one, bytes) else one for one in read.words(7)) == (
        b"XREADGROUP GROUP g c COUNT 2 BLOCK 7 NOACK STREAMS s t > >"
    )
    assert not read_group(words("XREADGROUP GROUP g c STREAMS s 0")).new


@pytest.mark.parametrize(
    "line",
    [
        "XREADGROUP STREAMS s >",
        "XREADGROUP GROUP g c STREAMS s t >",
        "XREADGROUP GROUP g c STREAMS s t > > >",
        "XREADGROUP GROUP g c WHAT s t >",
        "XREADGROUP GROUP g c COUNT x STREAMS s >",
        "XREADGROUP GROUP g c NOACK NOACK COUNT",
    ],
)
def test_what_is_no_read_is_refused(line: str) -> None:
    with pytest.raises(BadCommand):
        read_group(words(line))


def test_a_claim_names_entries_and_options() -> None:
    claim = read_claim(words("XCLAIM s g c 100 1-0 2-0 IDLE 5 JUSTID"))
    assert claim == Claim("s", "g", "c", 100, (b"1-0", b"2-0"), (b"IDLE", b"5", b"JUSTID"))
    assert (claim.gives_back, claim.just_id) == (True, True)
    plain = read_claim(words("XCLAIM s g c 100 1-0"))
    assert (plain.gives_back, plain.just_id) == (False, False)
    assert read_autoclaim(words("XAUTOCLAIM s g c 100 0-0 COUNT 5")) == Claim("s", "g", "c", 100, count=5)


@pytest.mark.parametrize(
    "line", ["XAUTOCLAIM s g c 100", "XAUTOCLAIM s g c x 0", "XAUTOCLAIM s g c 1 0 JUSTID"]
)
def test_what_is_no_claim_is_refused(line: str) -> None:
    with pytest.raises(BadCommand):
        read_autoclaim(words(line))
    with pytest.raises(BadCommand):
        read_claim(words("XCLAIM s g c 100"))

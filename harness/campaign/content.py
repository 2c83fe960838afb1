"""Whether a resumed campaign is the one that began: the same scenarios, options and versions.

Owns what of a scenario is compared, and the refusal. What a saga imports from elsewhere is not looked at: a
run that does not fit what is recorded shows that (`harness.campaign.recording`).
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping

import msgspec

from harness.campaign.journal import Recorded
from harness.campaign.records import CampaignLine, ScenarioEntry
from harness.errors import UsageError, misplaced
from harness.scenario import Scenario
from harness.versions import version_of

_PACKAGES = ("saga-chaos", "hypothesis")
DESCRIPTION = "its description"
_HOW = "begin a new campaign without --resume"


def versions() -> dict[str, str]:
    """Versions of the packages that decide what is drawn and how it is judged."""
    return {
        "python": platform.python_version(),
        **{name: version_of(name) or "unknown" for name in _PACKAGES},
    }


def described(scenario: Scenario) -> dict[str, str]:
    """What a scenario says of itself: equal for equal ones in every process."""
    told = (
        scenario.name,
        scenario.spec,
        scenario.all_inputs,
        scenario.expects,
        (scenario.time_limit_s, scenario.patience_s, scenario.requires),
        [(type(one).__qualname__, one.name, sorted(one.operations)) for one in scenario.participants],
        [_named(one) for one in (*scenario.invariants, *scenario.situations, *scenario.faults)],
        (type(scenario.saga).__qualname__, scenario.saga.name),
    )
    return {DESCRIPTION: hashed(msgspec.json.encode(told, order="deterministic", enc_hook=_named))}


def digest_of(content: Mapping[str, str]) -> str:
    """One hash of what a scenario is made of, wherever its files lie."""
    return hashed(" ".join(sorted(content.values())).encode())


def hashed(content: bytes) -> str:
    """Short enough to read, long enough to tell apart."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _named(one: object) -> str:
    return str(getattr(one, "id", getattr(one, "name", one if isinstance(one, str) else type(one))))


def check_same(recorded: Recorded, now: CampaignLine) -> None:
    """Raises UsageError that names what differs from the file."""
    for where, found, before in _differences(recorded.campaign, now):
        expected = f"{before!r}, as in {recorded.path}; or {_HOW}"
        raise UsageError(misplaced(f"--resume, {where}", found, expected))


def _differences(then: CampaignLine, now: CampaignLine) -> Iterator[tuple[str, object, object]]:
    """(where, what is now, what was then)."""
    yield from _between("version of ", now.versions, then.versions)
    yield from _between("option ", _as_mapping(now.options), _as_mapping(then.options))
    names = [one.name for one in now.scenarios], [one.name for one in then.scenarios]
    if names[0] != names[1]:
        yield "scenarios", *names
        return
    for one, before in zip(now.scenarios, then.scenarios, strict=True):
        yield from _of_scenario(one, before)


def _of_scenario(now: ScenarioEntry, then: ScenarioEntry) -> Iterator[tuple[str, object, object]]:
    where = f"scenario {now.name!r}"
    for name in dict.fromkeys((*then.content, *now.content)):
        if now.content.get(name) != then.content.get(name):
            yield f"{where}, {name}", f"content {now.content.get(name)}", f"content {then.content.get(name)}"
    for name in ("world", "reference", "invariants", "operations"):
        if getattr(now, name) != getattr(then, name):
            yield f"{where}, {name}", getattr(now, name), getattr(then, name)


def _between(
    what: str, now: Mapping[str, object], then: Mapping[str, object]
) -> Iterator[tuple[str, object, object]]:
    for name in dict.fromkeys((*then, *now)):
        if now.get(name) != then.get(name):
            yield f"{what}{name}", now.get(name), then.get(name)


def _as_mapping(options: msgspec.Struct) -> dict[str, object]:
    return msgspec.structs.asdict(options)

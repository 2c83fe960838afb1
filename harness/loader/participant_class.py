"""`class = "fakes.py:Flights"` of a participant: one that is written in Python.

Owns the check that it is what a run needs of a participant (`harness.participant.Participant`), before
anything is run. Refuses to know what it does.
"""

from __future__ import annotations

from typing import cast

from harness.errors import ScenarioError, misplaced
from harness.loader.modules import broken
from harness.loader.table import Table
from harness.loader.target import load_object
from harness.participant import Participant, RestParticipant

CLASS_KEYS = ("class", "with")
_EXPECTED = "'fakes.py:Flights' or 'package.module:Flights'"
_NEEDED = ("name", "resources", "operations", "fresh", "match", "key_of", "heeds_key", "owner_of", "handle")


def read_class(name: str, table: Table, key_header: str) -> Participant:
    """The participant of that name. A class is called with what stands in `with`, an instance is taken."""
    if table.has("resources"):
        raise table.wrong(
            "resources", "either class or resources, not both: a class has resources of its own"
        )
    where, told = table.where("class"), table.text("class", _EXPECTED)
    found = load_object(told, table.source.folder, where)
    given = table.json_object("with", "a table, what the class is called with") if table.has("with") else {}
    if isinstance(found, type):
        try:
            found = found(**given)
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises
            raise broken(where, told, error, table.source.folder) from None
    elif given:
        raise table.wrong("with", f"nothing, for {told} is no class")
    if isinstance(found, RestParticipant):
        return found.named(name, key_header)
    return _checked(found, name, told, where)


def _checked(found: object, name: str, told: str, where: str) -> Participant:
    missing = [needed for needed in _NEEDED if not hasattr(found, needed)]
    if missing:
        expected = f"a participant (harness.participant.Participant); it lacks {', '.join(missing)}"
        raise ScenarioError(misplaced(where, told, expected))
    participant = cast("Participant", found)
    if participant.name != name:
        raise ScenarioError(misplaced(where, participant.name, f"a participant whose name is {name!r}"))
    return participant

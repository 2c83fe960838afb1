"""A participant in Python, named in a saga.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.loader import load_scenario
from harness.participant import Request
from harness.scenario import Scenario
from tests.unit.loader.conftest import MINIMAL, Write

OURS = """
from harness.participant import ResourceSpec, RestParticipant, routes
from tests.unit.participant.mailbox import Mailbox

SEAT = ResourceSpec(
    name="reservation", routes=routes("reservation", create="POST /seats", delete="DELETE /seats/{id}")
)


class Flights(RestParticipant):
    name = "flights"
    resources = (SEAT,)

    def __init__(self, seats=1):
        self.seats = seats
        super().__init__()


class Nameless(RestParticipant):
    resources = (SEAT,)


class Nothing:
    name = "inventory"


THREE = Flights(3)
INVENTORY = Mailbox("inventory")
BOX = Mailbox("box")
"""
RESOURCES = MINIMAL[MINIMAL.index("[participants.inventory") : MINIMAL.index("[participants.payments")]


def load(write: Write, told: str, key: str = "") -> Scenario:
    content = MINIMAL.replace(RESOURCES, f"[participants.inventory]\n{told}\n").replace(
        "[participants.inv", f"{key}[participants.inv"
    )
    return load_scenario(str(write(content, ours=OURS)), registered={})


@pytest.mark.parametrize("name", ["Flights", "Nameless", "THREE"])
def test_a_class_or_an_object_is_a_participant_under_the_tables_name(write: Write, name: str) -> None:
    policy = '[saga.policy]\nkey_header = "X-Key"\n'
    participant = load(write, f'class = "ours.py:{name}"', policy).participants[0]
    assert participant.name == "inventory"
    assert sorted(participant.operations) == ["inventory.reservation.create", "inventory.reservation.delete"]
    assert participant.key_of(Request(method="GET", path="/", query={}, headers={"x-key": "k"})) == "k"
    assert participant.fresh().operations == participant.operations


def test_a_class_is_called_with_what_the_table_says(write: Write) -> None:
    participant = load(write, 'class = "ours.py:Flights"\nwith = { seats = 7 }').participants[0]
    assert vars(participant)["seats"] == 7


def test_one_that_is_no_rest_participant_is_taken_as_it_is(write: Write) -> None:
    told = MINIMAL.replace("inventory.reservation.create", "inventory.letter.create").replace(
        'compensation = "inventory.reservation.delete"\n', ""
    )
    content = told.replace(RESOURCES, '[participants.inventory]\nclass = "ours.py:INVENTORY"\n')
    scenario = load_scenario(str(write(content, ours=OURS)), registered={})
    assert type(scenario.participants[0]).__name__ == "Mailbox"


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ('class = "ours.py:Flight"', ["participants.inventory.class", "'Flights' (did you mean it?)"]),
        ('class = "others.py:Flights"', ["a Python file, and there is none"]),
        ("class = 7", ["found 7", "'fakes.py:Flights'"]),
        ('class = "ours.py:Nothing"', ["it lacks resources, operations, fresh"]),
        ('class = "ours.py:BOX"', ["found 'box'", "a participant whose name is 'inventory'"]),
        ('class = "ours.py:Flights"\nwith = { chairs = 1 }', ["code that runs", "chairs"]),
        ('class = "ours.py:THREE"\nwith = { seats = 1 }', ["inventory.with", "no class"]),
        ('class = "ours.py:Flights"\nresources = {}', ["inventory.resources", "either class or resources"]),
        ("with = { seats = 1 }", ["no key 'participants.inventory.class'"]),
    ],
)
def test_what_is_none_is_refused_where_it_is_named(
    write: Write, tmp_path: Path, told: str, says: list[str]
) -> None:
    with pytest.raises(ScenarioError) as raised:
        load(write, told)
    assert str(raised.value).startswith(f"{tmp_path}/saga.toml, line ")
    assert [one for one in says if one not in str(raised.value)] == []

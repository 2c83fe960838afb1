"""url, start, env, cwd, health, holds and reset of a participant."""

from __future__ import annotations

import pytest

from harness.errors import ScenarioError
from harness.loader import load_scenario
from harness.participant.upstream import Address
from tests.unit.loader.conftest import MINIMAL, Write

HEAD = "[participants.payments.resources.charge]\n"


def with_keys(keys: str, resource: str = "") -> str:
    return MINIMAL.replace(HEAD, f"[participants.payments]\n{keys}\n\n{HEAD}{resource}\n")


def test_a_url(write: Write) -> None:
    content = with_keys(
        'url = "http://localhost:9000"\nreset = "POST /reset"', 'holds = "GET /c?o={saga_id}"'
    )
    (service,) = load_scenario(str(write(content)), registered=None).own_services
    assert service.launch.address == Address(host="localhost", port=9000)
    assert service.launch.reset == "POST /reset"
    assert service.holds == {"payments.charge": "GET /c?o={saga_id}"}
    assert [one.own for one in service.resources] == ["url"]


def test_a_start(write: Write) -> None:
    content = with_keys(
        'start = ["pay", "{port}"]\nenv = { DB = "{folder}/db" }\ncwd = "."\nhealth = "/up"',
        "tombstones = false",
    )
    path = write(content)
    (service,) = load_scenario(str(path), registered=None).own_services
    assert (service.launch.start, service.launch.env) == (("pay", "{port}"), {"DB": "{folder}/db"})
    assert (service.launch.health, service.launch.cwd.resolve()) == ("/up", path.parent.resolve())
    assert [(one.own, one.tombstones) for one in service.resources] == [("start", False)]


UP = 'url = "http://127.0.0.1:1"\n'


@pytest.mark.parametrize(
    ("keys", "resource", "says"),
    [
        (
            'url = "http://10.1.2.3:80"',
            "",
            "participants.payments.url: found 'http://10.1.2.3:80', expected http",
        ),
        (UP + 'start = ["a", "{port}"]', "", "either url, a service that is up, or start"),
        (UP + 'health = "/up"', "", "either url"),
        ('start = ["a"]', "", "{port} in it or in env"),
        ('start = ["a", "{port}"]\nhealth = "up"', "", "a path that answers 2xx"),
        ('start = ["a", "{port}"]\ncwd = "gone"', "", "a folder that is there"),
        ('holds = "GET /c?o={saga_id}"', "", "beside url or start"),
        ("", 'holds = "GET /c?o={saga_id}"', "at a participant with url or start"),
        (UP + 'holds = "GET /c"', "", "a read route that names the saga"),
        (UP + 'holds = "POST /c?o={saga_id}"', "", "a read route that names the saga"),
        (UP + 'holds = "GET /c?o={saga_id}"', 'holds = "GET /c?o={saga_id}"', "not both"),
        (UP + 'reset = "GET /reset"', "", "a request, like 'POST /test/reset'"),
        (UP, "created = 200", "answers as it does"),
        (UP + 'class = "a.py:B"', "", "either class, or url or start"),
    ],
)
def test_what_is_refused(keys: str, resource: str, says: str, write: Write) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario(str(write(with_keys(keys, resource))), registered=None)
    assert says in str(refused.value)
    assert "line " in str(refused.value)


def test_holds_of_a_participant_with_several_resources_stands_at_each(write: Write) -> None:
    more = '\n[participants.payments.resources.hold]\ncreate = "POST /holds"\ndelete = "DELETE /holds/{id}"\n'
    with pytest.raises(ScenarioError, match="it at each of the resources: charge, hold"):
        load_scenario(str(write(with_keys(UP + 'holds = "GET /c?o={saga_id}"') + more)), registered=None)

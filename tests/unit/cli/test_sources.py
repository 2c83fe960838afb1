"""Which files make a scenario: one that changed is not resumed."""

from __future__ import annotations

from pathlib import Path

from harness.cli.sources import content_of
from harness.loader import load_scenario

TOML = """format_version = 1
name = "trip"
saga = { adapter = "callable", target = "sagas.py:trip" }
steps = [{ name = "s", action = "flights.booking.create" }, { name = "t", action = "own.charge.create" }]
[participants.flights]
class = "planes.py:Flights"
[participants.own]
start = ["python3", "service.py", "{port}"]
holds = "checks.py:holdings"
[participants.own.resources.charge]
create = "POST /charges"
"""
FLIGHTS = """from harness.participant import ResourceSpec, RestParticipant, routes


class Flights(RestParticipant):
    resources = (ResourceSpec(name="booking", routes=routes("booking", create="POST /bookings")),)
"""


def test_python_of_participants_is_among_them(tmp_path: Path) -> None:
    texts = {
        "saga.toml": TOML,
        "sagas.py": "async def trip(ctx, input):\n    return None\n",
        "planes.py": FLIGHTS,
        "service.py": "serve()\n",
        "checks.py": "def holdings(asked):\n    return []\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    scenario = load_scenario(str(tmp_path / "saga.toml"), registered={})
    before = content_of(scenario)
    assert {Path(name).name for name in before} >= {"planes.py", "service.py", "checks.py", "sagas.py"}
    assert not any("harness/participant" in name for name in before)
    (tmp_path / "planes.py").write_text(FLIGHTS + "# changed\n")
    now = content_of(scenario)
    assert [Path(name).name for name in before if before[name] != now[name]] == ["planes.py"]

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


HANDLERS = """format_version = 1
name = "order"
steps = [{ name = "reserve", action = "stock.reservation.create" }]
[saga]
adapter = "handlers"
starts = "OrderPlaced"
outcome = { completed = "Reserved" }
[saga.handlers]
OrderPlaced = "handlers.py:reserve"
Asked = "asking.py:ask"
[participants.events]
kind = "bus"
events = ["OrderPlaced", "Asked", "Reserved"]
[participants.stock.resources.reservation]
create = "POST /reservations"
"""


def test_python_of_handlers_is_among_them_and_nothing_of_ours(tmp_path: Path) -> None:
    (tmp_path / "saga.toml").write_text(HANDLERS)
    for name, function in (("handlers.py", "reserve"), ("asking.py", "ask")):
        (tmp_path / name).write_text(f"async def {function}(ctx, event):\n    return None\n")
    scenario = load_scenario(str(tmp_path / "saga.toml"), registered={})
    before = content_of(scenario)
    assert [Path(name).name for name in before if "/" in name] == ["saga.toml", "handlers.py", "asking.py"]
    (tmp_path / "asking.py").write_text("async def ask(ctx, event):\n    return 1\n")
    assert content_of(scenario) != before

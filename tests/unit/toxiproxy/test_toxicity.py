from collections import Counter

from tests.unit.toxiproxy.rig import Rig


def _outcome(rig: Rig) -> str:
    with rig.connect() as client:
        client.send(b"x")
        return "passed" if client.piece() == b"x" else "hit"


def test_toxicity_is_a_chance_for_each_connection(rig: Rig) -> None:
    rig.add("limit_data", toxicity=0.5, bytes=0)
    outcomes = Counter(_outcome(rig) for _ in range(40))
    assert min(outcomes["passed"], outcomes["hit"]) >= 5


def test_toxicity_0_spares_everyone(rig: Rig) -> None:
    rig.add("timeout", toxicity=0.0)
    assert [_outcome(rig) for _ in range(5)] == ["passed"] * 5

import random
import threading

import pytest

from tests.unit.toxiproxy.rig import Rig

SIZE = 1_000_000
TOXICS: tuple[tuple[str, dict[str, int]], ...] = (
    ("latency", {"latency": 5}),
    ("bandwidth", {"rate": 20_000}),
    ("slicer", {"average_size": 4000, "size_variation": 1000, "delay": 10}),
    ("noop", {}),
    ("slow_close", {"delay": 10}),
)


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_is_lost_or_swapped_while_toxics_come_and_go(rig: Rig, seed: int) -> None:
    rng = random.Random(seed)
    sent = rng.randbytes(SIZE)
    with rig.connect() as client:
        sender = threading.Thread(target=client.send, args=(sent,))
        reading = threading.Thread(target=_shuffle_toxics, args=(rig, rng))
        sender.start()
        reading.start()
        assert client.read(SIZE) == sent
        reading.join()
        sender.join()
        client.send(b"and on")
        assert client.read(6) == b"and on"


def _shuffle_toxics(rig: Rig, rng: random.Random) -> None:
    for _ in range(15):
        stream = rng.choice(("upstream", "downstream"))
        names = [rig.add(kind, stream, **attributes) for kind, attributes in rng.sample(TOXICS, 3)]
        rig.update(names[0])
        rng.shuffle(names)
        for name in names:
            rig.remove(name)

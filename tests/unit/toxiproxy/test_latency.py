from tests.unit.toxiproxy.rig import Clock, Rig


def test_latency_holds_each_chunk_and_lets_go_when_removed(rig: Rig) -> None:
    name = rig.add("latency", latency=150)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"one")
        assert rig.participant.got(b"one", 0.1)
        assert client.read(3) == b"one"
        assert clock.between(0.14, 0.6)
        rig.update(name, latency=60_000)
        client.send(b"two")
        assert client.piece(0.1) == "silent"
        rig.remove(name)
        assert client.read(3, 0.5) == b"two"

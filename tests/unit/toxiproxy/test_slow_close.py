from tests.unit.toxiproxy.rig import Clock, Rig


def test_slow_close_delays_only_the_end(rig: Rig) -> None:
    rig.add("slow_close", delay=200)
    with rig.connect() as client:
        client.send(b"now")
        assert client.read(3, 0.1) == b"now"
        clock = Clock()
        client.half_close()
        assert client.piece() == "closed"
        assert clock.between(0.19, 0.7)

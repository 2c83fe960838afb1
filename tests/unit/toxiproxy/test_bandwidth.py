from tests.unit.toxiproxy.rig import Clock, Rig


def test_bandwidth_takes_its_time_and_stops_all_at_rate_0(rig: Rig) -> None:
    name = rig.add("bandwidth", rate=10)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"x" * 2500)
        assert client.read(2500) == b"x" * 2500
        assert clock.between(0.2, 0.8)
        rig.update(name, rate=0)
        client.send(b"stuck")
        assert client.piece(0.2) == "silent"
        rig.remove(name)
        assert client.read(5, 0.5) == b"stuck"

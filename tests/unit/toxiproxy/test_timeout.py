from tests.unit.toxiproxy.rig import Clock, Rig


def test_timeout_drops_all_and_closes_after_silence(rig: Rig) -> None:
    rig.add("timeout", "upstream", timeout=150)
    with rig.connect() as client:
        clock = Clock()
        client.send(b"lost")
        assert client.piece() == "closed"
        assert clock.between(0.14, 0.6)
        assert rig.participant.received == b""

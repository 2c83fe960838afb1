from tests.unit.toxiproxy.rig import Clock, Rig


def test_reset_peer_resets_after_the_first_bytes(rig: Rig) -> None:
    rig.add("reset_peer", timeout=100)
    with rig.connect() as client:
        assert client.piece(0.1) == "silent"
        clock = Clock()
        client.send(b"applied")
        assert client.piece() == "reset"
        assert clock.between(0.09, 0.5)
        assert rig.participant.got(b"applied")

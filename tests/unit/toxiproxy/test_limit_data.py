from tests.unit.toxiproxy.rig import Rig


def test_limit_data_cuts_the_reply_after_so_many_bytes(rig: Rig) -> None:
    rig.add("limit_data", bytes=5)
    with rig.connect() as client:
        client.send(b"abc")
        assert client.read(3) == b"abc"
        client.send(b"defg")
        assert client.read(4) == b"de"
        assert client.piece() in {"closed", "reset"}
        assert rig.participant.got(b"abcdefg")

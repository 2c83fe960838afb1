from tests.unit.toxiproxy.rig import Rig


def test_noop_changes_nothing_and_comes_and_goes_on_a_live_connection(rig: Rig) -> None:
    with rig.warm() as client:
        name = rig.add("noop", "upstream")
        client.send(b"through")
        assert client.read(7) == b"through"
        rig.remove(name)
        client.send(b"still")
        assert client.read(5) == b"still"

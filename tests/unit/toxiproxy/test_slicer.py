from tests.unit.toxiproxy.rig import Rig


def test_slicer_cuts_chunks_into_pieces_of_about_the_average(rig: Rig) -> None:
    name = rig.add("slicer", average_size=10, delay=20_000)
    with rig.connect() as client:
        client.send(b"0123456789" * 4)
        assert [client.piece() for _ in range(4)] == [b"0123456789"] * 4
        rig.update(name, size_variation=5)
        client.send(b"0123456789" * 40)
        pieces = [client.piece()]
        while sum(map(len, pieces)) < 400:
            pieces.append(client.piece())
        assert b"".join(p for p in pieces if isinstance(p, bytes)) == b"0123456789" * 40
        assert max(map(len, pieces)) <= 20

from itertools import islice

from liftlock.runner.docker.health import pauses


def test_distances_grow_from_2_to_32_seconds() -> None:
    first, second, third, *rest = islice(pauses(), 12)
    assert first == 2
    assert 3.6 <= second <= 4.4
    assert 6.8 <= third <= 9.2
    assert all(pause <= 32 for pause in rest)
    assert rest[-1] == 32

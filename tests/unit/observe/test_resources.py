from liftlock.observe.resources import Process, parse, tree


def process(pid: int, parent: int, ticks: int = 0, session: int = 1, start: int = 0) -> Process:
    return Process(pid, parent, session, ticks, start, 10)


def test_a_name_may_look_like_anything() -> None:
    stat = (
        '4242 (a) (b c) S 17 4242 4200 0 -1 4194560 900 0 3 0 '
        '12 8 5 3 20 0 3 0 98765 23456789 1234 18446744073709551615 1 1 0 0 0\n'
    )
    assert parse(stat) == Process(4242, 17, 4200, 28, 98765, 1234)


def test_a_tree_has_descendants_and_its_session() -> None:
    found = (
        process(10, 1, session=10),
        process(11, 10, session=10),
        process(12, 11, session=12),  # left the session
        process(13, 1, session=10),  # its parent died
        process(14, 13, session=99),
        process(20, 1, session=20),
    )
    processes = {one.pid: one for one in found}
    assert {one.pid for one in tree(10, processes)} == {10, 11, 12, 13, 14}
    assert tree(5, processes) == []

import os

import pytest

from liftlock.observe.resources import Look, Process, Usage, parse, tree, usages

PAGE = os.sysconf('SC_PAGE_SIZE')
TICK = os.sysconf('SC_CLK_TCK')


def process(pid: int, parent: int, ticks: int = 0, session: int = 1, start: int = 0) -> Process:
    return Process(pid, parent, session, ticks, start, 10)


def look(at: float, *processes: Process) -> Look:
    return Look(at, {one.pid: one for one in processes})


def test_a_name_may_look_like_anything() -> None:
    stat = (
        '4242 (a) (b c) S 17 4242 4200 0 -1 4194560 900 0 3 0 '
        '12 8 5 3 20 0 3 0 98765 23456789 1234 18446744073709551615 1 1 0 0 0\n'
    )
    assert parse(stat) == Process(4242, 17, 4200, 28, 98765, 1234)


def test_a_tree_has_descendants_and_its_session() -> None:
    found = look(
        0,
        process(10, 1, session=10),
        process(11, 10, session=10),
        process(12, 11, session=12),  # left the session
        process(13, 1, session=10),  # its parent died
        process(14, 13, session=99),
        process(20, 1, session=20),
    ).processes
    assert {one.pid for one in tree(10, found)} == {10, 11, 12, 13, 14}
    assert tree(5, found) == []


def test_cpu_is_the_difference_of_two_looks() -> None:
    before = look(100.0, process(10, 1, 50), process(11, 10, 5))
    now = look(102.0, process(10, 1, 50 + TICK), process(11, 10, 5 + TICK // 2))
    assert usages([10], before, now) == {10: Usage(pytest.approx(75.0), 20 * PAGE, 2)}
    assert usages([10], Look(), now)[10].cpu == 0.0
    assert usages([77], before, now) == {}


def test_a_pid_that_another_process_got_starts_anew() -> None:
    before = look(0.0, process(10, 1, 1000, start=1))
    now = look(1.0, process(10, 1, TICK, start=2))
    assert usages([10], before, now)[10].cpu == pytest.approx(100.0)


def test_the_time_of_a_child_that_ended_is_not_counted_twice() -> None:
    before = look(0.0, process(10, 1, 0), process(11, 10, TICK))
    now = look(1.0, process(10, 1, TICK + TICK // 2))  # of which a whole second was the child's
    assert usages([10], before, now)[10].cpu == pytest.approx(50.0)

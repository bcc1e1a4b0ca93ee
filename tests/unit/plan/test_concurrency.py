"""Who waits for whom in a concurrency group."""

from hypothesis import given
from hypothesis import strategies as st

from liftlock.plan.concurrency import LONGEST, Change, Line, arrive, key, leave
from liftlock.plan.plan import Group

ONE = Group('deploy')
NEWEST = Group('deploy', cancel_in_progress=True)
ALL = Group('deploy', queue='max')


def test_names_ignore_case() -> None:
    assert key(Group('Deploy')) == key(ONE)


def test_the_first_starts_and_the_second_waits() -> None:
    assert arrive(Line(), 'a', ONE) == Change(Line('a'), starts='a')
    assert arrive(Line('a'), 'b', ONE) == Change(Line('a', ('b',)))


def test_a_newer_one_takes_the_place_of_the_one_that_waits() -> None:
    assert arrive(Line('a', ('b',)), 'c', ONE) == Change(Line('a', ('c',)), cancelled=('b',))


def test_cancel_in_progress_stops_the_running_one_and_still_waits_for_it() -> None:
    change = arrive(Line('a', ('b',)), 'c', NEWEST)
    assert change == Change(Line('a', ('c',)), cancelled=('b',), stopped='a')
    assert leave(change.line, 'a') == Change(Line('c'), starts='c')


def test_with_queue_max_all_wait_in_their_order() -> None:
    line = arrive(arrive(Line('a'), 'b', ALL).line, 'c', ALL).line
    assert line == Line('a', ('b', 'c'))
    assert leave(line, 'a') == Change(Line('b', ('c',)), starts='b')


def test_a_full_queue_takes_nobody() -> None:
    full = Line('a', tuple(map(str, range(LONGEST))))
    assert arrive(full, 'late', ALL) == Change(full, cancelled=('late',))


def test_asking_twice_changes_nothing() -> None:
    assert arrive(Line('a', ('b',)), 'a', NEWEST) == Change(Line('a', ('b',)))
    assert arrive(Line('a', ('b',)), 'b', NEWEST) == Change(Line('a', ('b',)))


def test_who_no_longer_waits_leaves_the_others_alone() -> None:
    assert leave(Line('a', ('b', 'c')), 'b') == Change(Line('a', ('c',)))
    assert leave(Line('a'), 'a') == Change(Line())
    assert leave(Line('a'), 'stranger') == Change(Line('a'))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.sampled_from((ONE, NEWEST, ALL)))))
def test_nobody_waits_while_nobody_runs(moves: list[tuple[bool, int, Group]]) -> None:
    line = Line()
    for comes, who, group in moves:
        line = (arrive(line, str(who), group) if comes else leave(line, str(who))).line
        assert line.running or not line.pending
        assert line.running not in line.pending

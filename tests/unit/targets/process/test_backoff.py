"""When an instance that died is started again."""

from liftlock.targets.process import backoff
from liftlock.targets.process.record import Record

RECORD = Record('r1-1', 'r1', 'release', 'serve', pid=7, born=9, since=1000.0)


def test_pauses_double_up_to_a_minute() -> None:
    kept, pauses = RECORD, []
    for _ in range(9):
        kept = backoff.died(kept, 1001.0, 'exited with code 1')
        pauses.append(backoff.due(kept) - kept.ended)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert (kept.restarts, kept.failures) == (9, 9)


def test_who_has_lived_for_a_minute_begins_with_the_shortest_pause_again() -> None:
    kept = RECORD._replace(failures=5, restarts=5)
    short, long = backoff.died(kept, 1059.9, ''), backoff.died(kept, 1060.0, '')
    assert (short.failures, long.failures) == (6, 1)
    assert (short.restarts, long.restarts) == (6, 6)


def test_who_died_has_no_process_any_more_and_says_how() -> None:
    kept = backoff.died(RECORD, 1001.0, 'was killed by SIGSEGV')
    assert (kept.pid, kept.born, kept.ended) == (0, 0, 1001.0)
    assert kept.message == 'was killed by SIGSEGV'


def test_who_was_never_started_is_due_at_once() -> None:
    assert backoff.due(RECORD._replace(pid=0, ended=1234.0)) == 1234.0

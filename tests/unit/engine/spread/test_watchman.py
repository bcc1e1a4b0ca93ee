from liftlock.engine.spread.watchman import Quiet, listen
from liftlock.store.workers import Worker


def worker(id: str, beat: int) -> Worker:
    return Worker(
        id=id, machine='m', pid=1, version='1', arch='x86_64', labels=(), picky=False, slots=1,
        state='ready', reason='', beat=beat, started=0.0, seen=0.0, busy=0,
    )  # fmt: skip


def test_silence_adds_up_while_a_beat_stands_still() -> None:
    known = listen({}, [worker('a', 5)], 3.0)
    assert known == {'a': Quiet(5, 0.0)}
    known = listen(known, [worker('a', 5)], 3.0)
    known = listen(known, [worker('a', 5)], 2.0)
    assert known == {'a': Quiet(5, 5.0)}


def test_a_beat_ends_it() -> None:
    assert listen({'a': Quiet(5, 29.0)}, [worker('a', 6)], 3.0) == {'a': Quiet(6, 0.0)}


def test_who_is_new_has_just_been_heard_and_who_is_gone_is_forgotten() -> None:
    assert listen({'a': Quiet(5, 29.0)}, [worker('b', 1)], 3.0) == {'b': Quiet(1, 0.0)}

from liftlock.engine.spread import matching
from liftlock.engine.spread.matching import BUSY, NOBODY, Answer, match, priority
from liftlock.plan.event import Event
from liftlock.store.tasks import Task
from liftlock.store.workers import Worker


def worker(id: str, *labels: str, slots: int = 1, busy: int = 0, **more: object) -> Worker:
    given = {'picky': False, 'state': 'ready', 'machine': id, 'arch': 'x86_64', **more}
    return Worker(
        id=id, pid=1, version='1', labels=labels, slots=slots, reason='', beat=1,
        started=0.0, seen=0.0, busy=busy, **given,
    )  # type: ignore[arg-type]  # fmt: skip


def task(id: int, *labels: str) -> Task:
    return Task(
        id=id, run=1, job=f'job{id}', attempt=1, name='', repository='o/r',
        labels=labels or ('ubuntu-latest',), priority=0, skippable=False, step='',
        work=1, sealed='', state='waiting', worker='', reason='', unserved=0.0, stop='',
        forced=False, created=0.0, claimed=0.0,
    )  # fmt: skip


def test_tasks_go_to_workers_with_room_in_their_order() -> None:
    found = match([task(3), task(1), task(2)], [worker('a', slots=2)])
    assert found == Answer({3: 'a', 1: 'a'}, {2: BUSY}, frozenset())


def test_the_emptier_of_two_equal_workers_has_it() -> None:
    there = [worker('a', slots=3, busy=2), worker('b', slots=3), worker('c', slots=3, busy=1)]
    assert match([task(1), task(2)], there).taken == {1: 'b', 2: 'b'}


def test_a_worker_with_special_labels_is_spared_for_who_needs_them() -> None:
    there = [worker('big', 'gpu', slots=9), worker('plain')]
    found = match([task(1), task(2, 'self-hosted', 'GPU'), task(3)], there)
    assert found.taken == {1: 'plain', 2: 'big', 3: 'big'}


def test_labels_are_a_set_that_one_worker_must_serve_whole() -> None:
    there = [worker('a', 'gpu'), worker('b', 'large')]
    found = match([task(1, 'gpu', 'large')], there)
    assert found.taken == {}
    assert found.unserved == {1}
    assert found.held[1] == (
        'waits for a worker with the labels gpu, large '
        '(a has no label "large"; its settings may map it to a place)'
    )


def test_a_picky_worker_takes_only_what_names_one_of_its_labels() -> None:
    there = [worker('a', 'deploy', picky=True)]
    assert match([task(1), task(2, 'linux', 'deploy')], there).taken == {2: 'a'}


def test_who_drains_or_rests_takes_nothing_but_serves() -> None:
    there = [worker('a', state='draining'), worker('b', state='resting')]
    assert match([task(1)], there) == Answer({}, {1: BUSY}, frozenset())


def test_where_nobody_carries_out_jobs_they_wait_unserved() -> None:
    assert match([task(1)], [worker('server', slots=0)]) == Answer({}, {1: NOBODY}, frozenset({1}))


def test_an_architecture_is_a_label_like_any_other() -> None:
    there = [worker('a'), worker('b', arch='aarch64')]
    assert match([task(1, 'self-hosted', 'ARM64')], there).taken == {1: 'b'}


def event(name: str, ref: str = 'refs/heads/main') -> Event:
    return Event(name, {}, ref, 'a' * 40, 'o/r', 'me')


def test_deployments_go_before_pushes_pull_requests_and_schedules() -> None:
    order = [
        priority(event('schedule'), 'production'),
        priority(event('push'), ''),
        priority(event('push', 'refs/heads/topic'), ''),
        priority(event('pull_request', 'refs/pull/7/merge'), ''),
        priority(event('schedule'), ''),
    ]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == 5
    assert priority(event('schedule'), '', 99) == 99
    assert matching.SCHEDULED > 0

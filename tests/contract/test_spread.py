"""What is true only where jobs are done by workers."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import postgres
from contract.test_drivers import Driver, begun, spread, until
from liftlock.engine.spread.matching import BUSY
from liftlock.engine.submission import Terms
from liftlock.plan import facts as f
from liftlock.store import tasks, workers
from liftlock.store.database import open_store
from pretend import Pretend, engine, jobs


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    runners: dict[int, Pretend] = {}
    with (
        postgres.database() as database,
        contextlib.closing(open_store(tmp_path / 'state', database)) as store,
    ):
        yield Driver(store, spread(store, runners), runners)


async def let_go(task: 'asyncio.Task[str]') -> None:
    """Whoever carried the run out is gone; its workers are not."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def test_jobs_go_on_while_nobody_carries_their_run_out(driver: Driver) -> None:
    async def scene() -> str:
        await let_go(await begun(driver, run))
        driver.runner.gate('go').set()
        await until(lambda: [task.state for task in tasks.of_run(driver.store, run)] == ['over'])
        return await driver.carry_out(run)

    run = driver.submit(jobs(a=('wait go', 'set word=hello')))
    assert asyncio.run(scene()) == 'success'
    assert driver.runner.ran == {'a': 1}
    kinds = [type(stamped.fact) for stamped in driver.store.facts(run)]
    assert f.JobLost not in kinds


def test_a_run_that_somebody_takes_up_on_his_own_machine_is_no_longer_the_workers(
    driver: Driver,
) -> None:
    async def scene() -> str:
        await let_go(await begun(driver, run))
        alone = engine(driver.store, runner)
        runner.gate('go').set()
        conclusion = await alone.carry_out(run, Terms(), driver.watching, driver.stop)
        driver.runner.gate('go').set()
        await until(lambda: driver.fleet is None or driver.fleet.worker.busy == 0)  # type: ignore[union-attr]
        return conclusion

    runner = Pretend()
    run = driver.submit(jobs(a='wait go'))
    assert asyncio.run(scene()) == 'success'
    assert tasks.of_run(driver.store, run) == []
    assert not tasks.has_told(driver.store, run)


def test_a_run_is_taken_up_while_its_jobs_run_and_they_can_still_be_stopped(driver: Driver) -> None:
    async def scene() -> str:
        await let_go(await begun(driver, run))
        task = asyncio.create_task(driver.carry_out(run))
        await until(lambda: run in driver.engine._carried)
        driver.engine.cancel(run, 'enough')
        return await task

    run = driver.submit(jobs(a='wait never'))
    assert asyncio.run(scene()) == 'cancelled'
    assert driver.runner.ran == {'a': 1}


def test_what_was_told_of_a_job_that_waits_for_its_proof_is_told_again(driver: Driver) -> None:
    """A job that deploys goes on over the death of whoever carries its run out."""

    async def scene() -> str:
        await let_go(await begun(driver, run))
        task = asyncio.create_task(driver.carry_out(run))
        await until(lambda: run in driver.engine._carried)
        driver.runner.gate('go').set()
        return await task

    steps = '    environment: production\n    steps:'
    run = driver.submit(jobs(a='wait go').replace('    steps:', steps))
    assert asyncio.run(scene()) == 'success'
    from liftlock.store import deliveries

    assert deliveries.underway(driver.store, run) == []


def test_no_step_starts_of_a_job_that_others_may_have_by_now(driver: Driver) -> None:
    async def scene() -> str:
        task = asyncio.create_task(driver.carry_out(run, Terms(restart_lost=False)))
        told = driver.watching.facts
        await until(lambda: any(isinstance(fact, f.JobBlocked) for fact in told))
        assert driver.fleet is not None
        worker = driver.fleet.worker
        assert worker is not None
        assert worker._lease is not None
        worker._lease._heard -= 3600  # it was frozen for an hour
        driver.runner.gate('port').set()
        return await task

    run = driver.submit(jobs(a=('blocked port', 'ok')))
    assert asyncio.run(scene()) == 'success'
    assert driver.runner.ran == {'a': 2}
    assert driver.runner.steps == {'a: blocked port': 1, 'a: ok': 1}


def test_a_job_that_is_asked_to_stop_once_is_not_ended_at_once(driver: Driver) -> None:
    """Workers look again and again, and find the same word each time."""

    async def scene() -> str:
        task = await begun(driver, run)
        driver.engine.cancel(run, 'enough')
        assert driver.fleet is not None
        worker = driver.fleet.worker
        assert worker is not None
        (duty, _) = next(iter(worker._duties.values()))
        assert duty._attempt is not None
        stop = duty._attempt.stop
        await until(stop.requested.is_set)
        for _ in range(3):
            worker._take()
        assert not stop.forced.is_set()
        return await task

    run = driver.submit(jobs(a='wait never'))
    assert asyncio.run(scene()) == 'cancelled'


def test_a_worker_whose_disk_is_full_loses_the_job_and_takes_a_rest(driver: Driver) -> None:
    async def scene() -> str:
        task = asyncio.create_task(driver.carry_out(run, Terms(restart_lost=False)))
        conclusion = await task
        (worker,) = workers.listed(driver.store)
        assert (worker.state, worker.reason) == ('resting', 'the disk is full')
        return conclusion

    run = driver.submit(jobs(a='full'))
    assert asyncio.run(scene()) == 'failure'
    (lost,) = [fact for fact in driver.watching.facts if isinstance(fact, f.JobLost)]
    assert lost.reason.endswith('the disk is full')


def test_a_job_that_nobody_serves_says_so_before_it_fails(driver: Driver) -> None:
    run, conclusion = driver.run(jobs(a='ok').replace('ubuntu-latest', '[self-hosted, gpu]'))
    assert conclusion == 'failure'
    told = [fact for fact in driver.watching.facts if isinstance(fact, f.JobBlocked)]
    assert told[0].reason.startswith('waits for a worker with the labels self-hosted, gpu')
    (ended,) = [fact for fact in driver.watching.facts if isinstance(fact, f.JobFinished)]
    assert 'there was no such worker' in ended.message
    assert driver.conclusions(run) == {'a': 'failure'}


def test_a_drained_worker_takes_no_more_jobs_until_it_may_again(driver: Driver) -> None:
    async def scene() -> str:
        assert driver.fleet is not None
        driver.fleet.begin()
        await until(lambda: workers.listed(driver.store))
        (worker,) = workers.listed(driver.store)
        with driver.store.transaction() as sql:
            workers.turn(sql, worker.id, workers.DRAINING)
        task = asyncio.create_task(driver.carry_out(run))
        await until(lambda: [one.reason for one in tasks.queue(driver.store)] == [BUSY])
        with driver.store.transaction() as sql:
            workers.turn(sql, worker.id, workers.READY)
        return await task

    run = driver.submit(jobs(a='ok'))
    assert asyncio.run(scene()) == 'success'

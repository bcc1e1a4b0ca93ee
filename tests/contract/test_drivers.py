"""What every driver of the engine promises, whatever spreads its work."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

import postgres
from fleet import Fleet
from liftlock.engine.submission import Terms
from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.runner.ports import JobRequest, Log, Report, Stop, World
from liftlock.store import lines, runs
from liftlock.store.database import Store, open_store
from liftlock.store.logs import LogReader
from liftlock.store.paths import RunPaths
from pretend import Pretend, Watching, engine, hands, jobs, submission

PATIENCE = 60.0


class Driver:
    """One engine on a store, with a pretended runner for the runs that it submits. Those that
    spread work share what does it."""

    def __init__(self, store: Store, fleet: Fleet | None, runners: dict[int, Pretend]) -> None:
        self.store = store
        self.fleet = fleet
        self.runner = Pretend()
        self.engine = fleet.engine if fleet else engine(store, self.runner)
        self.watching = Watching()
        self.stop = Stop()
        self._runners = runners

    def another(self) -> 'Driver':
        return Driver(self.store, self.fleet, self._runners)

    def submit(self, workflow: str, **more: object) -> int:
        run = self.engine.submit(submission(workflow, **more))
        self._runners[run] = self.runner
        return run

    async def carry_out(self, run: int, terms: Terms | None = None) -> str:
        if self.fleet:
            self.fleet.begin()
        work = self.engine.carry_out(run, terms or Terms(), self.watching, self.stop)
        return await asyncio.wait_for(work, PATIENCE)

    def run(self, workflow: str) -> tuple[int, str]:
        number = self.submit(workflow)
        return number, asyncio.run(self.carry_out(number))

    def conclusions(self, run: int) -> dict[str, str]:
        return {job.key: job.conclusion for job in runs.jobs(self.store, run)}


def spread(store: Store, runners: dict[int, Pretend]) -> Fleet:
    """Workers whose jobs are done by the runner of whoever submitted the run."""

    def runner(tracking_id: str) -> Pretend:
        return runners[int(tracking_id.split('_')[2])]

    async def run_job(
        request: JobRequest, world: World, report: Report, log: Log, stop: Stop
    ) -> f.JobFinished:
        return await runner(request.tracking_id).run_job(request, world, report, log, stop)

    def end_leftovers(tracking_id: str) -> None:
        runner(tracking_id).ended.append(tracking_id)

    given = hands(Pretend())._replace(run_job=run_job, end_leftovers=end_leftovers)
    return Fleet(store, given)


@pytest.fixture(params=('inline-sqlite', 'inline-postgres', 'spread-postgres'))
def driver(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Driver]:
    how, _, where = request.param.partition('-')
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(postgres.database()) if where == 'postgres' else ''
        store = stack.enter_context(contextlib.closing(open_store(tmp_path / 'state', database)))
        runners: dict[int, Pretend] = {}
        fleet = spread(store, runners) if how == 'spread' else None
        yield Driver(store, fleet, runners)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def begun(driver: Driver, run: int) -> 'asyncio.Task[str]':
    """Carry the run out in the background; return when its first job has begun."""
    task = asyncio.create_task(driver.carry_out(run))
    await until(lambda: driver.runner.ran or task.done())
    return task


async def killed(driver: Driver, task: Awaitable[str]) -> None:
    """Leave a run in the middle, as a process does that is killed."""
    assert isinstance(task, asyncio.Task)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    if driver.fleet:
        await driver.fleet.die()


NEEDS = """
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {}
    steps: [{run: set word=hello}]
  second:
    needs: first
    runs-on: ubuntu-latest
    steps: [{run: ok}]
  third:
    needs: [first, second]
    runs-on: ubuntu-latest
    steps: [{run: fail}]
  fourth:
    needs: third
    runs-on: ubuntu-latest
    steps: [{run: ok}]
  always:
    needs: third
    if: always()
    runs-on: ubuntu-latest
    steps: [{run: ok}]
"""


def test_jobs_run_after_those_they_need(driver: Driver) -> None:
    run, conclusion = driver.run(NEEDS)
    assert conclusion == 'failure'
    assert driver.runner.order == ['first', 'second', 'third', 'always']
    assert driver.conclusions(run) == {
        'first': 'success',
        'second': 'success',
        'third': 'failure',
        'fourth': 'skipped',
        'always': 'success',
    }
    row = runs.find(driver.store, str(run))
    assert (row.status, row.conclusion) == ('completed', 'failure')


def test_watchers_hear_every_fact_in_the_order_of_the_store(driver: Driver) -> None:
    run, _ = driver.run(NEEDS)
    stored = [stamped.fact for stamped in driver.store.facts(run)]
    assert driver.watching.facts == stored
    assert isinstance(stored[0], f.RunSubmitted)
    assert stored[-1] == f.RunFinished('failure')


def test_jobs_that_need_nothing_run_at_the_same_time_up_to_the_places(driver: Driver) -> None:
    driver.run(jobs(**{f'job{number}': 'ok' for number in range(9)}))
    assert driver.runner.most == 2
    assert sum(driver.runner.ran.values()) == 9


def test_logs_are_kept_by_step(driver: Driver) -> None:
    run, _ = driver.run(jobs(build=('ok', 'set a=b')))
    reader = LogReader(RunPaths(driver.store.directory, run).log('build', 1))
    assert [(line.step, line.text) for line in reader.lines()] == [(1, '$ ok'), (2, '$ set a=b')]
    if not driver.fleet:  # lines of other machines are read from the log
        assert driver.watching.lines == [('build', 1, '$ ok\n'), ('build', 2, '$ set a=b\n')]


def test_a_bug_in_the_runner_fails_its_job_and_no_other(driver: Driver) -> None:
    run, conclusion = driver.run(jobs(bad='boom', good=('ok', 'ok')))
    assert conclusion == 'failure'
    assert driver.conclusions(run) == {'bad': 'failure', 'good': 'success'}
    reader = LogReader(RunPaths(driver.store.directory, run).log('bad', 1))
    assert any('ZeroDivisionError' in line.text for line in reader.lines())


def test_a_runner_that_is_missing_fails_the_job_and_says_so(driver: Driver) -> None:
    workflow = jobs(here='ok') + jobs(there='ok').partition('jobs:\n')[2].replace(
        'ubuntu-latest', 'windows-latest'
    )
    run, conclusion = driver.run(workflow)
    assert conclusion == 'failure'
    assert driver.conclusions(run) == {'here': 'success', 'there': 'failure'}
    (finished,) = (
        fact for fact in driver.watching.facts
        if isinstance(fact, f.JobFinished) and fact.job == 'there'
    )  # fmt: skip
    assert 'Windows' in finished.message
    run = driver.submit(workflow, allow_missing_runners=True)
    assert asyncio.run(driver.carry_out(run)) == 'success'
    assert driver.conclusions(run) == {'here': 'success', 'there': 'skipped'}


# --- stopping


def test_a_stop_reaches_running_jobs_and_those_that_wait(driver: Driver) -> None:
    async def scene() -> str:
        task = await begun(driver, run)
        driver.stop.request('enough')
        return await task

    run = driver.submit(jobs(a='wait never', b='wait never', c='ok', d='ok'))
    assert asyncio.run(scene()) == 'cancelled'
    assert set(driver.conclusions(run).values()) == {'cancelled'}
    assert set(driver.runner.order) == {'a', 'b'}


def test_a_run_is_cancelled_from_another_process(driver: Driver) -> None:
    async def scene() -> str:
        other = driver.store.again()
        task = await begun(driver, run)
        engine(other, Pretend()).cancel(run, 'somebody else wants it')
        other.close()
        return await task

    run = driver.submit(jobs(a='wait never'))
    assert asyncio.run(scene()) == 'cancelled'
    assert f.StopRequested('', 'somebody else wants it') in driver.watching.facts


def test_a_run_that_nobody_carries_out_is_cancelled_on_the_spot(driver: Driver) -> None:
    async def scene() -> None:
        await killed(driver, await begun(driver, run))

    run = driver.submit(NEEDS.replace('set word=hello', 'wait never'))
    asyncio.run(scene())
    driver.engine.cancel(run, 'enough')
    row = runs.find(driver.store, str(run))
    assert (row.status, row.conclusion) == ('completed', 'cancelled')
    with pytest.raises(UserError, match='already finished'):
        driver.engine.cancel(run, 'again')


def test_legs_are_stopped_by_the_first_that_fails(driver: Driver) -> None:
    run, conclusion = driver.run("""
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    strategy: {matrix: {n: [1, 2, 3, 4]}}
    steps: [{run: 'leg test[0]'}]
""")
    assert conclusion == 'failure'
    assert sorted(driver.conclusions(run).values()) == ['cancelled'] * 3 + ['failure']


# --- taking over


def test_finished_jobs_are_not_run_again_when_a_run_is_taken_up(driver: Driver) -> None:
    async def scene() -> str:
        task = await begun(driver, run)
        await until(lambda: driver.runner.ran['third'])
        await killed(driver, task)
        driver.runner.gate('go').set()
        return await driver.carry_out(run)

    run = driver.submit(NEEDS.replace('run: fail', 'run: wait go'))
    assert asyncio.run(scene()) == 'success'
    assert driver.runner.ran == {'first': 1, 'second': 1, 'third': 2, 'fourth': 1, 'always': 1}
    assert driver.runner.ended, 'what the lost attempt left behind is ended first'
    assert driver.runner.requests['third'].attempt == 2


def test_every_attempt_has_a_directory_and_a_tracking_id_of_its_own(driver: Driver) -> None:
    async def scene() -> tuple[object, object]:
        task = await begun(driver, run)
        before = driver.runner.requests['a']
        await killed(driver, task)
        driver.runner.gate('go').set()
        await driver.carry_out(run)
        return before, driver.runner.requests['a']

    run = driver.submit(jobs(a='wait go'))
    before, after = asyncio.run(scene())
    assert before.directory != after.directory  # type: ignore[attr-defined]
    assert before.tracking_id != after.tracking_id  # type: ignore[attr-defined]
    assert driver.runner.ended == [before.tracking_id]  # type: ignore[attr-defined]


def test_without_somebodys_word_a_job_that_had_begun_is_not_started_again(driver: Driver) -> None:
    async def scene() -> str:
        await killed(driver, await begun(driver, run))
        return await driver.carry_out(run, Terms(restart_lost=False))

    run = driver.submit(jobs(a='wait never'))
    assert asyncio.run(scene()) == 'failure'
    assert driver.runner.ran['a'] == 1


def test_liftlock_yml_may_say_that_a_job_that_was_lost_starts_again(driver: Driver) -> None:
    async def scene() -> str:
        await killed(driver, await begun(driver, run))
        task = asyncio.create_task(driver.carry_out(run, Terms(restart_lost=False)))
        await until(lambda: driver.runner.ran['a'] == 2 or task.done())
        await killed(driver, task)
        return await driver.carry_out(run, Terms(restart_lost=False))

    run = driver.submit(jobs(a='wait never'), retries={'a': 1})
    assert asyncio.run(scene()) == 'failure'
    assert driver.runner.ran['a'] == 2


def test_a_lost_deployment_is_never_started_again_by_itself(driver: Driver) -> None:
    async def scene() -> str:
        await killed(driver, await begun(driver, run))
        return await driver.carry_out(run)

    workflow = jobs(a='wait never').replace('    steps:', '    environment: production\n    steps:')
    run = driver.submit(workflow)
    assert asyncio.run(scene()) == 'failure'
    assert driver.runner.ran['a'] == 1
    assert any(isinstance(fact, f.JobLost) for fact in driver.watching.facts)


def test_a_run_that_somebody_carries_out_cannot_be_taken_up(driver: Driver) -> None:
    """Two engines of one process share its name; another process does not."""

    async def scene() -> None:
        task = await begun(driver, run)
        child = await asyncio.create_subprocess_exec(
            sys.executable, '-c', TAKE_UP, str(driver.store.directory), str(run),
            driver.store.database,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, _ = await child.communicate()
        driver.runner.gate('go').set()
        assert 'is being carried out by process' in said.decode()
        assert await task == 'success'

    run = driver.submit(jobs(a='wait go'))
    asyncio.run(scene())


TAKE_UP = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parents[2] / 'src')]!r}
from pathlib import Path
from liftlock.errors import UserError
from liftlock.store import owners, runs
from liftlock.store.database import open_store
store = open_store(Path(sys.argv[1]), sys.argv[3])
try:
    runs.claim(store, int(sys.argv[2]), 'me', lambda name: owners.dead(store, name))
except UserError as error:
    print(error)
"""


def test_an_engine_whose_run_was_taken_over_stops_at_once(driver: Driver) -> None:
    async def scene() -> None:
        task = await begun(driver, run)
        runs.claim(driver.store, run, 'somebody else', lambda owner: True)
        driver.runner.gate('go').set()
        with pytest.raises(UserError, match='taken over by another process'):
            await task

    run = driver.submit(jobs(a='wait go', b='ok'))
    asyncio.run(scene())
    kinds = {type(stamped.fact) for stamped in driver.store.facts(run)}
    assert f.RunFinished not in kinds


def test_our_own_disk_failing_ends_the_engine_but_not_the_run(driver: Driver) -> None:
    if driver.fleet:
        pytest.skip('a worker of many goes on: see test_workers.py')
    run = driver.submit(jobs(a='full', b='wait never'))
    with pytest.raises(UserError, match='the disk is full'):
        asyncio.run(driver.carry_out(run))
    assert runs.find(driver.store, str(run)).status == 'in_progress'


def test_a_run_that_our_own_disk_has_ended_takes_no_places_with_it(driver: Driver) -> None:
    if driver.fleet:
        pytest.skip('a worker of many goes on: see test_workers.py')
    for _ in range(len(os.sched_getaffinity(0)) + 4):  # more than there are places
        run = driver.submit(jobs(a='full'))
        with pytest.raises(UserError, match='the disk is full'):
            asyncio.run(driver.carry_out(run))
    run = driver.submit(jobs(a='ok'))
    assert asyncio.run(asyncio.wait_for(driver.carry_out(run), 30)) == 'success'


def test_what_failed_here_can_be_taken_up_by_whoever_carries_others_out(driver: Driver) -> None:
    if driver.fleet:
        pytest.skip('a worker of many goes on: see test_workers.py')

    def may_take_up(one: Driver) -> bool:
        return one.engine.free(runs.find(driver.store, str(failed)).owner)

    async def scene() -> None:
        work = await begun(driver, busy)
        with pytest.raises(UserError, match='the disk is full'):
            await driver.carry_out(failed)
        assert may_take_up(driver)
        assert not may_take_up(driver.another()), 'who has it lives'
        driver.runner.gate('go').set()
        assert await work == 'success'

    busy, failed = driver.submit(jobs(a='wait go')), driver.submit(jobs(a='full'))
    asyncio.run(scene())


# --- secrets


def test_jobs_get_the_secrets_that_were_given(driver: Driver) -> None:
    run = driver.submit(jobs(a='secret TOKEN'), secrets=('TOKEN',))
    asyncio.run(driver.carry_out(run, Terms(secrets={'TOKEN': 's3cret'})))
    assert driver.runner.requests['a'].secrets == {'TOKEN': 's3cret'}


def test_secrets_are_asked_for_again_by_name_and_stored_nowhere(driver: Driver) -> None:
    run = driver.submit(jobs(a='ok'), secrets=('TOKEN', 'OTHER'))
    with pytest.raises(UserError, match='TOKEN, OTHER') as told:
        asyncio.run(driver.carry_out(run))
    assert told.value.hint.endswith('--secret TOKEN --secret OTHER')
    asyncio.run(driver.carry_out(run, Terms(secrets={'TOKEN': 's3cr3t', 'OTHER': 'x'})))
    kept = list((driver.store.directory / 'logs').rglob('*.*'))
    kept += driver.store.directory.glob('liftlock.db*')
    written = [file.read_bytes() for file in kept] + postgres.everything(driver.store.database)
    assert len(written) > 2
    assert not [one for one in written if b's3cr3t' in one]


# --- again


def test_a_rerun_of_what_failed_leaves_the_rest_alone(driver: Driver) -> None:
    run, _ = driver.run(NEEDS)
    driver.engine.rerun(run, {}, failed=True)
    assert asyncio.run(driver.carry_out(run)) == 'failure'
    assert driver.runner.ran == {'first': 1, 'second': 1, 'third': 2, 'always': 2}
    assert runs.find(driver.store, str(run)).attempt == 2


def test_a_rerun_of_a_job_takes_along_those_that_need_it(driver: Driver) -> None:
    run, _ = driver.run(NEEDS)
    driver.engine.rerun(run, {}, jobs=('second',))
    asyncio.run(driver.carry_out(run))
    assert driver.runner.ran == {'first': 1, 'second': 2, 'third': 2, 'always': 2}


def test_a_rerun_of_everything_runs_everything(driver: Driver) -> None:
    run, _ = driver.run(NEEDS)
    driver.engine.rerun(run, {})
    asyncio.run(driver.carry_out(run))
    assert set(driver.runner.ran.values()) == {2}


def test_a_run_that_has_not_finished_cannot_be_run_again(driver: Driver) -> None:
    run = driver.submit(jobs(a='ok'))
    with pytest.raises(UserError, match='has not finished') as caught:
        driver.engine.rerun(run, {})
    assert caught.value.hint == f'take it up with: liftlock resume {run}'


def test_nor_can_one_that_is_carried_out_here(driver: Driver) -> None:
    async def scene() -> str:
        run = driver.submit(jobs(a='wait never'))
        task = await begun(driver, run)
        with pytest.raises(UserError, match='has not finished') as caught:
            driver.engine.rerun(run, {})
        assert caught.value.hint == f'watch it with: liftlock logs {run} --follow'
        driver.engine.cancel(run, 'enough')
        return await task

    assert asyncio.run(scene()) == 'cancelled'


def test_without_a_failure_there_is_nothing_to_run_again(driver: Driver) -> None:
    run, _ = driver.run(jobs(a='ok'))
    with pytest.raises(UserError, match='no job of this run failed'):
        driver.engine.rerun(run, {}, failed=True)


def test_a_job_goes_on_at_a_step_in_the_directory_it_left(driver: Driver) -> None:
    run, _ = driver.run(jobs(a=('ok', 'fail', 'ok')))
    directory = driver.runner.requests['a'].directory
    assert directory.is_dir(), 'the workspace of a failed job is kept'
    for attempt in (2, 3):
        driver.engine.rerun(run, {}, jobs=('a',), from_step='2')
        asyncio.run(driver.carry_out(run))
        request = driver.runner.requests['a']
        assert (request.attempt, request.directory) == (attempt, directory)
        assert request.from_step
    driver.engine.rerun(run, {}, jobs=('a',))
    asyncio.run(driver.carry_out(run))
    request = driver.runner.requests['a']
    assert request.from_step == ''
    assert request.directory != directory


def test_a_step_that_is_not_there_is_a_users_mistake(driver: Driver) -> None:
    run, _ = driver.run(jobs(a=('ok', 'fail')))
    with pytest.raises(UserError, match='has no step "deploy"') as told:
        driver.engine.rerun(run, {}, jobs=('a',), from_step='deploy')
    assert '1 to 2' in told.value.hint
    with pytest.raises(UserError, match='exactly one job'):
        driver.engine.rerun(run, {}, from_step='1')


def test_the_workspace_of_a_job_that_succeeded_is_gone(driver: Driver) -> None:
    async def scene() -> None:
        await driver.carry_out(run)
        await until(lambda: not RunPaths(driver.store.directory, run).works.exists())

    run = driver.submit(jobs(a='ok', b='ok'))
    asyncio.run(scene())
    with pytest.raises(UserError, match='was not kept'):
        driver.engine.rerun(run, {}, jobs=('a',), from_step='1')


# --- what jobs of this machine wait for


def test_jobs_that_wait_for_something_leave_their_place_to_others(driver: Driver) -> None:
    run = driver.submit(jobs(a='blocked port', b='blocked port', c='ok', d='ok', e='wait go'))

    async def scene() -> str:
        task = await begun(driver, run)
        await until(lambda: driver.runner.ran['e'])
        driver.runner.gate('port').set()
        driver.runner.gate('go').set()
        return await task

    assert asyncio.run(scene()) == 'success'
    driver.runner.most = 0
    assert driver.run(jobs(f='ok', g='ok', h='ok', i='ok'))[1] == 'success'
    assert driver.runner.most == 2


def test_a_job_that_waits_is_stopped_like_any_other(driver: Driver) -> None:
    run = driver.submit(jobs(a='blocked port', b='blocked port'))

    async def scene() -> str:
        task = await begun(driver, run)
        told = driver.watching.facts
        await until(lambda: sum(isinstance(fact, f.JobBlocked) for fact in told) == 2)
        driver.engine.cancel(run, 'enough')
        return await task

    assert asyncio.run(scene()) == 'cancelled'
    driver.runner.most = 0
    assert driver.run(jobs(f='ok', g='ok', h='ok', i='ok'))[1] == 'success'
    assert driver.runner.most == 2


# --- concurrency groups

GROUP = 'on: push\nconcurrency: {group: deploy, cancel-in-progress: CANCEL}\n'


def in_group(script: str, *, cancel: bool = False) -> str:
    head = GROUP.replace('CANCEL', str(cancel).lower())
    return head + jobs(a=script).removeprefix('on: push\n')


def test_runs_of_one_group_wait_for_each_other_and_say_so(driver: Driver) -> None:
    async def scene() -> None:
        first = await begun(driver, one)
        second = asyncio.create_task(other.carry_out(two))
        await until(lambda: any(isinstance(fact, f.JobBlocked) for fact in other.watching.facts))
        assert not other.runner.ran
        driver.runner.gate('go').set()
        assert await first == 'success'
        other.runner.gate('go').set()
        assert await second == 'success'

    other = driver.another()
    one, two = driver.submit(in_group('wait go')), other.submit(in_group('wait go'))
    asyncio.run(scene())
    assert lines.held(driver.store, 'owner/name', one) == set()
    assert lines.held(driver.store, 'owner/name', two) == set()


def test_a_newer_run_takes_the_waiting_ones_place(driver: Driver) -> None:
    async def scene() -> list[str]:
        first = await begun(driver, one)
        second = asyncio.create_task(others[0].carry_out(two))
        await until(lambda: runs.jobs(driver.store, two))
        third = asyncio.create_task(others[1].carry_out(three))
        assert await asyncio.wait_for(second, PATIENCE) == 'cancelled'
        driver.runner.gate('go').set()
        return [await first, await third]

    others = [driver.another(), driver.another()]
    one = driver.submit(in_group('wait go'))
    two, three = (other.submit(in_group('ok')) for other in others)
    assert asyncio.run(scene()) == ['success', 'success']


def test_a_newer_run_may_stop_the_one_in_progress(driver: Driver) -> None:
    async def scene() -> list[str]:
        first = await begun(driver, one)
        second = asyncio.create_task(other.carry_out(two))
        return [await first, await second]

    other = driver.another()
    one = driver.submit(in_group('wait never', cancel=True))
    two = other.submit(in_group('ok', cancel=True))
    assert asyncio.run(scene()) == ['cancelled', 'success']


def test_jobs_of_one_group_never_overlap(driver: Driver) -> None:
    group = '    concurrency: {group: db, queue: max}\n    steps:'
    workflow = jobs(**{f'job{number}': ('ok', 'ok') for number in range(4)})
    _, conclusion = driver.run(workflow.replace('    steps:', group))
    assert conclusion == 'success'
    assert driver.runner.most == 1


def test_a_job_that_wants_the_group_of_its_own_run_is_no_deadlock(driver: Driver) -> None:
    workflow = in_group('ok').replace('    steps:', '    concurrency: Deploy\n    steps:')
    run, conclusion = driver.run(workflow)
    assert conclusion == 'cancelled'
    (finished,) = (fact for fact in driver.watching.facts if isinstance(fact, f.JobFinished))
    assert finished.message.startswith('deadlock: the concurrency group "Deploy"')
    assert lines.held(driver.store, 'owner/name', run) == set()


def test_a_dead_process_holds_nobody_up(driver: Driver) -> None:
    async def scene() -> str:
        await killed(driver, await begun(driver, one))
        return await other.carry_out(two)

    other = driver.another()
    one, two = driver.submit(in_group('wait never')), other.submit(in_group('ok'))
    assert asyncio.run(scene()) == 'success'

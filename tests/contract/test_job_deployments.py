"""Jobs that deploy by their own commands: protected, one at a time, recorded, never lost."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from liftlock.engine.delivery import admission, approvals
from liftlock.engine.delivery.orphans import Delivered
from liftlock.engine.delivery.stream import Stream
from liftlock.engine.inline import Inline
from liftlock.engine.submission import Submission, Terms
from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.rollout import facts as r
from liftlock.rollout.version import Version
from liftlock.runner.ports import Stop
from liftlock.store import deliveries, runs
from liftlock.store.database import open_store
from liftlock.store.deliveries import Deployment, Place
from pretend import Pretend, Watching, hands, submission

PATIENCE = 60.0
TEAMS = {'ops': ('bob', 'carol')}
APPROVED = 'environments: {production: {protection: {reviewers: [ops]}}}'


def deploying(script: str = 'ok', environment: str = 'production', more: str = '') -> str:
    return f"""
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: {environment}
    steps: [{{run: {script}}}]
{more}"""


class Driver:
    """One engine, as a process has it, with a pretended runner."""

    def __init__(self, directory: Path) -> None:
        self.store = open_store(directory)
        self.runner = Pretend()
        self.told: list[Delivered] = []
        made = hands(self.runner)._replace(delivered=self.told.append)
        self.engine = Inline(self.store, made, slots=2, teams=TEAMS)
        self.watching = Watching()
        self.stop = Stop()

    def submit(self, workflow: str, settings: str = '', **more: object) -> int:
        return self.engine.submit(made(workflow, settings, **more))

    async def carry_out(self, run: int, terms: Terms | None = None) -> str:
        work = self.engine.carry_out(run, terms or Terms(), self.watching, self.stop)
        return await asyncio.wait_for(work, PATIENCE)

    def run(self, workflow: str, settings: str = '', **more: object) -> str:
        self.stop = Stop()
        return asyncio.run(self.carry_out(self.submit(workflow, settings, **more)))

    def place(self, name: str = 'production') -> Place:
        return deliveries.environment(self.store, 'owner/name', name)

    def wanted(self, name: str = 'production') -> approvals.Wanted:
        return approvals.find(self.store, self.place(name))

    def rows(self, name: str = 'production') -> list[Deployment]:
        return deliveries.listed(self.store, environment=self.place(name).id)[::-1]

    def reasons(self) -> list[str]:
        return [fact.reason for fact in self.watching.facts if isinstance(fact, f.JobBlocked)]

    def message(self, job: str = 'deploy') -> str:
        (found,) = (
            fact.message
            for fact in self.watching.facts
            if isinstance(fact, f.JobFinished) and fact.job == job
        )
        return found


def made(workflow: str, settings: str, **more: object) -> Submission:
    """The request's own fields among `more`, or the submission's."""
    plain = submission(workflow, settings=settings)
    event = plain.request.event._replace(**more.pop('event', {}))  # type: ignore[arg-type]
    return plain._replace(request=plain.request._replace(event=event, **more))


@pytest.fixture
def drivers(tmp_path: Path) -> Iterator[Callable[[], Driver]]:
    opened: list[Driver] = []

    def another() -> Driver:
        opened.append(Driver(tmp_path / 'state'))
        return opened[-1]

    yield another
    for driver in opened:
        driver.store.close()


@pytest.fixture
def driver(drivers: Callable[[], Driver]) -> Driver:
    return drivers()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def waiting(driver: Driver, run: int, terms: Terms | None = None) -> 'asyncio.Task[str]':
    """Carry the run out in the background; return when its job waits."""
    before = len(driver.reasons())
    task = asyncio.create_task(driver.carry_out(run, terms))
    await until(lambda: len(driver.reasons()) > before or task.done())
    assert not task.done(), 'nothing held it'
    return task


async def begun(driver: Driver, run: int) -> 'asyncio.Task[str]':
    task = asyncio.create_task(driver.carry_out(run))
    await until(lambda: driver.runner.ran['deploy'] or task.done())
    return task


async def killed(task: 'asyncio.Task[str]') -> None:
    task.cancel()
    await asyncio.wait([task])


# --- without protection


def test_an_environment_that_nobody_declared_lets_a_job_through_and_records_it(
    driver: Driver,
) -> None:
    assert driver.run(deploying()) == 'success'
    (row,) = driver.rows()
    assert (row.kind, row.status, row.conclusion) == ('job', 'completed', 'success')
    assert (row.run, row.job, row.commit, row.ref) == (1, 'deploy', 'a' * 40, 'refs/heads/main')
    assert (row.version, row.by) == ('aaaaaaa', 'me')
    assert driver.reasons() == []


def test_a_job_that_fails_leaves_a_deployment_that_failed(driver: Driver) -> None:
    assert driver.run(deploying('fail')) == 'failure'
    assert [row.conclusion for row in driver.rows()] == ['failure']
    assert driver.told == []


def test_a_tag_is_what_the_version_is_called(driver: Driver) -> None:
    driver.run(deploying(), event={'ref': 'refs/tags/v1.2.0'})
    assert [row.version for row in driver.rows()] == ['v1.2.0']


def test_whoever_looks_after_it_is_told_at_the_end(driver: Driver) -> None:
    driver.run(deploying(environment='{name: Production}'), APPROVED.replace('[ops]', '[]'))
    (told,) = driver.told
    assert (told.name, told.number, told.version.name) == ('production', 1, 'aaaaaaa')
    assert 'environments' in deliveries.text(driver.store, told.settings)


def test_nothing_of_it_is_loaded_for_a_run_without_environments(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from liftlock.engine.inline import Inline
from liftlock.engine.submission import Terms
from liftlock.runner.ports import Stop
from liftlock.store.database import open_store
from pretend import Pretend, Watching, hands, jobs, submission
engine = Inline(open_store(Path({str(tmp_path / 'state')!r})), hands(Pretend()))
run = engine.submit(submission(jobs(a='ok')))
assert asyncio.run(engine.carry_out(run, Terms(), Watching(), Stop())) == 'success'
heavy = ('liftlock.rollout', 'liftlock.gates', 'liftlock.engine.delivery', 'cryptography')
print([name for name in sys.modules if name.startswith(heavy)])
"""
    env = {'PATH': os.environ['PATH'], 'PYTHONPATH': os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, '-c', program], env=env, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ('[]', '')


# --- protection


def test_a_job_waits_until_somebody_approves_it(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        assert driver.runner.ran['deploy'] == 0
        approvals.approve(driver.wanted(), 'bob', 'looks good')
        return await task

    run = driver.submit(deploying(), APPROVED)
    assert asyncio.run(scene()) == 'success'
    assert driver.reasons() == [
        'production: waits for an approval of ops (liftlock approve production)'
    ]
    told = [stamped.fact for stamped in deliveries.facts(driver.store, driver.place().id)]
    kinds = [type(fact).__name__ for fact in told]
    assert kinds == [
        'DeploymentRequested', 'DeploymentHeld', 'Approved', 'DeploymentAllowed',
        'DeploymentStarted', 'DeploymentFinished',
    ]  # fmt: skip
    assert isinstance(told[3], r.DeploymentAllowed)
    assert told[3].message == 'approved by bob'


def test_jobs_that_wait_leave_their_places_to_others(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        await until(lambda: driver.runner.ran['other'])
        approvals.approve(driver.wanted('production'), 'bob', '')
        approvals.approve(driver.wanted('staging'), 'bob', '')
        return await task

    other = """
  second:
    runs-on: ubuntu-latest
    environment: staging
    steps: [{run: ok}]
  other:
    runs-on: ubuntu-latest
    steps: [{run: ok}]
"""
    both = APPROVED[:-1] + ', staging: {protection: {reviewers: [bob]}}}'
    driver.engine = Inline(driver.store, hands(driver.runner), slots=1, teams=TEAMS)
    run = driver.submit(deploying(more=other), both)
    assert asyncio.run(scene()) == 'success'
    assert driver.runner.order[0] == 'other'


def test_what_is_rejected_fails_with_the_reason(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        approvals.reject(driver.wanted(), 'carol', 'not on a Friday')
        return await task

    run = driver.submit(deploying(), APPROVED)
    assert asyncio.run(scene()) == 'failure'
    assert driver.message() == 'production: carol rejected it: not on a Friday'
    assert driver.runner.ran['deploy'] == 0
    assert [(row.conclusion, row.message) for row in driver.rows()] == [
        ('rejected', 'carol rejected it: not on a Friday')
    ]


def test_what_nobody_approves_expires(driver: Driver) -> None:
    settings = APPROVED.replace('[ops]', '[ops], expires: 1s')
    assert driver.run(deploying(), settings) == 'failure'
    assert 'production: nobody let it through by' in driver.message()
    assert [row.conclusion for row in driver.rows()] == ['rejected']


def test_the_wait_timer_is_waited_for(driver: Driver) -> None:
    settings = 'environments: {production: {protection: {wait: 1s}}}'
    assert driver.run(deploying(), settings) == 'success'
    assert driver.reasons()[0].startswith('production: its wait timer runs until ')
    (row,) = driver.rows()
    assert row.started - row.created >= 1.0


def test_a_branch_that_may_not_be_deployed_is_refused(driver: Driver) -> None:
    settings = 'environments: {Production: {protection: {branches: [release]}}}'
    assert driver.run(deploying(), settings) == 'failure'
    assert driver.message() == 'production: branch "main" may not be deployed here, only release'


def test_an_approval_of_other_settings_counts_for_nothing(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        other = r.Approved(1, 'bob', 'a' * 40, 'another digest')
        deliveries.append(driver.store, driver.place().id, [other])
        await until(lambda: 'other settings' in driver.reasons()[-1])
        assert driver.runner.ran['deploy'] == 0
        approvals.approve(driver.wanted(), 'bob', '')
        return await task

    run = driver.submit(deploying(), APPROVED)
    assert asyncio.run(scene()) == 'success'


def test_the_settings_are_the_workflow_and_liftlock_yml(driver: Driver) -> None:
    bare = APPROVED.replace('[ops]', '[]')
    driver.run(deploying(), bare)
    driver.run(deploying(), bare)
    driver.run(deploying('ok '), bare)
    driver.run(deploying(), f'{bare} # changed')
    one, same, workflow, settings = (row.settings for row in driver.rows())
    assert one == same
    assert len({one, workflow, settings}) == 3


def test_nobody_approves_his_own_where_that_is_not_wanted(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run, Terms(by='bob'))
        for own in ('bob', 'carol'):
            with pytest.raises(UserError, match='may not approve what is'):
                approvals.refuse_approval(driver.wanted(), own, {'ops': ('bob', 'carol', 'dave')})
            approvals.approve(driver.wanted(), own, 'all the same')  # as another version might
        driver.stop.request('enough')
        return await task

    settings = APPROVED.replace('[ops]', '[ops], prevent_self_review: true')
    run = driver.submit(deploying(), settings, event={'actor': 'carol'})
    assert asyncio.run(scene()) == 'cancelled'
    assert driver.runner.ran['deploy'] == 0


def test_who_pushed_a_version_is_who_its_run_names_whoever_deploys_it(driver: Driver) -> None:
    driver.run(deploying(environment='staging'), event={'actor': 'carol'})
    stream = Stream(driver.store, driver.place())
    for run, authors in ((1, ('carol',)), (0, ()), (99, ())):
        version = Version('v1', 'a' * 40, run=run)
        deliveries.request(
            driver.store, stream.place.id, r.DeploymentRequested(0, r.DEPLOY, version, 'x', 'alice')
        )
        stream.read()
        one = stream.environment.deployments[stream.environment.next_number - 1]
        assert admission.authors(driver.store, one) == authors


def test_a_freeze_holds_a_job_until_somebody_passes_over_it_with_a_reason(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        approvals.bypass(driver.wanted(), 'bob', 'the shop is down')
        return await task

    settings = 'environments: {production: {freeze: {from: 2020-01-01, reason: stop the line}}}'
    run = driver.submit(deploying(), settings)
    assert asyncio.run(scene()) == 'success'
    assert driver.reasons() == ['production: frozen since 2020-01-01: stop the line']
    facts = [stamped.fact for stamped in deliveries.facts(driver.store, driver.place().id)]
    assert r.ProtectionBypassed(1, 'bob', 'the shop is down') in facts
    (allowed,) = (fact for fact in facts if isinstance(fact, r.DeploymentAllowed))
    assert allowed.message == (
        'bob bypassed this: frozen since 2020-01-01: stop the line (the shop is down)'
    )


def test_the_same_version_must_have_succeeded_in_what_comes_before(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        before = driver.submit(deploying(environment='staging'), settings)
        other = Stop()
        assert await driver.engine.carry_out(before, Terms(), Watching(), other) == 'success'
        return await task

    settings = 'environments: {staging: {}, production: {needs: [staging]}}'
    driver.run(deploying(environment='staging'), settings, event={'sha': 'b' * 40})
    run = driver.submit(deploying(), settings)
    assert asyncio.run(scene()) == 'success'
    assert driver.reasons() == ['production: waits for this version to succeed in staging']


def test_where_liftlock_deploys_itself_no_job_does(driver: Driver) -> None:
    settings = 'environments: {production: {target: {process: {command: serve}}}}'
    assert driver.run(deploying(environment='${{ github.ref_name }}'), '') == 'success'
    assert driver.run(deploying(environment="${{ 'production' }}"), settings) == 'failure'
    (_, message) = (
        fact.message for fact in driver.watching.facts if isinstance(fact, f.JobFinished)
    )
    assert 'Liftlock itself deploys to "production"' in message


def test_a_job_that_liftlock_yml_binds_to_an_environment_belongs_to_it(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        approvals.approve(driver.wanted(), 'bob', '')
        return await task

    workflow = deploying().replace('    environment: production\n', '')
    run = driver.submit(workflow, APPROVED, deploys={'Deploy': 'production'})
    assert asyncio.run(scene()) == 'success'
    assert [row.job for row in driver.rows()] == ['deploy']


def test_a_job_that_only_uses_an_environment_is_protected_and_no_deployment(
    driver: Driver,
) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        approvals.approve(driver.wanted(), 'bob', '')
        return await task

    run = driver.submit(deploying(environment='{name: production, deployment: false}'), APPROVED)
    assert asyncio.run(scene()) == 'success'
    assert driver.runner.ran['deploy'] == 1
    assert [row.conclusion for row in driver.rows()] == ['cancelled']
    assert driver.told == []


# --- the line


def test_one_deploys_at_a_time_whichever_process_it_belongs_to(
    drivers: Callable[[], Driver],
) -> None:
    async def scene() -> None:
        first, second = drivers(), drivers()
        one = await begun(first, first.submit(deploying('wait go')))
        two = await waiting(second, second.submit(deploying()))
        assert second.reasons() == ['waits for production, to which job "deploy" of run 1 deploys']
        assert [row.status for row in second.rows()] == ['in_progress', 'queued']
        first.runner.gate('go').set()
        assert (await one, await two) == ('success', 'success')
        earlier, later = second.rows()
        assert later.started >= earlier.finished

    asyncio.run(scene())


def test_who_came_first_is_first_in_line(drivers: Callable[[], Driver]) -> None:
    async def scene() -> None:
        first, second, third = drivers(), drivers(), drivers()
        one = await begun(first, first.submit(deploying('wait go')))
        two = await waiting(second, second.submit(deploying('wait go')))
        three = await waiting(third, third.submit(deploying()))
        first.runner.gate('go').set()
        await one
        await until(lambda: second.runner.ran['deploy'])
        assert third.runner.ran['deploy'] == 0
        second.runner.gate('go').set()
        assert (await two, await three) == ('success', 'success')

    asyncio.run(scene())


def test_who_waits_for_people_holds_nobody_up(drivers: Callable[[], Driver]) -> None:
    async def scene() -> None:
        first, second = drivers(), drivers()
        one = await waiting(first, first.submit(deploying(), APPROVED))
        assert await second.carry_out(second.submit(deploying())) == 'success'
        approvals.approve(first.wanted(), 'bob', '')
        assert await one == 'success'

    asyncio.run(scene())


def test_many_processes_that_want_one_environment_never_overlap(
    drivers: Callable[[], Driver],
) -> None:
    async def scene() -> None:
        crowd = [drivers() for _ in range(6)]
        submitted = [(each, each.submit(deploying())) for each in crowd]
        assert set(await asyncio.gather(*(one.carry_out(run) for one, run in submitted))) == {
            'success'
        }
        rows = sorted(crowd[0].rows(), key=lambda row: row.started)
        assert len(rows) == 6
        assert all(later.started >= one.finished for one, later in pairwise(rows))

    asyncio.run(scene())


# --- stopping


def test_a_run_that_is_stopped_takes_its_deployment_along(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run)
        driver.stop.request('enough')
        return await task

    run = driver.submit(deploying(), APPROVED)
    assert asyncio.run(scene()) == 'cancelled'
    assert [(row.status, row.conclusion) for row in driver.rows()] == [('completed', 'cancelled')]


@pytest.mark.parametrize('script', ['wait never', 'ok'])
def test_a_deployment_that_somebody_aborts_stops_its_job(driver: Driver, script: str) -> None:
    """One that has begun (`wait never`), and one that waits for an approval."""

    async def scene() -> str:
        begins = script == 'wait never'
        task = await (begun if begins else waiting)(driver, run)
        deliveries.append(driver.store, driver.place().id, [r.AbortRequested(1, 'bob', 'oops')])
        return await task

    run = driver.submit(deploying(script), '' if script == 'wait never' else APPROVED)
    assert asyncio.run(scene()) in ('cancelled', 'failure')
    assert [row.conclusion for row in driver.rows()] == ['cancelled']
    told = [fact.reason for fact in driver.watching.facts if isinstance(fact, f.StopRequested)]
    if script == 'wait never':
        assert told == ['bob aborted the deployment: oops']
    else:
        assert driver.message() == 'production: bob called it off: oops'


# --- processes that die


def test_the_deployment_of_a_killed_run_is_concluded_when_the_run_is_taken_over(
    drivers: Callable[[], Driver],
) -> None:
    async def scene() -> str:
        driver, after = drivers(), drivers()
        run = driver.submit(deploying('wait never'))
        await killed(await begun(driver, run))
        assert [row.status for row in after.rows()] == ['in_progress']
        ended = await after.carry_out(run)
        (row,) = after.rows()
        assert (row.conclusion, row.message) == (
            'failure',
            'lost: the process that carried out run 1 has ended',
        )
        assert after.runner.ran['deploy'] == 0
        return ended

    assert asyncio.run(scene()) == 'failure'


def test_a_killed_run_holds_nobody_up_and_what_it_left_is_ended_first(
    drivers: Callable[[], Driver],
) -> None:
    async def scene() -> None:
        driver, after = drivers(), drivers()
        await killed(await begun(driver, driver.submit(deploying('wait never'))))
        assert await after.carry_out(after.submit(deploying())) == 'success'
        assert [row.conclusion for row in after.rows()] == ['failure', 'success']
        assert after.runner.ended == [driver.runner.requests['deploy'].tracking_id]

    asyncio.run(scene())


def test_who_was_killed_while_waiting_is_passed_over_and_goes_on_when_taken_up(
    drivers: Callable[[], Driver],
) -> None:
    async def scene() -> None:
        driver, other, after = drivers(), drivers(), drivers()
        run = driver.submit(deploying(), APPROVED)
        await killed(await waiting(driver, run))
        approvals.approve(driver.wanted(), 'bob', '')
        assert await other.carry_out(other.submit(deploying())) == 'success'
        assert await after.carry_out(run) == 'success'
        assert [row.run for row in after.rows()] == [run, 2]
        assert [row.conclusion for row in after.rows()] == ['success', 'success']

    asyncio.run(scene())


def test_a_job_whose_deployment_had_started_but_that_nobody_had_claimed_goes_on(
    drivers: Callable[[], Driver],
) -> None:
    async def scene() -> None:
        driver, after = drivers(), drivers()
        run = driver.submit(deploying(), APPROVED)
        await killed(await waiting(driver, run))
        allowed = r.DeploymentAllowed(1), r.DeploymentStarted(1, '', '', ())
        deliveries.append(driver.store, driver.place().id, allowed)
        assert await after.carry_out(run) == 'success'
        assert [row.conclusion for row in after.rows()] == ['success']

    asyncio.run(scene())


@pytest.mark.parametrize('began', [True, False])
def test_cancelling_a_run_that_nobody_carries_out_ends_its_deployment(
    drivers: Callable[[], Driver], began: bool
) -> None:
    async def scene() -> None:
        driver, after = drivers(), drivers()
        run = driver.submit(deploying('wait never'), '' if began else APPROVED)
        await killed(await (begun if began else waiting)(driver, run))
        after.engine.cancel(run, 'enough')
        (row,) = after.rows()
        assert row.status == 'completed'
        assert row.conclusion == ('failure' if began else 'cancelled')

    asyncio.run(scene())


def test_a_run_that_is_run_again_asks_again(driver: Driver) -> None:
    async def approved(run: int) -> str:
        task = await waiting(driver, run)
        approvals.approve(driver.wanted(), 'bob', '')
        return await task

    run = driver.submit(deploying(), APPROVED)
    assert asyncio.run(approved(run)) == 'success'
    driver.engine.rerun(run, {})
    driver.stop = Stop()
    assert asyncio.run(approved(run)) == 'success'
    assert [(row.number, row.conclusion) for row in driver.rows()] == [
        (1, 'success'),
        (2, 'success'),
    ]


# --- secrets


STORED = {
    '': {'A': 'repository', 'B': 'repository', 'C': 'repository'},
    'production': {'B': 'environment', 'C': 'environment', 'D': 'environment'},
}


def test_a_job_has_the_secrets_of_its_environment_and_what_was_given_goes_before(
    driver: Driver,
) -> None:
    more = '  plain:\n    runs-on: ubuntu-latest\n    steps: [{run: ok}]\n'
    run = driver.submit(deploying(environment='Production', more=more))
    asyncio.run(driver.carry_out(run, Terms({'C': 'given'}, lambda: STORED)))
    assert driver.runner.requests['deploy'].secrets == {
        'A': 'repository',
        'B': 'environment',
        'C': 'given',
        'D': 'environment',
    }
    assert driver.runner.requests['plain'].secrets == {
        'A': 'repository',
        'B': 'repository',
        'C': 'given',
    }


def test_a_secret_that_was_changed_while_a_job_waited_is_the_new_one(driver: Driver) -> None:
    async def scene() -> str:
        task = await waiting(driver, run, Terms(stored=lambda: {'production': kept}))
        kept['D'] = 'new'
        approvals.approve(driver.wanted(), 'bob', '')
        return await task

    kept = {'D': 'old'}
    run = driver.submit(deploying(), APPROVED)
    assert asyncio.run(scene()) == 'success'
    assert driver.runner.requests['deploy'].secrets == {'D': 'new'}


def test_no_secret_is_stored_with_a_run(driver: Driver) -> None:
    run = driver.submit(deploying())
    asyncio.run(driver.carry_out(run, Terms({}, lambda: {'production': {'D': 'precious-value'}})))
    assert 'precious-value' not in runs.request(driver.store, run)
    for file in driver.store.directory.glob('liftlock.db*'):
        assert b'precious-value' not in file.read_bytes()


# --- what people may say


def test_what_would_count_for_nothing_is_refused(driver: Driver) -> None:
    async def scene() -> None:
        task = await waiting(driver, run)
        wanted = driver.wanted()
        with pytest.raises(UserError, match='mallory is not asked about deployments to production'):
            approvals.refuse_approval(wanted, 'mallory', TEAMS)
        with pytest.raises(UserError, match='mallory is not asked'):
            approvals.refuse_rejection(wanted, 'mallory', TEAMS)
        with pytest.raises(UserError, match='needs a reason'):
            approvals.refuse_bypass(' ')
        approvals.refuse_approval(wanted, 'Bob', TEAMS)
        approvals.approve(wanted, 'bob', '')
        with pytest.raises(UserError, match='bob has approved it already'):
            approvals.refuse_approval(driver.wanted(), 'bob', TEAMS)
        approvals.approve(driver.wanted(), 'carol', '')
        await task
        with pytest.raises(UserError, match='nothing that is to be deployed to production waits'):
            driver.wanted()
        with pytest.raises(UserError, match='deployment 1 to production does not wait: success'):
            approvals.approve(wanted, 'bob', 'too late')

    run = driver.submit(deploying(), APPROVED.replace('[ops]', '[ops], required: 2'))
    asyncio.run(scene())


def test_of_several_that_wait_one_is_chosen(drivers: Callable[[], Driver]) -> None:
    async def scene() -> None:
        one, two = drivers(), drivers()
        tasks = [await waiting(each, each.submit(deploying(), APPROVED)) for each in (one, two)]
        with pytest.raises(UserError, match=r'several .* wait: 1 \(aaaaaaa\), 2 \(aaaaaaa\)'):
            one.wanted()
        for number in (2, 1):
            approvals.approve(approvals.find(one.store, one.place(), number), 'bob', '')
        assert await asyncio.gather(*tasks) == ['success', 'success']

    asyncio.run(scene())


def test_who_approves_sees_what_has_changed_since_the_last_success(driver: Driver) -> None:
    async def scene() -> dict[str, tuple[str, ...]]:
        task = await waiting(driver, run)
        found = dict(approvals.changes(driver.wanted()))
        driver.stop.request('enough')
        await task
        return found

    driver.run(deploying(), APPROVED.replace('[ops]', '[]'))
    run = driver.submit(deploying('set a=b'), APPROVED)
    driver.stop = Stop()
    found = asyncio.run(scene())
    assert sorted(found) == ['.github/workflows/ci.yml', 'liftlock.yml']
    assert '-' + APPROVED.replace('[ops]', '[]') in found['liftlock.yml']
    assert '+' + APPROVED in found['liftlock.yml']

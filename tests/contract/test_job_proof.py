"""What jobs have deployed is looked at before they may end, and taken back where it is not well."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from liftlock.engine.delivery import requests, returns
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.proof import Eyes
from liftlock.engine.inline import Inline
from liftlock.engine.submission import Terms
from liftlock.errors import UserError
from liftlock.language.settings.model import Analysis, HealthCheck
from liftlock.plan import facts as f
from liftlock.rollout import facts as r
from liftlock.rollout.reading import Reading
from liftlock.rollout.sight import Instance
from liftlock.rollout.version import Version
from liftlock.runner.ports import Stop
from liftlock.store import deliveries
from liftlock.store.database import open_store
from liftlock.store.deliveries import Deployment, Place
from liftlock.store.logs import LogReader
from liftlock.store.paths import RunPaths
from pretend import Pretend, Watching, hands, submission

PATIENCE = 60.0
HEALTH = """
environments:
  production:
    url: http://shop.example/
    progressDeadlineSeconds: 1
    health_checks: [{endpoint: /health, healthy_threshold: 3}]
"""
TESTED = (
    HEALTH
    + """
    tests: [smoke]
    analysis: {smoke: {url: '${{ environment.url }}smoke', path: $.ok, success: '>= 1'}}
"""
)
TAKEN_BACK = HEALTH + '    rollback: {on: [unhealthy], watch: 1s}\n'
DEPLOY = """
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps: [{run: ok}]
  after:
    runs-on: ubuntu-latest
    needs: deploy
    steps: [{run: ok}]
"""


class Stage:
    """An engine with a pretended runner, and with eyes that see what the test says. `looks` holds
    what was asked for; `health` is asked each time, with how often it has been before."""

    def __init__(self, directory: Path) -> None:
        self.store = open_store(directory / 'state')
        self.runner = Pretend()
        self.watching = Watching()
        self.stop = Stop()
        self.looks: list[str] = []
        self.health: Callable[[int], str] = lambda time: ''
        self.reading = Reading(1.0)
        eyes = Eyes(self.probe, self.measure, Hooks(self.lay), directory / 'files')
        made = hands(self.runner)._replace(eyes=lambda: eyes)
        self.engine = Inline(self.store, made, slots=1)

    async def probe(
        self, check: HealthCheck, instance: Instance, env: object, directory: str = ''
    ) -> str:
        self.looks.append(check.endpoint)
        return self.health(len(self.looks))

    async def measure(self, analysis: Analysis, *_: object) -> Reading:
        self.looks.append(analysis.url)
        return self.reading

    async def lay(self, version: Version, directory: Path) -> None:
        pass

    def submit(self, settings: str, workflow: str = DEPLOY, sha: str = 'a') -> int:
        plain = submission(workflow, settings=settings)
        event = plain.request.event._replace(sha=sha * 40)
        return self.engine.submit(plain._replace(request=plain.request._replace(event=event)))

    async def carry_out(self, run: int) -> str:
        work = self.engine.carry_out(run, Terms(), self.watching, self.stop)
        return await asyncio.wait_for(work, PATIENCE)

    def run(self, settings: str, workflow: str = DEPLOY, sha: str = 'a') -> str:
        return asyncio.run(self.carry_out(self.submit(settings, workflow, sha)))

    @property
    def place(self) -> Place:
        return deliveries.environment(self.store, 'owner/name', 'production')

    def rows(self) -> list[Deployment]:
        return deliveries.listed(self.store, environment=self.place.id)[::-1]

    def facts(self) -> list[r.Fact]:
        return [stamped.fact for stamped in deliveries.facts(self.store, self.place.id)]

    @property
    def paused(self) -> bool:
        return any(isinstance(fact, r.Paused) for fact in self.facts())

    def finished(self, job: str = 'deploy') -> f.JobFinished:
        found = [
            fact
            for fact in self.watching.facts
            if isinstance(fact, f.JobFinished) and fact.job == job
        ]
        return found[-1]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    opened = Stage(tmp_path)
    yield opened
    opened.store.close()


def test_a_job_ends_once_what_it_has_deployed_is_healthy(stage: Stage) -> None:
    stage.health = lambda time: 'it answered 503' if time < 3 else ''
    assert stage.run(HEALTH.replace('Seconds: 1', 'Seconds: 60')) == 'success'
    assert stage.looks == ['http://shop.example/health'] * 5
    assert [row.conclusion for row in stage.rows()] == ['success']


def test_what_does_not_become_healthy_fails_its_job_and_whatever_needs_it(stage: Stage) -> None:
    stage.health = lambda time: 'it answered 503'
    assert stage.run(HEALTH) == 'failure'
    why = 'it did not become healthy within 1 s: it answered 503'
    assert stage.finished() == f.JobFinished('deploy', 'failure', {}, why)
    assert [(row.conclusion, row.message) for row in stage.rows()] == [('failure', why)]
    assert r.RollbackStarted(1, 'health', why) in stage.facts()
    assert stage.runner.order == ['deploy']


def test_a_job_that_has_failed_is_not_looked_at(stage: Stage) -> None:
    assert stage.run(HEALTH, DEPLOY.replace('run: ok', 'run: fail', 1)) == 'failure'
    assert stage.looks == []


def test_the_url_that_the_job_tells_goes_before(stage: Stage) -> None:
    async def run_job(request: object, *_: object) -> f.JobFinished:
        key = request.plan.key  # type: ignore[attr-defined]
        return f.JobFinished(key, 'success', {}, url='https://blue.example')

    stage.runner.run_job = run_job  # type: ignore[assignment, method-assign]
    eyes = stage.engine._hands.eyes
    stage.engine = Inline(stage.store, hands(stage.runner)._replace(eyes=eyes), slots=1)
    assert stage.run(HEALTH) == 'success'
    assert set(stage.looks) == {'https://blue.example/health'}


def test_health_checks_that_nobody_can_make_are_no_green(stage: Stage) -> None:
    assert stage.run(HEALTH.replace('url: http://shop.example/', 'needs: []')) == 'failure'
    assert stage.finished().message == (
        'nobody can ask for /health: neither the job nor liftlock.yml says at which URL'
        ' (add url: to the environment)'
    )


def test_tests_come_after_health_and_decide(stage: Stage) -> None:
    assert stage.run(TESTED) == 'success'
    assert stage.looks[-1] == 'http://shop.example/smoke'
    stage.reading = Reading(0.0)
    assert stage.run(TESTED) == 'failure'
    assert 'smoke: ' in stage.finished().message
    assert [row.conclusion for row in stage.rows()] == ['success', 'failure']


def test_where_a_test_does_not_decide_a_person_does(stage: Stage) -> None:
    async def scene() -> str:
        task = asyncio.create_task(stage.carry_out(run))
        async with asyncio.timeout(PATIENCE):
            while not (task.done() or stage.paused):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        requests.promote(stage.store, stage.place, 'bob', full=False)
        return await task

    stage.reading = Reading()
    run = stage.submit(TESTED)
    assert asyncio.run(scene()) == 'success'


def test_it_is_watched_after_it_was_found_healthy(stage: Stage) -> None:
    settings = TAKEN_BACK.replace(
        '/health,', '/health, interval: 100ms, timeout: 50ms, unhealthy_threshold: 1,'
    )
    stage.health = lambda time: 'it answered 500' if time > 3 else ''
    assert stage.run(settings) == 'failure'
    assert stage.finished().message == 'unhealthy: it answered 500'


def test_whoever_stops_the_run_ends_the_looking(stage: Stage) -> None:
    async def scene() -> str:
        task = asyncio.create_task(stage.carry_out(run))
        async with asyncio.timeout(PATIENCE):
            while not stage.looks:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        stage.stop.request('enough')
        return await task

    stage.health = lambda time: 'never'
    run = stage.submit(HEALTH.replace('Seconds: 1', 'Seconds: 3600'))
    assert asyncio.run(scene()) == 'cancelled'
    assert [row.conclusion for row in stage.rows()] == ['cancelled']


def test_the_log_of_the_job_tells_what_is_looked_at_without_secrets(stage: Stage) -> None:
    stage.health = lambda time: 'token sesame is wrong'
    run = stage.submit(HEALTH)
    work = stage.engine.carry_out(run, Terms({'KEY': 'sesame'}), stage.watching, stage.stop)
    assert asyncio.run(asyncio.wait_for(work, PATIENCE)) == 'failure'
    log = RunPaths(stage.store.directory, run).log('deploy', 1)
    text = '\n'.join(line.text for line in LogReader(log).lines(0, 99))
    assert 'Health checks: http://shop.example/health' in text
    assert '*** is wrong' in text
    assert 'sesame' not in text + stage.finished().message


# --- the way back


def test_the_job_of_the_version_before_is_run_again_alone_and_waits_for_nobody(
    stage: Stage,
) -> None:
    approved = TAKEN_BACK + '    protection: {wait: 1s}\n'
    stage.run(approved)
    stage.health = lambda time: 'it answered 500'
    run = stage.submit(approved, sha='b')
    assert asyncio.run(stage.carry_out(run)) == 'failure'
    (back,) = returns.due(stage.store, run)
    assert (back.place.name, back.run, back.job) == ('production', 1, 'deploy')
    stage.health = lambda time: ''
    returns.begin(stage.engine, stage.store, back, Terms(by='liftlock'))
    before = list(stage.runner.order)
    assert asyncio.run(stage.carry_out(back.run)) == 'success'
    assert stage.runner.order[len(before) :] == ['deploy']
    last = stage.rows()[-1]
    assert (last.conclusion, last.version, last.run) == ('success', 'aaaaaaa', 1)
    assert last.started - last.created < 1.0
    assert returns.due(stage.store, run) == []


def test_without_rollback_in_liftlock_yml_nobody_goes_back_by_himself(stage: Stage) -> None:
    stage.run(HEALTH)
    stage.health = lambda time: 'it answered 500'
    run = stage.submit(HEALTH, sha='b')
    assert asyncio.run(stage.carry_out(run)) == 'failure'
    assert returns.due(stage.store, run) == []
    back = returns.find(stage.store, stage.place, '', 'by hand')
    assert back is not None
    assert back.to.version.commit == 'a' * 40


def test_a_first_version_has_no_way_back(stage: Stage) -> None:
    stage.health = lambda time: 'it answered 500'
    run = stage.submit(TAKEN_BACK)
    assert asyncio.run(stage.carry_out(run)) == 'failure'
    assert returns.due(stage.store, run) == []
    assert returns.find(stage.store, stage.place, '', '') is None


def test_what_is_there_already_needs_no_way_back(stage: Stage) -> None:
    stage.run(HEALTH)
    with pytest.raises(UserError, match='is what was deployed to production last'):
        returns.find(stage.store, stage.place, '#1', '')

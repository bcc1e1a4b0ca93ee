"""What every driver of the engine promises of code that comes from a fork, or of a repository that
nobody trusts: it is not on the host, holds no secret, deploys nowhere, and stops nobody.
"""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from contract.test_drivers import Driver, begun
from contract.test_drivers import driver as driver
from liftlock.engine import labels, trusted
from liftlock.engine.submission import Terms
from liftlock.plan import facts as f
from liftlock.plan.event import Event
from liftlock.plan.trust import from_outside
from liftlock.runner.ports import JobRequest
from liftlock.store import deliveries, repositories
from pretend import Pretend, submission

COUNT = count(1)
OWN = {'gpu': labels.HOST, 'box': 'docker:debian:12', 'online': 'sandbox:network'}
COMPUTED = """
on: [push, pull_request]
jobs:
  choose:
    runs-on: ubuntu-latest
    outputs: {where: "${{ steps.a.outputs.where }}"}
    steps: [{run: set where=host}]
  computed:
    needs: choose
    runs-on: "${{ needs.choose.outputs.where || 'host' }}"
    steps: [{run: ok}]
  legs:
    strategy: {matrix: {on: [host, self-hosted, gpu, box, online, sandbox]}}
    runs-on: "${{ matrix.on }}"
    steps: [{run: ok}]
  listed:
    runs-on: [self-hosted, linux, gpu]
    steps: [{run: ok}]
  network:
    runs-on: [sandbox, network]
    steps: [{run: ok}]
"""


def of_fork(name: str = 'pull_request') -> Event:
    head = {'ref': 'topic', 'sha': 'b' * 40, 'repo': {'full_name': 'mallory/name'}}
    payload: dict[str, Any] = {
        'action': 'opened',
        'number': 7.0,
        'pull_request': {'head': head, 'base': {'ref': 'main'}},
    }
    return Event(name, payload, 'refs/pull/7/merge', 'c' * 40, 'owner/name', 'mallory')


def submit(driver: Driver, text: str, event: Event | None = None, **more: Any) -> int:
    """As a server does that has heard of it."""
    made = submission(text, cause=f'intake:{next(COUNT)}:ci.yml', **more)
    if event is not None:
        made = made._replace(request=made.request._replace(event=event))
    run = driver.engine.submit(made)
    driver._runners[run] = driver.runner
    return run


def register(driver: Driver, directory: Path, *, trust: bool) -> repositories.Repository:
    draft = repositories.Draft('owner/name', '/srv/git/name.git', trusted=trust)
    return repositories.add(driver.store, draft, 'mona', directory / 'key')


def serve(driver: Driver) -> None:
    """With the labels and the care of a server, or of a worker."""
    if driver.fleet:
        store = driver.store
        driver.fleet.bay = driver.fleet.bay._replace(
            labels=OWN, otherwise=lambda event, said: trusted.otherwise(store, event, said)
        )
        driver.fleet.card = driver.fleet.card._replace(labels=tuple(OWN))
    else:
        driver.engine._labels = OWN


def places(runner: Pretend) -> dict[str, str]:
    return {key: request.place for key, request in runner.requests.items()}


# The trust of the repository is looked at by its jobs' turn, whatever the run was submitted with.
@pytest.mark.parametrize('said', [labels.HOST, labels.CONFINED])
def test_a_proposal_is_in_the_sandbox_whatever_it_asks_for(
    driver: Driver, tmp_path: Path, said: str
) -> None:
    register(driver, tmp_path, trust=True)
    serve(driver)
    run = submit(driver, COMPUTED, of_fork(), otherwise=said)
    assert asyncio.run(driver.carry_out(run)) == 'success'
    found = places(driver.runner)
    assert len(found) == 10
    assert set(found.values()) == {labels.SANDBOX}, found


def test_the_host_is_for_trusted_repositories_alone(driver: Driver, tmp_path: Path) -> None:
    repository = register(driver, tmp_path, trust=True)
    serve(driver)
    run = submit(driver, COMPUTED, otherwise=labels.HOST)
    assert asyncio.run(driver.carry_out(run)) == 'success'
    assert places(driver.runner)['computed'] == places(driver.runner)['legs[0]'] == labels.HOST
    draft = repositories.Draft('owner/name', '/srv/git/name.git', trusted=False)
    repositories.change(driver.store, repository.id, draft, tmp_path / 'key')
    driver.engine.rerun(run, {})
    assert asyncio.run(driver.carry_out(run)) == 'success'
    found = places(driver.runner)
    assert labels.HOST not in found.values(), found


def test_a_proposal_stays_what_it_is_when_a_maintainer_has_it_run_again(
    driver: Driver, tmp_path: Path
) -> None:
    register(driver, tmp_path, trust=True)
    serve(driver)
    text = 'on: pull_request\njobs:\n  a: {runs-on: host, steps: [{run: ok}, {run: fail}]}\n'
    run = submit(driver, text, of_fork(), otherwise=labels.CONFINED)
    ways: tuple[dict[str, Any], ...] = (
        {'failed': True}, {'jobs': ('a',)}, {'jobs': ('a',), 'from_step': '2'}, {}, {'debug': True},
    )  # fmt: skip
    assert asyncio.run(driver.carry_out(run)) == 'failure'
    for way in ways:
        debug = {'ACTIONS_STEP_DEBUG': 'true'} if way.pop('debug', False) else {}
        driver.engine.rerun(run, debug, **way)
        assert asyncio.run(driver.carry_out(run, Terms(secrets=debug))) == 'failure'
        request: JobRequest = driver.runner.requests['a']
        assert request.place == labels.SANDBOX
        assert dict(request.secrets) == debug
    assert driver.engine.submission(run).request.event.sha == 'c' * 40


def test_a_proposal_deploys_nowhere(driver: Driver, tmp_path: Path) -> None:
    text = """
on: pull_request
jobs:
  name:
    runs-on: ubuntu-latest
    outputs: {to: "${{ steps.a.outputs.to }}"}
    steps: [{run: ok}]
  plain: {runs-on: ubuntu-latest, environment: production, steps: [{run: ok}]}
  computed:
    needs: name
    runs-on: ubuntu-latest
    environment: "${{ needs.name.outputs.to || 'production' }}"
    steps: [{run: ok}]
"""
    register(driver, tmp_path, trust=True)
    run = submit(driver, text, of_fork(), otherwise=labels.CONFINED)
    assert asyncio.run(driver.carry_out(run)) == 'failure'
    assert set(driver.runner.ran) == {'name'}
    said = {fact.message for fact in driver.watching.facts if isinstance(fact, f.JobFinished)}
    assert 'production: what comes from a fork deploys nowhere' in said
    assert deliveries.environments(driver.store) == []


def test_a_proposal_stops_nobody_by_naming_his_group(driver: Driver) -> None:
    head = (
        'on: [push, pull_request]\nconcurrency: {group: deploy, cancel-in-progress: true}\njobs:\n'
    )
    text = head + '  a: {runs-on: ubuntu-latest, steps: [{run: SCRIPT}]}\n'
    other = driver.another()
    one = submit(driver, text.replace('SCRIPT', 'wait go'))
    two = submit(other, text.replace('SCRIPT', 'ok'), of_fork(), otherwise=labels.CONFINED)

    async def scene() -> list[str]:
        first = await begun(driver, one)
        second = await asyncio.wait_for(other.carry_out(two), 60)
        driver.runner.gate('go').set()
        return [await first, second]

    assert asyncio.run(scene()) == ['success', 'success']


@pytest.mark.parametrize(
    'name', ['pull_request', 'pull_request_review', 'pull_request_review_comment']
)
def test_every_event_that_runs_the_head_is_known_as_one(name: str) -> None:
    assert from_outside(of_fork(name))

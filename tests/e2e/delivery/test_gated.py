"""A version is delivered to a place of ours once the gates of the run that made it have passed."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.test_gated_jobs import keep
from contract.test_job_deployments import Driver
from e2e.delivery.test_following import Stage
from liftlock.engine.delivery import requests
from liftlock.engine.delivery.requests import Wish
from liftlock.rollout.facts import DEPLOY, SYNC
from liftlock.rollout.phases import Phase
from liftlock.store.artifacts import RunArtifacts
from pretend import jobs


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    driver = Driver(tmp_path / 'state')
    yield driver
    driver.store.close()


@pytest.fixture
def gated(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv('LIFTLOCK_STATE', str(tmp_path / 'state'))
    stage = Stage(tmp_path, driver.store)
    stage.follow({})
    settings = json.loads(stage.blueprint.settings)
    settings['gates'] = {'coverage': {'minimum': 75}}
    stage.blueprint = stage.blueprint._replace(settings=json.dumps(settings))
    return stage


def deploy(stage: Stage, name: str, run: int, kind: str = DEPLOY) -> int:
    version = stage.place.version(name)._replace(run=run)
    _, number = requests.deploy(stage.store, stage.blueprint, version, Wish('mona', kind))
    return number


def test_a_version_is_delivered_only_when_the_gates_of_its_run_have_passed(
    driver: Driver, gated: Stage
) -> None:
    async def scene() -> None:
        await keep(driver, good, 3, 1)
        await keep(driver, bad, 1, 3)
        async with gated.controlled():
            refused = await gated.number(deploy(gated, 'v1', bad))
            assert (refused.conclusion, refused.message) == (
                'rejected',
                'the gate "coverage" failed: lines 25% (at least 75%)',
            )
            held = deploy(gated, 'v2', 0)
            gated.wake()
            await gated.until(lambda: gated.now.deployments[held].held)
            assert gated.now.deployments[held].held == (
                'the gate "gates" could not be evaluated: no run has made this version, so nothing'
                ' was handed in'
            )
            done = await gated.number(deploy(gated, 'v3', good))
            assert (done.phase, done.conclusion) == (Phase.ENDED, 'success')
            RunArtifacts(driver.store, good).remove('coverage')
            put_back = await gated.number(deploy(gated, 'v3', good, SYNC))
            assert put_back.conclusion == 'success'
            anew = deploy(gated, 'v3', good)
            gated.wake()
            await gated.until(lambda: gated.now.deployments[anew].held)

    good, bad = (driver.submit(jobs(a='ok'), event={'sha': sha * 40}) for sha in 'bc')
    asyncio.run(scene())

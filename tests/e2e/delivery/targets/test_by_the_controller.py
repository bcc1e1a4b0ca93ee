"""The controller deploys to places that are updated as a whole, and takes back what fails there."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from liftlock.engine.delivery import requests
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.controller import Controller
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Target
from liftlock.engine.delivery.requests import Wish
from liftlock.language.settings import model
from liftlock.observe import probes
from liftlock.observe.measuring import Measuring
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import fold
from liftlock.store import deliveries
from liftlock.store.database import Store, open_store
from liftlock.targets.command import Command
from places.command import SETTINGS, CommandPlace


class Stage:
    def __init__(self, root: Path, store: Store) -> None:
        self.place = CommandPlace(root)
        self.store = store
        self.settings = SETTINGS
        self.hooks: dict[str, str] = {}
        self.controller: Controller | None = None
        self.environment = deliveries.environment(store, 'o/shop', 'production')

    def deploy(self, name: str, *, bad: bool = False) -> int:
        told = {key: value for key, value in self.settings._asdict().items() if value}
        production = {'on': 'manual', 'target': {'command': told}, 'env': self.place.env,
                      'strategy': 'direct', 'hooks': self.hooks}  # fmt: skip
        blueprint = Blueprint(
            'o/shop', 'production', json.dumps({'environments': {'production': production}})
        )
        version = self.place.version(name, bad=bad)
        return self.wake(requests.deploy(self.store, blueprint, version, Wish('mona'))[1])

    def roll_back(self, to: str = '') -> int:
        return self.wake(
            requests.rollback(self.store, self.environment, to, 'mona', 'because').number
        )

    def wake(self, number: int) -> int:
        """As whoever asks for something does."""
        assert self.controller is not None
        self.controller.wake()
        return number

    async def target(
        self, place: Any, blueprint: Blueprint, environment: model.Environment, directory: Path
    ) -> Target:
        assert isinstance(environment.target, model.Command)
        return Command(
            environment.target, directory, environment=place.name, lay=self.place.lay,
            env=environment.env, strategy=environment.strategy,
            deadline=float(environment.progress_deadline_seconds),
        )  # fmt: skip

    @asynccontextmanager
    async def controlled(self) -> AsyncIterator[None]:
        bench = Bench(
            self.store, self.target, lambda place: {}, Hooks(self.place.lay), probes.probe,
            Measuring(), self.place.root / 'delivery',
        )  # fmt: skip
        token = deliveries.claim(self.store, self.environment.id, 'us', lambda owner: True)
        self.controller = Controller(bench, self.environment._replace(token=token))
        task = asyncio.create_task(self.controller.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def deployment(self, number: int) -> Deployment:
        return fold(deliveries.facts(self.store, self.environment.id)).deployments[number]

    async def end(self, number: int) -> Deployment:
        return await self.until(lambda: bool(self.deployment(number).conclusion), number)

    async def until(self, true: Callable[[], bool], number: int) -> Deployment:
        for _ in range(600):
            if true():
                return self.deployment(number)
            await asyncio.sleep(0.05)
        raise AssertionError(f'{self.told()}')

    def told(self) -> list[f.Fact]:
        return [one.fact for one in deliveries.facts(self.store, self.environment.id)]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    store = open_store(tmp_path / 'store')
    try:
        yield Stage(tmp_path, store)
    finally:
        store.close()


def test_a_version_is_deployed_and_the_next_one_after_it(stage: Stage) -> None:
    async def scene() -> None:
        async with stage.controlled():
            for name in ('v1', 'v2'):
                ended = await stage.end(stage.deploy(name))
                assert ended.conclusion == 'success', stage.told()

    asyncio.run(scene())
    assert stage.place.calls() == ['deploy v1 r1 ', 'deploy v2 r2 v1']
    assert [one for one in stage.told() if isinstance(one, f.Noticed)] == []


def test_what_fails_is_taken_back(stage: Stage) -> None:
    async def scene() -> None:
        async with stage.controlled():
            await stage.end(stage.deploy('v1'))
            ended = await stage.end(stage.deploy('v2', bad=True))
            assert ended.conclusion == 'rolled_back', stage.told()
            ended = await stage.end(stage.deploy('v3'))
            assert ended.conclusion == 'success', stage.told()

    asyncio.run(scene())
    assert stage.place.calls() == [
        'deploy v1 r1 ',
        'deploy v2 r2 v1',
        'rollback v1 r1 v2',
        'deploy v3 r3 v1',
    ]


def test_a_person_goes_back(stage: Stage) -> None:
    async def scene() -> None:
        async with stage.controlled():
            await stage.end(stage.deploy('v1'))
            await stage.end(stage.deploy('v2'))
            ended = await stage.end(stage.roll_back())
            assert ended.conclusion == 'success', stage.told()

    asyncio.run(scene())
    assert stage.place.calls()[-1] == 'rollback v1 r1 v2'
    assert stage.place.running() == 'v1'


def test_a_person_goes_back_once_more_where_it_has_failed(stage: Stage) -> None:
    stage.settings = SETTINGS._replace(rollback=f'test -e $PLACE/repaired\n{SETTINGS.rollback}')

    async def scene() -> None:
        async with stage.controlled():
            await stage.end(stage.deploy('v1'))
            await stage.end(stage.deploy('v2'))
            assert (await stage.end(stage.roll_back('v1'))).conclusion != 'success'
            (stage.place.there / 'repaired').touch()
            assert (await stage.end(stage.roll_back('v1'))).conclusion == 'success'

    asyncio.run(scene())
    assert stage.place.running() == 'v1'


def test_a_controller_that_ends_amid_a_deployment_takes_it_back(stage: Stage) -> None:
    """Whoever stops waiting for the command ends it; the next controller does not run it again."""
    go = stage.place.there / 'go'

    async def scene() -> None:
        async with stage.controlled():
            await stage.end(stage.deploy('v1'))
        stage.settings = SETTINGS._replace(
            deploy=f'while test ! -e $PLACE/go; do sleep 0.02; done\n{SETTINGS.deploy}'
        )
        log = stage.place.root / 'delivery' / str(stage.environment.id) / 'operations'
        async with stage.controlled():
            number = stage.deploy('v2')
            await stage.until(lambda: any(log.glob('r2-*/started.json')), number)
        go.touch()
        async with stage.controlled():
            ended = await stage.end(number)
            assert ended.conclusion == 'rolled_back', stage.told()

    asyncio.run(scene())
    assert stage.place.calls() == ['deploy v1 r1 ', 'rollback v1 r1 v2']

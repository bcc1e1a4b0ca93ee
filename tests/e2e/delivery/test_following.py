"""A controller whose environment follows git, with real commands as its place: what waits for
people, what they say no to, what was changed behind its back, and what it is after a crash."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import requests, syncing
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.controller import Controller
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Target
from liftlock.engine.delivery.requests import Wish
from liftlock.language.settings import model
from liftlock.observe import probes
from liftlock.observe.measuring import Measuring
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import Environment, fold
from liftlock.rollout.phases import Phase
from liftlock.rollout.sync import Desired
from liftlock.store import deliveries
from liftlock.store.database import Store, open_store
from liftlock.targets.command import Command
from places.command import SETTINGS, CommandPlace

QUICK = {'limit': 3, 'backoff': {'duration': '100ms', 'maxDuration': '100ms'}}


class Stage:
    """`push` is what git says from then on."""

    def __init__(self, root: Path, store: Store) -> None:
        self.place = CommandPlace(root)
        self.store = store
        self.environment = deliveries.environment(store, 'o/shop', 'production')
        self.desired = Desired()
        self.controller: Controller | None = None
        self.follow({'automated': {}})

    def follow(self, sync: dict[str, Any], **more: Any) -> None:
        told = {key: value for key, value in SETTINGS._asdict().items() if value}
        production = {
            'on': {'branches': ['main']}, 'target': {'command': told}, 'env': self.place.env,
            'strategy': 'direct', 'sync': sync, **more,
        }  # fmt: skip
        settings = json.dumps({'environments': {'production': production}})
        self.blueprint = Blueprint('o/shop', 'production', settings)

    def push(self, name: str, *, bad: bool = False) -> None:
        digest = deliveries.keep(self.store, blueprints.dump(self.blueprint))
        self.desired = Desired(self.place.version(name, bad=bad), digest, since=1e12)

    def deploy(self, name: str) -> None:
        requests.deploy(self.store, self.blueprint, self.place.version(name), Wish('mona'))
        self.wake()

    def wake(self) -> None:
        assert self.controller is not None
        self.controller.wake()

    async def desire(self, place: Any, blueprint: Blueprint) -> Desired:
        return self.desired

    async def target(
        self, place: Any, blueprint: Blueprint, environment: model.Environment, directory: Path
    ) -> Target:
        assert isinstance(environment.target, model.Command)
        return Command(
            environment.target, directory, environment=place.name, lay=self.place.lay,
            env=environment.env, strategy=environment.strategy, deadline=60.0,
        )  # fmt: skip

    @asynccontextmanager
    async def controlled(self) -> AsyncIterator[None]:
        bench = Bench(
            self.store, self.target, lambda place: {}, Hooks(self.place.lay), probes.probe,
            Measuring(), self.place.root / 'delivery', desire=self.desire,
        )  # fmt: skip
        token = deliveries.claim(self.store, self.environment.id, 'us', lambda owner: True)
        self.controller = Controller(bench, self.environment._replace(token=token))
        task = asyncio.create_task(self.controller.run())
        try:
            yield
        finally:
            task.cancel()
            (ended,) = await asyncio.gather(task, return_exceptions=True)
            if not isinstance(ended, asyncio.CancelledError):
                raise ended

    @property
    def now(self) -> Environment:
        return fold(deliveries.facts(self.store, self.environment.id))

    async def until(self, true: Callable[[], Any]) -> Any:
        for _ in range(600):
            if found := true():
                return found
            await asyncio.sleep(0.05)
        facts = (one.fact for one in deliveries.facts(self.store, self.environment.id))
        raise AssertionError('\n'.join(map(str, facts)))

    async def runs(self, name: str) -> None:
        await self.until(lambda: (now := self.now.current) and now.name == name)

    async def told(self, text: str) -> None:
        await self.until(lambda: text in self.now.drift)

    async def number(self, number: int, phase: Phase = Phase.ENDED) -> Deployment:
        await self.until(lambda: (one := self.now.deployments.get(number)) and one.phase is phase)
        return self.now.deployments[number]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(syncing, 'PERIOD', 0.1)
    store = open_store(tmp_path / 'store')
    try:
        yield Stage(tmp_path, store)
    finally:
        store.close()


def test_what_waits_gives_way_to_what_is_newer_and_goes_with_a_rollback(stage: Stage) -> None:
    async def scene() -> None:
        async with stage.controlled():
            for name in ('v1', 'v2'):
                stage.deploy(name)
                await stage.runs(name)
            stage.follow({'automated': {}}, protection={'wait': '1h'})
            stage.push('v3')
            await stage.number(3, Phase.WAITING)
            stage.push('v4')
            assert (await stage.number(3)).conclusion == 'superseded'
            await stage.number(4, Phase.WAITING)
            requests.rollback(stage.store, stage.environment, '', 'mona', 'it was slow')
            stage.wake()
            assert (await stage.number(4)).conclusion == 'cancelled'
            await stage.runs('v1')
            stage.push('v5')
            await stage.told('git says v5')
            await stage.told('mona has rolled back')
            assert max(stage.now.deployments) == 5

    asyncio.run(scene())
    assert stage.place.running() == 'v1'


def test_what_the_place_was_at_fault_for_is_tried_again_though_the_controller_was_replaced(
    stage: Stage,
) -> None:
    stage.follow({'automated': {}, 'retry': QUICK})

    async def scene() -> None:
        async with stage.controlled():
            stage.deploy('v1')
            await stage.runs('v1')
            stage.push('v2', bad=True)
            await stage.number(3)
        async with stage.controlled():
            await stage.told('it failed 4 times')
            stage.push('v3')
            await stage.runs('v3')

    asyncio.run(scene())
    reasons = [one.request.reason for one in stage.now.deployments.values()]
    assert reasons[2:5] == ['retry 1 of 3', 'retry 2 of 3', 'retry 3 of 3']
    assert stage.place.running() == 'v3'


def test_what_somebody_else_has_deployed_is_put_back(stage: Stage) -> None:
    stage.follow({'automated': {'selfHeal': True}})

    async def scene() -> None:
        async with stage.controlled():
            stage.deploy('v1')
            await stage.runs('v1')
            (stage.place.there / 'live').write_text('mine\n')
            healed = await stage.number(2)
            assert healed.conclusion == 'success'
            assert healed.request.reason.startswith('self-heal: v1 (r1) was deployed')
            await stage.until(lambda: not stage.now.drift)

    asyncio.run(scene())
    assert stage.place.running() == 'v1'


def test_a_person_goes_on_after_a_rollback_by_deploying(stage: Stage) -> None:
    async def scene() -> None:
        async with stage.controlled():
            stage.deploy('v1')
            await stage.runs('v1')
            stage.push('v2')
            await stage.runs('v2')
            requests.rollback(stage.store, stage.environment, '', 'mona', '')
            await stage.runs('v1')
            stage.deploy('v3')
            await stage.runs('v3')
            assert stage.now.held is None
            await stage.told('v2 was taken back or left here')
            stage.push('v4')
            await stage.runs('v4')

    asyncio.run(scene())


def test_what_was_rejected_or_taken_back_is_left_until_somebody_retries(stage: Stage) -> None:
    async def scene() -> None:
        async with stage.controlled():
            stage.deploy('v1')
            await stage.runs('v1')
            stage.follow({'automated': {}}, protection={'wait': '1h'})
            stage.push('v2')
            await stage.number(2, Phase.WAITING)
            requests.abort(stage.store, stage.environment, 'mona', 'not now')
            await stage.told('#2 to deploy it was cancelled')
            assert max(stage.now.deployments) == 2
            assert requests.retry(stage.store, stage.environment, 'mona') == 3
            again = await stage.number(3, Phase.WAITING)
            assert again.request.version.name == 'v2'
            assert again.request.settings == stage.now.deployments[2].request.settings
            assert (again.request.by, again.request.reason) == ('mona', 'retry of #2')

    asyncio.run(scene())

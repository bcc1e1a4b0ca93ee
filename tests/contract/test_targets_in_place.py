"""Every target that is updated as a whole keeps the same promises. A new one gets this suite for
free: see `places/place.py`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from liftlock.engine.delivery.ports import Target
from liftlock.rollout.sight import Routes
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from places.command import open_command
from places.ecs import open_ecs
from places.kubernetes import open_deployment, open_manifests
from places.place import Place, revision, settle

PLACES: Final[dict[str, Callable[[Path], AbstractContextManager[Place]]]] = {
    'command': open_command,
    'ecs': open_ecs,
    'kubernetes-deployment': open_deployment,
    'kubernetes-manifests': open_manifests,
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with PLACES[request.param](tmp_path) as opened:
        yield opened


async def deploy(
    place: Place, target: Target, number: int, version: Version, *, back: bool = False
) -> str:
    made = revision(number, version, place.env)
    if not back:
        await target.prepare(made)
    return await target.apply(made, back=back)


def play(place: Place, scene: Callable[[Target], Any]) -> Any:
    async def played() -> Any:
        target = place.open()
        try:
            return await scene(target)
        finally:
            await target.close()

    return asyncio.run(played())


def test_it_says_that_it_is_updated_as_a_whole(place: Place) -> None:
    async def scene(target: Target) -> None:
        assert target.capabilities.in_place
        assert not target.address()
        with pytest.raises(Trouble, match='updated as a whole'):
            await target.scale(revision(1, place.version('v1'), place.env), 2)
        with pytest.raises(Trouble, match='updated as a whole'):
            await target.route(Routes())

    play(place, scene)


def test_a_look_before_anything_was_deployed_names_no_revision(place: Place) -> None:
    async def scene(target: Target) -> None:
        seen = await target.look()
        assert (seen.revision, seen.failed, seen.routes) == ('', '', None)

    before = place.changes()
    play(place, scene)
    assert place.changes() == before


def test_what_is_prepared_does_not_run(place: Place) -> None:
    async def scene(target: Target) -> None:
        await target.prepare(revision(1, place.version('v1'), place.env))
        assert place.running() != 'v1'
        assert (await target.look()).revision != 'r1'

    play(place, scene)


def test_what_is_applied_settles_and_runs(place: Place) -> None:
    async def scene(target: Target) -> None:
        await deploy(place, target, 1, place.version('v1'))
        seen = await settle(target)
        assert (seen.revision, seen.settled, seen.failed) == ('r1', True, '')
        assert place.running() == 'v1'

    play(place, scene)


def test_preparing_again_changes_nothing(place: Place) -> None:
    said = [
        play(place, lambda target: target.prepare(revision(1, place.version('v1'), place.env)))
        for _ in range(2)
    ]
    before = place.changes()
    play(place, lambda target: target.prepare(revision(1, place.version('v1'), place.env)))
    assert said[0] == said[1]
    assert place.changes() == before


def test_applying_again_changes_nothing(place: Place) -> None:
    async def scene(target: Target) -> tuple[str, str]:
        first = await deploy(place, target, 1, place.version('v1'))
        second = await target.apply(revision(1, place.version('v1'), place.env), back=False)
        await settle(target)
        return first, second

    first, second = play(place, scene)
    before = place.changes()
    third = play(place, lambda target: deploy(place, target, 1, place.version('v1')))
    assert first == second == third
    assert place.changes() == before


def test_another_process_sees_what_was_deployed(place: Place) -> None:
    async def scene(target: Target) -> None:
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)

    play(place, scene)
    seen = play(place, settle)
    assert (seen.revision, seen.settled) == ('r1', True)


def test_the_revision_that_was_asked_for_last_is_told_until_it_settles(place: Place) -> None:
    async def scene(target: Target) -> None:
        for number, name in enumerate(('v1', 'v2'), 1):
            await deploy(place, target, number, place.version(name))
            assert (await target.look()).revision == f'r{number}'
            assert (await settle(target)).revision == f'r{number}'
        assert place.running() == 'v2'

    play(place, scene)


def test_it_goes_back_and_forth(place: Place) -> None:
    async def scene(target: Target) -> None:
        first, second = place.version('v1'), place.version('v2')
        await deploy(place, target, 1, first)
        await settle(target)
        await deploy(place, target, 2, second)
        await settle(target)
        await deploy(place, target, 1, first, back=True)
        assert (await settle(target)).revision == 'r1'
        assert place.running() == 'v1'
        await deploy(place, target, 2, second, back=True)
        assert (await settle(target)).revision == 'r2'
        assert place.running() == 'v2'

    play(place, scene)


def test_going_back_again_changes_nothing(place: Place) -> None:
    async def scene(target: Target) -> None:
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        await deploy(place, target, 2, place.version('v2'))
        await settle(target)
        await deploy(place, target, 1, place.version('v1'), back=True)
        await settle(target)
        before = place.changes()
        await deploy(place, target, 1, place.version('v1'), back=True)
        assert place.changes() == before

    play(place, scene)


def test_a_deployment_that_comes_to_nothing_is_seen_as_failed(place: Place) -> None:
    async def scene(target: Target) -> None:
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        with suppress(Trouble):  # some know it at once
            await deploy(place, target, 2, place.version('v2', bad=True))
        seen = await settle(target)
        assert (seen.revision, seen.settled) == ('r2', False)
        assert seen.failed

    play(place, scene)
    seen = play(place, lambda target: target.look())
    assert seen.failed


def test_after_a_failure_it_goes_back(place: Place) -> None:
    async def scene(target: Target) -> None:
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        with suppress(Trouble):  # some know it at once
            await deploy(place, target, 2, place.version('v2', bad=True))
        await settle(target)
        await deploy(place, target, 1, place.version('v1'), back=True)
        seen = await settle(target)
        assert (seen.revision, seen.settled, seen.failed) == ('r1', True, '')
        assert place.running() == 'v1'

    play(place, scene)


def test_closing_leaves_what_is_deployed(place: Place) -> None:
    async def scene(target: Target) -> None:
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)

    play(place, scene)
    before = place.changes()
    assert place.running() == 'v1'
    play(place, lambda target: target.look())
    assert place.changes() == before


def test_stopping_leaves_a_place_that_is_somebody_elses(place: Place) -> None:
    async def scene(target: Target) -> None:
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        before = place.changes()
        await target.stop()
        assert place.changes() == before
        assert place.running() == 'v1'

    play(place, scene)

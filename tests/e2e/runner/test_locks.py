"""A job whose workflow the locks name uses what they record, and nothing else."""

from pathlib import Path

import pytest

from fakes import make_world, play
from liftlock.errors import UserError
from liftlock.plan.facts import ActionResolved
from liftlock.runner import images

COMMIT, DIGEST = '1' * 40, f'sha256:{"2" * 64}'
IN_CONTAINER = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: debian:12
    services: {db: {image: 'docker://postgres:16'}}
    steps: [{run: echo}]
"""


def test_a_stand_in_that_is_not_locked_is_refused_before_the_first_step(tmp_path: Path) -> None:
    world = {'pins': {'actions/checkout@v4': COMMIT}}
    played = play('- run: echo first\n- uses: codecov/codecov-action@v4', tmp_path, world=world)
    assert not played.steps
    assert played.finished.message == (
        'codecov/codecov-action@v4 is not in .github/workflows/actions.lock; '
        'run `liftlock lock` and review what it writes'
    )


def test_a_stand_in_that_is_locked_runs(tmp_path: Path) -> None:
    world = {'pins': {'codecov/codecov-action@v4': COMMIT}}
    steps = "- {uses: Codecov/codecov-action@v4, with: {handle_no_reports_found: 'true'}}"
    played = play(steps, tmp_path, world=world)
    assert ActionResolved('build', 'Codecov/codecov-action@v4', '', 'stand-in') in played.facts
    assert [name for name, _ in played.steps] == ['Run Codecov/codecov-action@v4']


@pytest.mark.parametrize('known', [{}, {'debian:12': DIGEST}, {'postgres:16': DIGEST}])
def test_a_container_that_is_not_locked_is_not_started(
    tmp_path: Path, known: dict[str, str]
) -> None:
    played = play(IN_CONTAINER, tmp_path, world={'images': known})
    missing = 'postgres:16' if 'debian:12' in known else 'debian:12'
    assert [name for name, _ in played.steps] == ['Initialize containers']
    assert played.finished.message == (
        f'{missing} is not in .github/workflows/images.lock; '
        'run `liftlock lock` and review what it writes'
    )


def test_a_locked_image_is_asked_for_by_its_digest(tmp_path: Path) -> None:
    said: list[str] = []
    world = make_world(tmp_path, images={'debian:12': DIGEST})
    assert images.hold(world, 'docker://debian:12', said.append) == f'debian:12@{DIGEST}'
    assert said == [f'debian:12 is locked to {DIGEST}']


def test_an_image_that_names_its_digest_needs_no_lock(tmp_path: Path) -> None:
    world = make_world(tmp_path, images={})
    assert images.hold(world, f'debian@{DIGEST}', print) == f'debian@{DIGEST}'
    with pytest.raises(UserError, match=r'debian@sha256:12 is not in .*images\.lock'):
        images.hold(world, 'debian@sha256:12', print)


def test_without_a_lock_an_image_is_what_its_tag_is_today(tmp_path: Path) -> None:
    assert images.hold(make_world(tmp_path), 'debian:12', print) == 'debian:12'

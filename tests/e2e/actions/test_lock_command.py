"""`liftlock lock` on a project whose actions lie in a mirror."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from e2e.actions.ground import Repository
from liftlock.cli.lock import command
from liftlock.errors import UserError
from liftlock.language.locks import ACTIONS as LOCK
from liftlock.language.locks.actions import parse

WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/leaf@v1
      - uses: Acme/Tree/sub@v1
      - uses: ./.github/actions/own
"""
COMPOSITE = 'name: x\nruns:\n  using: composite\n  steps:\n    - uses: {uses}\n'
JAVASCRIPT = 'name: x\nruns:\n  using: node20\n  main: index.js\n'
Lock = Callable[..., tuple[int, str]]


@pytest.fixture
def remotes(tmp_path: Path) -> dict[str, Repository]:
    made = {
        name: Repository(tmp_path / f'remotes/acme/{name}') for name in ('leaf', 'tree', 'twig')
    }
    made['leaf'].commit(action_yml=JAVASCRIPT)
    made['twig'].commit(action_yml=JAVASCRIPT)
    (made['tree'].top / 'sub').mkdir()
    (made['tree'].top / 'sub/action.yml').write_text(COMPOSITE.format(uses='acme/twig@v1'))
    made['tree'].commit()
    for repository in made.values():
        repository.git('tag', 'v1')
    return made


@pytest.fixture
def lock(
    project: Repository,
    remotes: dict[str, Repository],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Lock:
    folder = project.top / '.github'
    (folder / 'workflows').mkdir(parents=True)
    (folder / 'actions/own').mkdir(parents=True)
    (folder / 'workflows/ci.yml').write_text(WORKFLOW)
    (folder / 'actions/own/action.yml').write_text(COMPOSITE.format(uses='acme/twig@v1'))
    settings = tmp_path / 'config/liftlock'
    settings.mkdir(parents=True)
    (settings / 'config.yml').write_text(f"actions: {{'*': {tmp_path}/remotes}}\n")
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path / 'config'))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('GITHUB_API_URL', 'http://127.0.0.1:9')  # the port of nobody
    monkeypatch.chdir(project.top)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, arguments, standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done.return_value, done.output

    return run


def test_every_action_is_pinned_those_that_others_use_too(
    project: Repository, remotes: dict[str, Repository], lock: Lock
) -> None:
    assert lock()[0] == 0
    written = parse((project.top / LOCK).read_text())
    assert written.workflows == {
        '.github/workflows/ci.yml': ('acme/leaf@v1', 'acme/tree@v1', 'acme/twig@v1')
    }
    assert {pin: entry.commit for pin, entry in written.dependencies.items()} == {
        f'acme/{name}@v1': repository.git('rev-parse', 'v1') for name, repository in remotes.items()
    }
    assert written.dependencies['acme/tree@v1'].uses == ('acme/twig@v1',)


def test_a_check_fails_until_the_lock_is_written(project: Repository, lock: Lock) -> None:
    assert lock('--check')[0] == 1
    assert not (project.top / LOCK).exists()
    lock()
    assert lock('--check') == (0, f'{LOCK} is up to date\n')
    (project.top / '.github/workflows/ci.yml').write_text(WORKFLOW.replace('leaf', 'twig'))
    code, said = lock('--check')
    assert code == 1
    assert 'acme/leaf@v1: no longer used' in said


def test_a_tag_that_moved_stays_where_it_was_until_an_update(
    project: Repository, remotes: dict[str, Repository], lock: Lock
) -> None:
    lock()
    moved = remotes['leaf'].commit(action_yml=JAVASCRIPT + '# more\n')
    remotes['leaf'].git('tag', '--force', 'v1')
    assert lock('--check')[0] == 0
    lock()
    assert moved not in (project.top / LOCK).read_text()
    assert moved in lock('--update')[1]
    assert moved in (project.top / LOCK).read_text()


def test_ids_are_kept_where_they_are_known(project: Repository, lock: Lock) -> None:
    assert 'could not be asked for the ids' in lock()[1]
    file = project.top / LOCK
    text = file.read_text()
    leaf = text.index("'acme/leaf@v1':")
    end = text.index("    'acme/tree@v1':", leaf)
    ids = '        owner_id: 5\n        repo_id: 6\n'
    file.write_text(text[:end] + ids + text[end:])
    lock('--update')
    assert parse(file.read_text()).dependencies['acme/leaf@v1'].ids == (5, 6)


def test_what_cannot_be_had_is_listed_and_nothing_is_written(
    project: Repository, lock: Lock
) -> None:
    (project.top / '.github/workflows/ci.yml').write_text(
        WORKFLOW.replace('acme/leaf', 'acme/one').replace('Acme/Tree', 'acme/two')
    )
    with pytest.raises(UserError, match='acme/one@v1') as caught:
        lock()
    assert 'acme/two@v1' in str(caught.value)
    assert not (project.top / LOCK).exists()


def test_a_damaged_lock_is_not_overwritten(project: Repository, lock: Lock) -> None:
    (project.top / LOCK).write_text('version: v9')
    with pytest.raises(UserError, match='is not'):
        lock()
    assert (project.top / LOCK).read_text() == 'version: v9'

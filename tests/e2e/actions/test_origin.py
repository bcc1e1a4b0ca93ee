"""`origin` is the run's snapshot, for real actions and for every git command of a job."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.actions.ground import Repository
from fakes import REPOSITORY, DirectoryActions, Played, play
from liftlock.runner.snapshot import Snapshot
from liftlock.runner.sources import SnapshotSources

Snap = Callable[..., Snapshot]
URL = f'https://github.com/{REPOSITORY}'
CLONE = f'git init -q; git remote add origin {URL}; git fetch -q origin'
GIT_IN_AN_ACTION = """
const { execSync } = require('child_process');
for (const line of process.env.INPUT_COMMANDS.split('\\n')) {
  console.log(execSync(line).toString().trim());
}
"""


@pytest.fixture
def node() -> None:
    if shutil.which('node') is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('install Node.js')
        pytest.skip('install Node.js to run this')


def run(
    tmp_path: Path,
    snapshot: Snapshot,
    steps: str,
    *event: str,
    script: str = GIT_IN_AN_ACTION,
    **more: object,
) -> Played:
    """`event` are the ref, the head's branch and the default branch."""
    folder = tmp_path / 'actions/actions/checkout'
    folder.mkdir(parents=True)
    inputs = "{commands: {}, repository: {}, token: {default: '${{ github.token }}'}}"
    (folder / 'action.yml').write_text(f'inputs: {inputs}\nruns: {{using: node24, main: x.js}}')
    (folder / 'x.js').write_text(script)
    sources = SnapshotSources(snapshot, *(event or ('refs/heads/main',)))
    more = {'sources': sources, 'real_actions': True, **more}
    return play(f'{steps}\n- uses: ./nothing\n  if: false', tmp_path, world=more)


def test_it_has_the_runs_commit_with_what_was_not_committed(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    project.commit('first', a='1')
    project.write(a='2')
    snapshot = snap(project)
    before = project.inside()
    played = run(tmp_path, snapshot, f'- run: {CLONE} main; git checkout -q main; cat a')
    assert played.printed(1) == ['2']
    assert project.inside() == before


def test_it_has_branches_and_tags_and_a_default_branch(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    first = project.commit('first')
    project.git('tag', '-a', 'v1', '-m', 'one')
    project.git('branch', 'other')
    last = project.commit('second')
    steps = f"- run: {CLONE}\n- run: git ls-remote --symref origin | tr '\\t' ' '"
    played = run(tmp_path, snap(project), steps, 'refs/heads/feature', '', 'main')
    marked = project.git('rev-parse', 'v1')
    assert played.printed(2) == [
        'ref: refs/heads/main HEAD', f'{last} HEAD', f'{last} refs/heads/feature',
        f'{last} refs/heads/main', f'{first} refs/heads/other', f'{marked} refs/tags/v1',
        f'{first} refs/tags/v1^{{}}',
    ]  # fmt: skip


def test_it_has_what_a_pull_request_has(project: Repository, snap: Snap, tmp_path: Path) -> None:
    project.commit('first')
    snapshot = snap(project)
    steps = f'- run: {CLONE}\n- run: git ls-remote origin | grep -v HEAD | cut -f 2'
    played = run(tmp_path, snapshot, steps, 'refs/pull/7/merge', 'topic')
    assert played.printed(2) == [
        'refs/heads/main', 'refs/heads/topic', 'refs/pull/7/head', 'refs/pull/7/merge',
    ]  # fmt: skip


def test_a_push_stays_in_the_job(project: Repository, snap: Snap, tmp_path: Path) -> None:
    project.commit('first')
    elsewhere = Repository(tmp_path / 'elsewhere', '--bare')
    project.git('remote', 'add', 'origin', str(elsewhere.top))
    snapshot = snap(project)
    before = project.inside()
    pushed = 'git push origin HEAD:refs/heads/pages; git ls-remote origin refs/heads/pages'
    steps = f'- uses: actions/checkout@v4\n- run: {pushed}'
    played = run(tmp_path, snapshot, steps, real_actions=False)
    assert played.finished.conclusion == 'success'
    assert f"keeps this push in the job's own copy of {URL}; nobody else gets it." in played.text
    assert played.printed(2)[-1].endswith('\trefs/heads/pages')
    assert elsewhere.git('for-each-ref') == ''
    assert project.inside() == before


def test_a_repository_whose_name_begins_with_the_same_letters_is_another(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    project.commit('first')
    steps = f'- run: git init -q; git remote add origin {URL}-docs; git remote get-url origin'
    played = run(tmp_path, snap(project), steps)
    assert played.printed(1) == [f'{URL}-docs']


@pytest.mark.usefixtures('node')
def test_checkout_itself_finds_it_with_any_git(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    """What git 2.36 reads from HOME, an older one is told by variables."""
    last = project.commit('first')
    steps = f"""
- uses: actions/checkout@v9
  env: {{HOME: /nonexistent, GIT_CONFIG_COUNT: 1, GIT_CONFIG_KEY_0: a.b, GIT_CONFIG_VALUE_0: mine}}
  with:
    commands: |-
      git ls-remote {URL} HEAD
      git ls-remote {URL}.git HEAD
      git config a.b
"""
    assert run(tmp_path, snap(project), steps).printed(1) == [f'{last}\tHEAD'] * 2 + ['mine']


@pytest.mark.usefixtures('node')
def test_an_action_finds_the_repository_that_it_is_to_fetch_where_actions_come_from(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    project.commit('first')
    other = Repository(tmp_path / f'actions/{REPOSITORY}-docs')
    last = other.commit('theirs')
    steps = f"""
- uses: actions/checkout@v9
  with: {{repository: {REPOSITORY}-docs, commands: git ls-remote {URL}-docs HEAD}}
- uses: actions/checkout@v9
  with: {{repository: {REPOSITORY.title()}, commands: git ls-remote {URL.title()} HEAD}}
""".replace('Https://Github.Com', 'https://github.com')
    played = run(tmp_path, snap(project), steps, actions=DirectoryActions(tmp_path / 'actions'))
    assert played.printed(1) == [f'{last}\tHEAD']
    assert played.printed(2) == [f'{project.git("rev-parse", "HEAD")}\tHEAD']


TELL_TOKEN = """
const e = process.env;
const settings = [...Array(Number(e.GIT_CONFIG_COUNT)).keys()].map(n => e[`GIT_CONFIG_KEY_${n}`]);
console.log(e.INPUT_TOKEN, settings.includes('http.https://github.com/.extraheader'));
"""


@pytest.mark.usefixtures('node')
@pytest.mark.parametrize(
    ('given', 'printed'), [('', 'no-token-was-given true'), ('abc', 'abc false')]
)
def test_checkout_starts_without_a_token_and_git_then_sends_none(
    project: Repository, snap: Snap, tmp_path: Path, given: str, printed: str
) -> None:
    project.commit('first')
    steps = f"- uses: actions/checkout@v9\n  with: {{token: '{given}'}}"
    assert run(tmp_path, snap(project), steps, script=TELL_TOKEN).printed(1) == [printed]


@pytest.mark.usefixtures('node')
def test_submodules_come_from_the_users_own_clones_of_them(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    other = Repository(tmp_path / 'other')
    last = other.commit('theirs')
    project.git('-c', 'protocol.file.allow=always', 'submodule', 'add', str(other.top), 'sub')
    project.git('config', '--file', '.gitmodules', 'submodule.sub.url', '../other.git')
    project.commit('with a submodule')
    steps = """
- uses: actions/checkout@v9
  with:
    commands: |-
      git ls-remote https://github.com/octo/other.git refs/heads/main
      git config protocol.file.allow
"""
    assert run(tmp_path, snap(project), steps).printed(1) == [f'{last}\trefs/heads/main', 'always']


@pytest.mark.usefixtures('node')
def test_other_actions_are_told_nothing_by_variables(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    """simple-git, on which several actions stand, refuses to work with GIT_CONFIG_COUNT."""
    project.commit('first')
    folder = tmp_path / 'actions/octo/git'
    folder.mkdir(parents=True)
    (folder / 'action.yml').write_text('runs: {using: node24, main: x.js}')
    (folder / 'x.js').write_text('console.log(process.env.GIT_CONFIG_COUNT)')
    played = run(tmp_path, snap(project), '- uses: octo/git@v1')
    assert played.printed(1) == ['undefined']

"""Called workflows of other repositories are held to the lock, too."""

from pathlib import Path

import pytest

from e2e.cli.conftest import Project

CALLED = (
    'on: workflow_call\njobs: {inner: {runs-on: ubuntu-latest, steps: [{run: echo it is %s}]}}\n'
)
CALLING = 'on: push\njobs: {call: {uses: acme/flows/.github/workflows/x.yml@v1}}\n'


@pytest.fixture
def flows(project: Project, tmp_path: Path) -> Project:
    """The other repository, and a mirror of it in the user's settings."""
    (tmp_path / 'acme').mkdir()
    made = Project(tmp_path / 'acme')
    made.workflow(CALLED % 'one', 'x')
    made.git('tag', 'v1')
    settings = Path(project.homes['XDG_CONFIG_HOME']) / 'liftlock/config.yml'
    settings.parent.mkdir(parents=True)
    settings.write_text(f'actions: {{acme/flows: {made.directory}}}\n')
    return made


def test_a_called_workflow_is_the_one_that_was_locked(project: Project, flows: Project) -> None:
    project.workflow(CALLING)
    ended = project.liftlock('lock')
    assert ended.status == 0, ended
    project.commit('Lock')
    flows.workflow(CALLED % 'two', 'x')
    flows.git('tag', '--force', 'v1')
    assert 'it is one\n' in project.liftlock('run', '-v').out
    assert project.liftlock('lock', '--update').status == 0
    assert 'it is two\n' in project.liftlock('run', '-v').out


def test_a_called_workflow_that_is_not_locked_is_refused(project: Project, flows: Project) -> None:
    assert flows
    project.workflow('on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n')
    assert project.liftlock('lock').status == 0
    project.workflow(CALLING)
    ended = project.liftlock('run')
    assert ended.status == 2
    assert 'acme/flows@v1 is not in .github/workflows/actions.lock' in ended.err

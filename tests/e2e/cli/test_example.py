"""The example project, as far as it goes without a package index."""

import shutil
from pathlib import Path

from .conftest import Project

SHOP = Path(__file__).parents[3] / 'examples/shop'


def test_the_pipeline_of_the_example_is_whole(project: Project) -> None:
    shutil.copytree(SHOP, project.directory, dirs_exist_ok=True)
    project.commit()
    ended = project.liftlock('run', '--dry-run')
    assert ended.status == 0, ended.err
    for job in ('Find Pythons', 'Lint', 'Types', 'Security', 'test', 'coverage', 'build', 'smoke'):
        assert f'\n  {job}  ' in ended.out
    assert project.liftlock('check').status == 0


def test_the_machine_is_examined_with_what_its_workflows_ask_for(project: Project) -> None:
    project.workflow('on: push\njobs: {a: {runs-on: macos-latest, steps: [run: ls]}}\n')
    ended = project.liftlock('doctor')
    assert ended.status == 1
    assert 'ok       git' in ended.out
    assert 'missing  job a: no runner here' in ended.out


def test_the_first_job_of_the_example_finds_a_python(project: Project) -> None:
    shutil.copytree(SHOP, project.directory, dirs_exist_ok=True)
    project.commit()
    ended = project.liftlock('run', '-j', 'versions', '-v')
    assert ended.status == 0, ended.out + ended.err
    assert 'Testing on ["3.' in ended.out

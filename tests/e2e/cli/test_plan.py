"""`liftlock plan`, from a repository to a picture of what would run."""

import json
import subprocess
from pathlib import Path

from .conftest import Project

JOB = '{runs-on: ubuntu-latest, steps: [{run: echo}]}'
JOBS = f'jobs:\n  a: {JOB}\n  b: {{needs: a, {JOB[1:]}\n'
CI = f'name: CI\non: {{push: {{paths: ["src/**"]}}}}\n{JOBS}'
NIGHTLY = f'on: {{schedule: [{{cron: "0 1 * * *"}}]}}\njobs:\n  a: {JOB}\n'


def test_it_shows_what_starts_and_why_the_rest_does_not(project: Project) -> None:
    project.workflow(NIGHTLY, 'nightly')
    project.workflow(CI)
    project.write('src/a.py', '')
    ended = project.liftlock('plan')
    assert ended.status == 0, ended.err
    assert ended.out.splitlines() == [
        'CI: push on main  (.github/workflows/ci.yml)',
        '  1  a      ubuntu-latest',
        '  2  b ← a  ubuntu-latest',
        '',
        'not started',
        '  .github/workflows/nightly.yml  it does not start on push, only on schedule',
    ]


def test_a_workflow_that_is_named_starts_whichever_files_changed(project: Project) -> None:
    project.workflow(CI)
    project.write('README.md', 'Read me')
    project.commit()
    ended = project.liftlock('plan')
    assert 'no changed file matches paths: src/**' in ended.out
    for command in ('plan', 'run'):
        named = project.liftlock(command, '-W', 'ci.yml')
        assert named.status == 0, named.err
        assert 'CI' in named.out


def test_it_tells_programs_the_same(project: Project) -> None:
    project.workflow(NIGHTLY, 'nightly')
    project.workflow(CI)
    told = json.loads(project.liftlock('plan', 'schedule', '--json').out)
    assert [one['path'] for one in told['workflows']] == ['.github/workflows/nightly.yml']
    (job,) = told['workflows'][0]['jobs']
    assert (job['key'], job['outcome'], job['labels']) == ('a', 'runs', ['ubuntu-latest'])
    assert told['not_started'] == [
        {
            'path': '.github/workflows/ci.yml',
            'reason': 'it does not start on schedule, only on push',
        }
    ]


def test_a_file_that_is_wrong_is_said_to_be_and_the_others_are_planned(project: Project) -> None:
    project.workflow('on: push\njobs: {}\n', 'broken')
    project.workflow(f'on: push\njobs:\n  a: {JOB}\n')
    ended = project.liftlock('plan')
    assert ended.status == 0, ended.err
    assert 'push on main  (.github/workflows/ci.yml)' in ended.out
    assert '.github/workflows/broken.yml  GitHub would refuse it: ' in ended.out


def test_a_call_that_does_not_fit_is_shown_with_its_place(project: Project) -> None:
    project.workflow(f'on: workflow_call\njobs:\n  a: {JOB}\n', 'called')
    call = '  b:\n    uses: ./.github/workflows/called.yml\n    with: {x: 1}\n'
    project.workflow(f'on: push\njobs:\n{call}')
    ended = project.liftlock('plan')
    assert ended.status == 2
    assert '.github/workflows/ci.yml:5:15' in ended.err
    assert 'Invalid input, x is not defined in the referenced workflow.' in ended.err


def test_a_workflow_that_is_missing_is_named(project: Project) -> None:
    project.workflow('on: push\njobs:\n  b: {uses: ./.github/workflows/gone.yml}\n')
    ended = project.liftlock('plan')
    assert ended.status == 2
    assert 'there is no workflow file .github/workflows/gone.yml' in ended.err


def test_a_workflow_of_another_repository_is_fetched_from_its_mirror(
    project: Project, tmp_path: Path
) -> None:
    other = tmp_path / 'mirror/shared'
    file = other / '.github/workflows/smoke.yml'
    file.parent.mkdir(parents=True)
    file.write_text(f'on: workflow_call\njobs:\n  smoke: {JOB}\n')
    who = ('-c', 'user.name=S', '-c', 'user.email=s@localhost')
    for words in (('init', '-q', '-b', 'main'), ('add', '-A'), (*who, 'commit', '-qm', 'x')):
        subprocess.run(('git', *words), cwd=other, check=True)
    settings = Path(project.homes['XDG_CONFIG_HOME']) / 'liftlock/config.yml'
    settings.parent.mkdir(parents=True)
    settings.write_text(f'actions:\n  octo/*: {tmp_path}/mirror/{{name}}\n')
    project.workflow('on: push\njobs:\n  b: {uses: octo/shared/.github/workflows/smoke.yml@main}\n')
    ended = project.liftlock('plan')
    assert ended.status == 0, ended.err
    assert 'b / smoke' in ended.out


def test_it_estimates_from_earlier_runs(project: Project) -> None:
    project.workflow(f'on: push\njobs:\n  a: {JOB}\n')
    assert 'about' not in project.liftlock('plan').out
    assert project.liftlock('run').status == 0
    assert 'about 0.' in project.liftlock('plan').out
    (told,) = json.loads(project.liftlock('plan', '--json').out)['workflows']
    assert told['estimate']['seconds'] > 0

"""What the commands for runs that were say of them, and how they go on."""

import json
import time
from pathlib import Path

import pytest

from .conftest import Project

WORKFLOW = """
name: Shop
on: push
jobs:
  build:
    name: Build it
    runs-on: ubuntu-latest
    steps:
      - name: Make
        run: |
          echo building
          echo "::warning file=shop.py,line=3::old syntax"
          echo "# All well" >> $GITHUB_STEP_SUMMARY
          mkdir dist; echo wheel > dist/shop.whl
      - uses: actions/upload-artifact@v4
        with: {name: wheel, path: dist}
      - run: echo '<coverage line-rate="0.5">' > coverage.xml
      - uses: codecov/codecov-action@v4
        with: {files: coverage.xml, flags: 'unit,web'}
  test:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - {name: First, run: echo one}
      - {name: Second, id: two, run: 'echo two; test -e $HOME/repaired'}
      - {name: Third, run: echo three}
"""


@pytest.fixture(scope='module')
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository whose first run failed in the step `Second`; nothing here changes that run."""
    project = Project(tmp_path_factory.mktemp('shop'))
    project.workflow(WORKFLOW)
    assert project.liftlock('run').status == 1
    return project


@pytest.fixture
def failed(project: Project) -> Project:
    """The same, for tests that go on."""
    project.workflow(WORKFLOW)
    assert project.liftlock('run').status == 1
    return project


# --- runs


def test_runs_lists_what_ran(shop: Project) -> None:
    ended = shop.liftlock('runs')
    head, line = ended.out.splitlines()
    assert head.split() == ['RUN', 'STATUS', 'WORKFLOW', 'TITLE', 'EVENT', 'REF', 'TOOK', 'BEGUN']
    assert line.split()[:7] == ['✗', '1', 'failure', 'Shop', 'Something', 'push', 'main']


def test_runs_can_be_chosen_by_workflow_and_status(shop: Project) -> None:
    for words in (('--status', 'failure'), ('-W', 'ci.yml'), ('-W', 'Shop')):
        assert [run['id'] for run in json.loads(shop.liftlock('runs', '--json', *words).out)] == [1]
    for words in (('--status', 'success'), ('-W', 'other')):
        assert json.loads(shop.liftlock('runs', '--json', *words).out) == []
        assert shop.liftlock('runs', *words).out == 'No such run.\n'


def test_before_the_first_run_there_is_a_hint(project: Project) -> None:
    assert project.liftlock('runs').out == 'No runs yet. Start one with: liftlock run\n'
    ended = project.liftlock('show')
    assert (ended.status, ended.err) == (2, 'liftlock: no run was ever started here\n')


# --- show


def test_show_tells_jobs_steps_annotations_summaries_and_artifacts(shop: Project) -> None:
    lines = [' '.join(line.split()) for line in shop.liftlock('show', '1').out.splitlines()]
    assert lines[0] == '✗ Shop #1: Something'
    for expected in ('✗ Second', '✓ First', '✓ Make'):
        assert any(line.startswith(expected) for line in lines), expected
    assert any(line.startswith('- Third') for line in lines)
    assert 'warning shop.py:3 old syntax Build it' in lines
    assert 'Summary of Build it' in lines
    assert '# All well' in lines
    assert any(line.startswith('wheel') and line.endswith('1 file') for line in lines)


def test_show_gives_the_same_as_json(shop: Project) -> None:
    told = json.loads(shop.liftlock('show', '--json').out)
    assert (told['id'], told['conclusion'], told['interrupted']) == (1, 'failure', False)
    steps = {job['key']: {s['name']: s['conclusion'] for s in job['steps']} for job in told['jobs']}
    assert steps['test']['First'] == 'success'
    assert steps['test']['Second'] == 'failure'
    assert told['artifacts'][0]['name'] == 'wheel'
    assert told['artifacts'][0]['digest'].startswith('sha256:')


def test_show_tells_reports_and_where_their_bytes_are(shop: Project) -> None:
    lines = [' '.join(line.split()) for line in shop.liftlock('show').out.splitlines()]
    assert lines[lines.index('Reports') + 1] == 'coverage coverage.xml 27 bytes unit, web Build it'
    (told,) = json.loads(shop.liftlock('show', '--json').out)['reports']
    assert (told['job'], told['type'], told['flags']) == ('build', 'coverage', ['unit', 'web'])
    assert Path(told['file']).read_text() == '<coverage line-rate="0.5">\n'


def test_a_run_that_is_not_there_is_a_users_mistake(shop: Project) -> None:
    for command in ('show', 'logs', 'artifacts', 'cancel', 'rerun', 'resume'):
        ended = shop.liftlock(command, '99')
        assert (ended.status, ended.out) == (2, '')
        assert 'there is no run 99' in ended.err


# --- logs


def test_logs_of_all_jobs_name_the_job_in_front(shop: Project) -> None:
    lines = shop.liftlock('logs').out.splitlines()
    assert 'Build it | building' in lines
    assert 'test | two' in lines


def test_logs_of_one_job_or_step_stand_alone(shop: Project) -> None:
    for words in (
        ('-j', 'test', '--step', 'two'),
        ('-j', 'test', '--step', 'Second'),
        ('--failed',),
    ):
        lines = shop.liftlock('logs', *words).out.splitlines()
        assert 'two' in lines
        assert 'one' not in lines
        assert not any('building' in line for line in lines)


def test_logs_can_be_searched(shop: Project) -> None:
    ended = shop.liftlock('logs', '--grep', '^(one|three|building)$')
    assert (ended.status, ended.out) == (0, 'Build it | building\ntest | one\n')
    ended = shop.liftlock('logs', '--grep', 'nowhere')
    assert (ended.status, ended.out) == (1, '')
    ended = shop.liftlock('logs', '--grep', '(')
    assert ended.status == 2
    assert 'is no regular expression' in ended.err


def test_raw_logs_keep_githubs_marks_and_lines_can_have_times(shop: Project) -> None:
    assert '##[group]Run echo one\n' in shop.liftlock('logs', '-j', 'test', '--raw').out
    timed = shop.liftlock('logs', '-j', 'test', '-t', '--grep', '^two$').out
    assert timed.startswith(time.strftime('%Y-', time.gmtime()))
    assert timed.endswith('Z two\n')


def test_a_job_that_is_not_there_is_a_users_mistake(shop: Project) -> None:
    ended = shop.liftlock('logs', '-j', 'deploy')
    assert ended.status == 2
    assert 'has no log of a job "deploy"' in ended.err
    assert 'build, test' in ended.err


# --- artifacts


def test_artifacts_are_listed_and_fetched(shop: Project, tmp_path: Path) -> None:
    name, *rest = shop.liftlock('artifacts').out.split()
    assert name == 'wheel'
    told, digest = ' '.join(rest).split(' sha256:')
    assert told.endswith('1 file for 90 more days')
    (row,) = json.loads(shop.liftlock('artifacts', '--json').out)
    assert row['digest'].startswith(digest)
    ended = shop.liftlock('artifacts', '1', '--download', 'wheel', '--to', str(tmp_path / 'out'))
    assert ended.status == 0, ended.err
    assert (tmp_path / 'out' / 'shop.whl').read_text() == 'wheel\n'
    ended = shop.liftlock('artifacts', '--download', 'sdist')
    assert (ended.status, ended.out) == (2, '')
    assert 'has no artifact "sdist"' in ended.err


# --- again


def test_a_rerun_of_what_failed_keeps_the_other_jobs(failed: Project) -> None:
    ended = failed.liftlock('rerun', 'last', '--failed')
    assert ended.status == 1
    assert 'Run 1: Shop, attempt 2.' in ended.out
    assert 'building' not in ended.out
    assert json.loads(failed.liftlock('show', '--json').out)['attempt'] == 2
    first = failed.liftlock('logs', '-j', 'test', '--attempt', '1')
    assert 'two' in first.out.splitlines()


def test_the_attempt_is_that_of_the_run_also_for_a_job_that_had_not_run(project: Project) -> None:
    project.workflow("""
on: push
jobs:
  first: {runs-on: ubuntu-latest, steps: [{run: 'echo "attempt $GITHUB_RUN_ATTEMPT"; exit 1'}]}
  then:
    needs: first
    if: github.run_attempt > 1 && failure()
    runs-on: ubuntu-latest
    steps: [{run: 'echo "attempt $GITHUB_RUN_ATTEMPT ${{ github.run_attempt }}"'}]
""")
    assert 'attempt 1' in project.liftlock('run', '-v').out
    ended = project.liftlock('rerun', 'last', '--failed', '-v')
    assert 'first | attempt 2' in ended.out
    assert 'then  | attempt 2 2' in ended.out


def test_a_job_goes_on_at_the_step_that_failed(failed: Project) -> None:
    state = Path(failed.homes['XDG_STATE_HOME'], 'liftlock')
    for directory in (state / 'work' / '1' / 'test-1').rglob('*'):
        if directory.is_dir():
            (directory / 'repaired').touch()
    ended = failed.liftlock('rerun', 'last', '-j', 'test', '--from-step', 'two')
    assert ended.status == 0, ended.out + ended.err
    assert 'what its steps changed stays changed' in ended.out
    lines = failed.liftlock('logs', '-j', 'test').out.splitlines()
    assert 'one' not in lines
    assert {'two', 'three'} <= set(lines)


def test_what_cannot_be_asked_together_is_refused(shop: Project) -> None:
    assert shop.liftlock('rerun', '1', '--failed', '-j', 'test').status == 2
    ended = shop.liftlock('rerun', '1', '--from-step', 'two')
    assert (ended.status, ended.out) == (2, '')
    assert '--from-step needs exactly one job' in ended.err


def test_a_run_that_has_ended_is_neither_resumed_nor_cancelled(shop: Project) -> None:
    ended = shop.liftlock('resume', '1')
    assert ended.status == 2
    assert 'liftlock rerun 1' in ended.err
    assert 'already finished' in shop.liftlock('cancel', '1').err
    assert 'no run was interrupted' in shop.liftlock('resume').err


def test_secrets_must_be_given_again(project: Project) -> None:
    project.workflow("""
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{run: 'test "${{ secrets.TOKEN }}" = s3cret'}]
""")
    assert project.liftlock('run', '-s', 'TOKEN=s3cret').status == 0
    ended = project.liftlock('rerun', '1')
    assert (ended.status, ended.out) == (2, '')
    assert '--secret TOKEN' in ended.err
    assert project.liftlock('rerun', '1', '-s', 'TOKEN', TOKEN='s3cret').status == 0

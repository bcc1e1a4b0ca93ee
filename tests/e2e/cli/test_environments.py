"""Jobs with `environment:` from the command line: what they find, and what holds them."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import LIFTLOCK, Ended, Project

WORKFLOW = """
name: Ship
on: [push, pull_request]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "build sees <$A> <$B> <${{ vars.COLOUR }}>"
        env: {A: "${{ secrets.A }}", B: "${{ secrets.B }}"}
  deploy:
    needs: build
    runs-on: ubuntu-latest
    environment: {name: production, url: "https://shop.example/${{ vars.COLOUR }}"}
    steps:
      - run: |
          echo "deploy sees <$A> <$B> <${{ vars.COLOUR }}>"
          echo "$A/$B/${{ vars.COLOUR }}" > "$OUT"
        env: {A: "${{ secrets.A }}", B: "${{ secrets.B }}"}
"""
PROTECTED = """
environments:
  production: {protection: {reviewers: [ops]}}
"""
Waiting = Callable[..., 'subprocess.Popen[str]']


def fed(project: Project, text: str, *words: str) -> None:
    done = subprocess.run(
        (*LIFTLOCK, *words),
        cwd=project.directory,
        env={**os.environ, **project.homes},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def shop(project: Project, tmp_path: Path) -> Project:
    """With stored secrets and variables; alice is at the keyboard, and ops are bob and carol."""
    project.git('config', 'github.user', 'alice')
    project.workflow(WORKFLOW)
    config = Path(project.homes['XDG_CONFIG_HOME'], 'liftlock', 'config.yml')
    config.parent.mkdir(parents=True)
    config.write_text('teams: {ops: [bob, carol]}\n')
    fed(project, 'first-secret\n', 'secret', 'set', 'A')
    fed(project, 'second-secret\n', 'secret', 'set', 'B')
    fed(project, 'line-one\nline-two\n', 'secret', 'set', 'B', '--env', 'Production')
    fed(project, '', 'variable', 'set', 'COLOUR', 'green')
    fed(project, '', 'variable', 'set', 'COLOUR', 'blue', '--env', 'production')
    return project


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / 'out'


@pytest.fixture
def waiting(shop: Project, out: Path, started: list['subprocess.Popen[str]']) -> Waiting:
    """Start a run in the background; return once its job waits for somebody."""

    def start(*words: str) -> 'subprocess.Popen[str]':
        run = shop.start('run', '--env', f'OUT={out}', *words)
        started.append(run)
        end = time.monotonic() + 60
        while '"waiting"' not in held(shop):
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        return run

    return start


def held(project: Project) -> str:
    return json.dumps([row['status'] for row in deployments(project)])


def deployments(project: Project) -> list[dict[str, object]]:
    """As the store has them."""
    import sqlite3
    from contextlib import closing

    path = Path(project.homes['XDG_STATE_HOME'], 'liftlock', 'liftlock.db')
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as sql:
        sql.row_factory = sqlite3.Row
        try:
            rows = sql.execute('SELECT * FROM deployments ORDER BY number').fetchall()
        except sqlite3.OperationalError:  # not made yet
            return []
    return [dict(row) for row in rows]


def facts(project: Project) -> list[dict[str, object]]:
    """Of all environments."""
    import sqlite3
    from contextlib import closing

    path = Path(project.homes['XDG_STATE_HOME'], 'liftlock', 'liftlock.db')
    with closing(sqlite3.connect(path)) as sql:
        rows = sql.execute('SELECT body FROM deployment_facts ORDER BY seq').fetchall()
    return [json.loads(row[0]) for row in rows]


def as_person(project: Project, name: str, *words: str) -> Ended:
    project.git('config', 'github.user', name)
    try:
        return project.liftlock(*words)
    finally:
        project.git('config', 'github.user', 'alice')


# --- what jobs find


def test_jobs_find_stored_secrets_and_variables_and_the_log_hides_them(
    shop: Project, out: Path
) -> None:
    ended = shop.liftlock('run', '--verbose', '--env', f'OUT={out}')
    assert ended.status == 0, ended.out
    assert 'build sees <***> <***> <green>' in ended.out
    assert out.read_text() == 'first-secret/line-one\nline-two/blue\n'
    for secret in ('first-secret', 'second-secret', 'line-one', 'line-two'):
        assert secret not in ended.out
        assert secret not in shop.liftlock('logs').out
    (row,) = deployments(shop)
    assert (row['job'], row['conclusion'], row['by']) == ('deploy', 'success', 'alice')


def test_what_is_given_on_the_command_line_goes_before_what_is_stored(
    shop: Project, out: Path
) -> None:
    given = ('--secret', 'B=by-hand', '--var', 'colour=red')
    ended = shop.liftlock('run', '--env', f'OUT={out}', *given)
    assert ended.status == 0, ended.out
    assert out.read_text() == 'first-secret/by-hand/red\n'


def test_code_from_outside_gets_none_of_them(shop: Project, out: Path, tmp_path: Path) -> None:
    event = tmp_path / 'event.json'
    event.write_text(
        json.dumps(
            {
                'action': 'opened',
                'number': 7,
                'pull_request': {
                    'head': {'ref': 'x', 'repo': {'full_name': 'mallory/project'}},
                    'base': {'ref': 'main'},
                },
            }
        )
    )
    words = ('run', 'pull_request', '--event-path', str(event), '--env', f'OUT={out}', '--verbose')
    ended = shop.liftlock(*words)
    assert ended.status == 0, ended.out
    assert 'build sees <> <> <>' in ended.out
    assert out.read_text() == '//\n'


def test_a_run_again_finds_stored_secrets_by_itself_and_asks_for_the_others(
    shop: Project, out: Path
) -> None:
    shop.liftlock('run', '--env', f'OUT={out}', '--secret', 'A=by-hand')
    fed(shop, 'changed\n', 'secret', 'set', 'B', '--env', 'production')
    ended = shop.liftlock('rerun', 'last')
    assert (ended.status, '--secret A' in ended.err, '--secret B' in ended.err) == (2, True, False)
    ended = shop.liftlock('rerun', 'last', '--secret', 'A=again')
    assert ended.status == 0, ended.out
    assert out.read_text() == 'again/changed/blue\n'


def test_the_plan_knows_stored_variables_and_what_will_hold_a_job(shop: Project) -> None:
    shop.write('liftlock.yml', PROTECTED)
    shop.workflow(WORKFLOW.replace('name: production', 'name: "${{ vars.WHERE }}"'))
    fed(shop, '', 'variable', 'set', 'WHERE', 'production')
    ended = shop.liftlock('plan')
    assert 'environment production' in ended.out
    assert 'environment production: waits for an approval of ops (liftlock approve production)' in (
        ended.out
    )
    (planned,) = json.loads(shop.liftlock('plan', '--json').out)['workflows']
    assert [one['approvals'] for one in planned['environments']] == [1]


def test_a_key_that_is_gone_is_told_before_anything_runs(shop: Project) -> None:
    Path(shop.homes['XDG_STATE_HOME'], 'liftlock', 'secrets.key').unlink()
    ended = shop.liftlock('run')
    assert (ended.status, 'the key of the stored secrets cannot be read' in ended.err) == (2, True)
    assert shop.liftlock('runs').out.startswith('No runs yet')


def test_the_doctor_names_only_what_is_not_stored(shop: Project) -> None:
    shop.workflow(WORKFLOW.replace('secrets.B', 'secrets.C'))
    content = json.loads(shop.liftlock('doctor', '--json').out)
    assert sorted(content['secrets']) == ['C']
    assert content['vars'] == {}


# --- approvals


def test_a_job_waits_for_somebody_and_says_how_to_help_it(
    shop: Project, out: Path, waiting: Waiting
) -> None:
    shop.write('liftlock.yml', PROTECTED)
    shop.commit('Protect production')
    run = waiting()
    assert not out.exists()
    ended = as_person(shop, 'mallory', 'approve', 'production', '--yes')
    assert (ended.status, 'reviewers: ops' in ended.err) == (2, True)
    assert shop.liftlock('approve', 'production', '--yes').status == 2  # alice is none of ops
    ended = as_person(shop, 'bob', 'approve', 'production', '--yes', '--comment', 'go')
    assert ended.status == 0, ended.err
    assert 'asked for by alice' in ended.out
    assert 'by job "deploy" of run 1' in ended.out
    assert ended.out.endswith('may go to production.\n')
    exported = shop.liftlock('audit', 'export', '--json').out
    entry = json.loads(exported.splitlines()[-1])
    assert (entry['who'], entry['what'], entry['detail']) == ('bob', 'deployment approved', 'go')
    assert entry['about'].endswith(':production #1')
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert 'production: waits for an approval of ops (liftlock approve production)' in said
    assert out.read_text().endswith('/blue\n')


def test_what_is_rejected_fails_and_the_summary_says_why(
    shop: Project, out: Path, waiting: Waiting
) -> None:
    shop.write('liftlock.yml', PROTECTED)
    run = waiting()
    ended = as_person(shop, 'carol', 'reject', '--yes', '--comment', 'not today')
    assert ended.status == 0, ended.err
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    summary = said.partition('Ship failed')[2]
    assert 'production: carol rejected it: not today' in summary
    assert not out.exists()


def test_who_approves_is_shown_the_commits_and_the_changed_workflow(
    shop: Project, out: Path, waiting: Waiting
) -> None:
    assert shop.liftlock('run', '--env', f'OUT={out}').status == 0
    shop.write('liftlock.yml', PROTECTED)
    shop.commit('Protect production')
    shop.write('shop.py', 'print()')
    shop.workflow(WORKFLOW.replace('deploy sees', 'DEPLOY sees'))
    run = waiting()
    nobody = as_person(shop, 'bob', 'approve', 'production')
    assert (nobody.status, 'say it with --yes' in nobody.err) == (2, True)
    shown = nobody.out
    assert '2 commits since' in shown
    assert 'Protect production (Somebody)' in shown
    assert '.github/workflows/ci.yml has changed since then:' in shown
    assert '-          echo "deploy sees' in shown
    assert '+          echo "DEPLOY sees' in shown
    assert 'liftlock.yml has changed since then:' in shown
    assert as_person(shop, 'bob', 'approve', '--yes').status == 0
    run.communicate(timeout=60)
    assert run.returncode == 0


def test_a_freeze_is_passed_over_with_a_reason_only(shop: Project, waiting: Waiting) -> None:
    shop.write('liftlock.yml', 'environments: {production: {freeze: {from: 2020-01-01}}}')
    run = waiting()
    ended = shop.liftlock('approve', 'production', '--yes')
    assert (ended.status, '--bypass' in ended.err) == (2, True)
    assert shop.liftlock('approve', '--bypass', '--yes').status == 2
    ended = shop.liftlock('approve', '--bypass', '--reason', 'shop is down', '--yes')
    assert ended.status == 0, ended.err
    run.communicate(timeout=60)
    assert run.returncode == 0


def test_a_supervisor_leaves_the_deployments_of_jobs_alone(
    shop: Project, out: Path, waiting: Waiting
) -> None:
    shop.write('liftlock.yml', PROTECTED)
    shop.workflow(WORKFLOW.replace('echo "deploy sees', 'sleep 3; echo "deploy sees'))
    run = waiting()
    try:
        assert shop.liftlock('supervise').status == 0
        assert as_person(shop, 'bob', 'approve', '--yes').status == 0
        run.communicate(timeout=60)
        assert run.returncode == 0
        kinds = {fact['kind'] for fact in facts(shop)}
        assert kinds == {
            'DeploymentRequested',
            'DeploymentHeld',
            'Approved',
            'DeploymentAllowed',
            'DeploymentStarted',
            'DeploymentFinished',
        }
    finally:
        shop.liftlock('supervise', '--stop')


# --- what is refused before anything runs


@pytest.mark.parametrize(
    'settings',
    [
        'environments: {Production: {target: {process: {command: serve}}}}\n',
        'environments: {pages: {target: {process: {command: serve}}}}\ndeploys: {build: pages}\n',
    ],
)
def test_where_liftlock_deploys_itself_no_job_may(shop: Project, settings: str) -> None:
    shop.write('liftlock.yml', settings)
    for words in (('run',), ('run', '--dry-run'), ('plan',)):
        ended = shop.liftlock(*words)
        assert (ended.status, 'Liftlock itself deploys to' in ended.err) == (2, True)
    assert shop.liftlock('runs').out.startswith('No runs yet')
    assert 'environment-target' in shop.liftlock('check').out


def test_a_job_is_bound_to_an_environment_that_it_does_not_name(shop: Project, out: Path) -> None:
    shop.write('liftlock.yml', 'environments: {pages: {}}\ndeploys: {build: pages}\n')
    assert shop.liftlock('run', '--env', f'OUT={out}').status == 0
    assert sorted(str(row['job']) for row in deployments(shop)) == ['build', 'deploy']


def test_mistakes_in_liftlock_yml_are_told_before_a_job_deploys(shop: Project) -> None:
    shop.write('liftlock.yml', 'environments: {production: {protection: {reviewer: [ops]}}}')
    ended = shop.liftlock('run')
    assert (ended.status, 'liftlock.yml has mistakes' in ended.err) == (2, True)


# --- people at a terminal


@pytest.mark.parametrize(('answer', 'status', 'end'), [('n', 1, 'waiting'), ('y', 0, 'completed')])
def test_a_person_is_asked_after_seeing_what_it_is(
    shop: Project, waiting: Waiting, answer: str, status: int, end: str
) -> None:
    shop.write('liftlock.yml', PROTECTED)
    run = waiting()
    shop.git('config', 'github.user', 'bob')
    said, ended = at_a_terminal(shop, f'{answer}\n', 'approve', 'production')
    assert ended == status, said
    assert said.index('asked for by alice') < said.index('Approve it for production? [y/N]')
    if answer == 'y':
        run.communicate(timeout=60)
    assert [row['status'] for row in deployments(shop)] == [end]


def at_a_terminal(project: Project, answer: str, *words: str) -> tuple[str, int]:
    """What is shown there once this has been answered, and the exit code."""
    import pty

    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        (*LIFTLOCK, *words),
        cwd=project.directory,
        env={**os.environ, **project.homes},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)  # so that reading fails, and does not wait, once the process has ended
    try:
        shown = b''
        while b'?' not in shown.rpartition(b'\n')[2]:
            shown += os.read(ours, 4096)
        os.write(ours, answer.encode())
        return shown.decode(), asking.wait(60)
    finally:
        os.close(ours)

"""`liftlock run`, from a repository to a result."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from .conftest import Project

Wait = Callable[[Callable[[], object]], None]

HELLO = """
name: CI
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo hello from $GITHUB_JOB
"""


def test_a_run_that_goes_well_ends_with_0(project: Project) -> None:
    project.workflow(HELLO)
    ended = project.liftlock('run')
    assert ended.status == 0, ended.err
    assert 'build | hello from build\n' in ended.out
    assert 'CI succeeded' in ended.out
    assert 'liftlock resume 1' in ended.out


def test_a_run_that_fails_ends_with_1_and_says_where_to_look(project: Project) -> None:
    project.workflow(
        """
        on: push
        jobs:
          good: {runs-on: ubuntu-latest, steps: [run: 'true']}
          bad:
            runs-on: ubuntu-latest
            steps:
              - name: Break
                run: |
                  echo "::error file=a.py,line=3::it broke"
                  exit 7
          later: {needs: bad, runs-on: ubuntu-latest, steps: [run: 'true']}
        """
    )
    ended = project.liftlock('run')
    assert ended.status == 1
    assert 'FAIL Break' in ended.out
    assert 'error   a.py:3  it broke  bad' in ended.out
    assert '(3 jobs: 1 ok, 1 failed, 1 skipped)' in ended.out
    assert 'liftlock logs 1 -j bad' in ended.out


def test_json_is_all_there_is_on_stdout_and_secrets_are_hidden(project: Project) -> None:
    project.workflow(
        """
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            outputs: {said: '${{ steps.s.outputs.said }}'}
            steps:
              - id: s
                run: |
                  echo "said=$T" >> $GITHUB_OUTPUT
                  echo "::warning::$T"
                env: {T: '${{ secrets.TOKEN }}'}
        """
    )
    ended = project.liftlock('run', '--json', '--secret', 'token=hush-hush')
    assert ended.status == 0, ended.err
    facts = [json.loads(line) for line in ended.out.splitlines()]
    assert [facts[0]['kind'], facts[-1]['kind']] == ['RunSubmitted', 'RunFinished']
    assert any(fact['kind'] == 'Annotated' and fact['message'] == '***' for fact in facts)
    assert 'hush-hush' not in ended.out + ended.err


def test_a_secret_can_come_from_the_environment_and_from_a_file(project: Project) -> None:
    project.workflow(
        """
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: test "$A$B" = onetwo && echo "both, and not ${HIDDEN:-passed on}"
                env: {A: '${{ secrets.A }}', B: '${{ secrets.B }}'}
        """
    )
    project.write('secrets.env', 'B="two"\n')
    words = ('run', '--secret', 'A', '--secret-file', 'secrets.env')
    ended = project.liftlock(*words, A='one', HIDDEN='leaked')
    assert ended.status == 0, ended.out
    assert 'both, and not passed on' in ended.out


def test_a_dry_run_runs_nothing(project: Project, tmp_path: Path) -> None:
    project.workflow(
        f"""
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v4
              - run: touch {tmp_path}/ran
          b: {{needs: a, runs-on: ubuntu-latest, steps: [run: 'true']}}
        """
    )
    ended = project.liftlock('run', '--dry-run')
    assert ended.status == 0, ended.err
    assert 'Run actions/checkout@v4  <- our stand-in' in ended.out
    assert 'after a' in ended.out
    assert not (tmp_path / 'ran').exists()


def test_when_nothing_starts_the_reasons_are_told(project: Project) -> None:
    project.workflow(HELLO.replace('on: push', 'on: {push: {branches: [release]}}'))
    project.workflow(HELLO.replace('on: push', 'on: workflow_dispatch'), 'manual')
    ended = project.liftlock('run')
    assert ended.status == 2
    assert 'no workflow starts for push' in ended.err
    assert '.github/workflows/ci.yml' in ended.err
    assert '.github/workflows/manual.yml' in ended.err


def test_a_repository_without_workflows_gets_a_hint(project: Project) -> None:
    project.write('a', '')
    project.commit()
    ended = project.liftlock('run')
    assert ended.status == 2
    assert 'there are no workflow files' in ended.err


def test_a_file_that_github_would_refuse_is_shown_and_nothing_runs(project: Project) -> None:
    project.workflow(HELLO.replace('runs-on', 'runs-at'))
    ended = project.liftlock('run')
    assert ended.status == 2
    assert '.github/workflows/ci.yml:' in ended.err
    assert 'runs-at' in ended.err
    assert ended.out == ''


def test_the_files_run_as_they_stand_and_clean_takes_the_commit(project: Project) -> None:
    project.write('word', 'committed')
    project.workflow(
        """
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps: [{uses: actions/checkout@v4}, {run: 'echo it is $(cat word)'}]
        """
    )
    project.write('word', 'changed')
    as_it_stands = project.liftlock('run')
    assert 'it is changed' in as_it_stands.out
    assert 'with uncommitted changes' in as_it_stands.out
    clean = project.liftlock('run', '--clean')
    assert 'it is committed' in clean.out
    assert 'with uncommitted changes' not in clean.out


def test_only_the_jobs_that_are_asked_for_run_with_what_they_need(project: Project) -> None:
    project.workflow(
        """
        on: push
        jobs:
          a: {runs-on: ubuntu-latest, steps: [run: echo this is a]}
          b: {runs-on: ubuntu-latest, steps: [run: echo this is b]}
          c: {needs: b, runs-on: ubuntu-latest, steps: [run: echo this is c]}
        """
    )
    ended = project.liftlock('run', '-j', 'c')
    assert ended.status == 0, ended.err
    assert 'this is b' in ended.out
    assert 'this is c' in ended.out
    assert 'this is a' not in ended.out


def test_inputs_and_variables_reach_the_jobs(project: Project) -> None:
    project.workflow(
        """
        on: {workflow_dispatch: {inputs: {who: {required: true}, loud: {type: boolean}}}}
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: echo "${{ inputs.who }}, ${{ vars.PLACE }}, ${{ inputs.loud }}, $HOW"
        """
    )
    given = ('--input', 'who=you', '--var', 'PLACE=here', '--env', 'HOW=well')
    ended = project.liftlock('run', 'workflow_dispatch', *given, '--input', 'loud=true')
    assert ended.status == 0, ended.err
    assert 'a | you, here, true, well\n' in ended.out
    missing = project.liftlock('run', 'workflow_dispatch')
    assert missing.status == 2
    assert 'who' in missing.err


def test_a_runner_that_nobody_has_is_a_failure_unless_it_is_allowed(project: Project) -> None:
    project.workflow('on: push\njobs: {a: {runs-on: windows-latest, steps: [run: dir]}}\n')
    assert project.liftlock('run').status == 1
    allowed = project.liftlock('run', '--allow-missing-runners')
    assert allowed.status == 0
    assert '1 skipped' in allowed.out


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_first_interrupt_lets_always_steps_run(
    project: Project, tmp_path: Path, eventually: Wait, started: list['subprocess.Popen[str]']
) -> None:
    project.workflow(
        f"""
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: touch {tmp_path}/begun && exec sleep 60
              - run: echo not me
              - if: always()
                run: echo cleaned up
        """
    )
    process = project.start('run')
    started.append(process)
    eventually((tmp_path / 'begun').exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert 'cleaned up' in out
    assert 'a | not me' not in out
    assert 'cancelled' in out


def test_what_a_killed_run_had_finished_is_not_run_again(
    project: Project, tmp_path: Path, eventually: Wait, started: list['subprocess.Popen[str]']
) -> None:
    project.workflow(
        f"""
        on: push
        jobs:
          first:
            runs-on: ubuntu-latest
            steps: [run: echo ran >> {tmp_path}/first]
          second:
            needs: first
            runs-on: ubuntu-latest
            steps: [run: 'echo $$ >> {tmp_path}/second; test -e {tmp_path}/go || exec sleep 60']
        """
    )
    process = project.start('run')
    started.append(process)
    eventually((tmp_path / 'second').exists)
    eventually((tmp_path / 'second').read_text)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (tmp_path / 'go').touch()
    ended = project.liftlock('resume', '1')
    assert ended.status == 0, ended.out + ended.err
    assert (tmp_path / 'first').read_text() == 'ran\n'
    left_behind = int((tmp_path / 'second').read_text().split()[0])
    eventually(lambda: not is_alive(left_behind))


def test_a_job_goes_on_from_the_step_that_failed(project: Project, tmp_path: Path) -> None:
    project.workflow(
        f"""
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: echo ran >> {tmp_path}/first
              - name: Second
                run: test -e {tmp_path}/mended
        """
    )
    assert project.liftlock('run').status == 1
    (tmp_path / 'mended').touch()
    ended = project.liftlock('run', '-j', 'a', '--from-step', 'Second')
    assert ended.status == 0, ended.out + ended.err
    assert (tmp_path / 'first').read_text() == 'ran\n'


def test_a_workflow_of_another_repository_is_fetched_and_called(
    project: Project, tmp_path: Path
) -> None:
    other = tmp_path / 'mirrors/acme/flows'
    other.mkdir(parents=True)
    flow = other / '.github/workflows/greet.yml'
    flow.parent.mkdir(parents=True)
    flow.write_text(
        'on: {workflow_call: {inputs: {who: {type: string}}}}\n'
        "jobs: {greet: {runs-on: x64, steps: [run: 'echo hello ${{ inputs.who }}']}}\n"
    )
    who = ('-c', 'user.name=A', '-c', 'user.email=a@localhost')
    for words in (('init', '-q', '-b', 'main'), ('add', '-A'), (*who, 'commit', '-qm', 'Greet')):
        subprocess.run(('git', *words), cwd=other, check=True)
    settings = Path(project.homes['XDG_CONFIG_HOME'], 'liftlock/config.yml')
    settings.parent.mkdir(parents=True)
    settings.write_text(f"actions: {{'acme/*': '{tmp_path}/mirrors'}}\n")
    project.workflow(
        """
        on: push
        jobs:
          call:
            uses: acme/flows/.github/workflows/greet.yml@main
            with: {who: you}
        """
    )
    ended = project.liftlock('run')
    assert ended.status == 0, ended.out + ended.err
    assert 'call / greet | hello you' in ended.out

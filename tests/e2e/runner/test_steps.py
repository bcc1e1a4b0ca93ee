"""Real jobs on the host: which steps run, how they end, and what the next ones see."""

import subprocess
import time
from pathlib import Path

import pytest

from fakes import indent, play
from liftlock.plan.facts import StepStarted

SUCCESS = ('success', 'success')
FAILURE = ('failure', 'failure')
SKIPPED = ('skipped', 'skipped')


def test_a_job_that_succeeds(tmp_path: Path) -> None:
    played = play('- run: echo hello', tmp_path)
    assert played.finished.conclusion == 'success'
    assert played.printed() == ['hello']
    assert played.steps == [('Run echo hello', 'success')]


def test_a_failure_skips_what_follows_but_for_those_who_ask(tmp_path: Path) -> None:
    played = play(
        """
- run: exit 3
- run: echo never
- run: echo failed=${{ failure() }}
  if: failure()
- run: echo always
  if: always()
- run: echo no
  if: cancelled()
- run: echo no
  if: success() || github.ref == 'other'
""".replace('echo failed=${{ failure() }}', 'echo ${{ job.status }}'),
        tmp_path,
    )
    assert played.outcomes == [FAILURE, SKIPPED, SUCCESS, SUCCESS, SKIPPED, SKIPPED]
    assert played.printed(3) == ['failure']
    assert played.finished.conclusion == 'failure'
    assert 'Process completed with exit code 3.' in played.text


def test_continue_on_error_tells_outcome_from_conclusion(tmp_path: Path) -> None:
    played = play(
        """
- id: a
  run: exit 1
  continue-on-error: ${{ true }}
- run: echo ${{ steps.a.outcome }} ${{ steps.a.conclusion }} ${{ toJSON(steps.a.outputs) }}
""",
        tmp_path,
    )
    assert played.outcomes == [('failure', 'success'), SUCCESS]
    assert played.printed(2) == ['failure success {}']
    assert played.finished.conclusion == 'success'


def test_a_continue_on_error_that_cannot_be_evaluated_allows_nothing(tmp_path: Path) -> None:
    played = play('- run: exit 1\n  continue-on-error: ${{ fromJSON(\'"true"\') }}', tmp_path)
    assert played.outcomes == [FAILURE]


def test_outputs_variables_and_paths_reach_later_steps(tmp_path: Path) -> None:
    played = play(
        """
- id: a
  run: |
    echo "plain=1" >> "$GITHUB_OUTPUT"
    printf 'long<<E\\none\\ntwo\\nE\\n' >> "$GITHUB_OUTPUT"
    echo "NAME=value" >> "$GITHUB_ENV"
    mkdir bin; printf '#!/bin/sh\\necho tool' > bin/mytool; chmod +x bin/mytool
    echo "$PWD/bin" >> "$GITHUB_PATH"
    echo "now: ${NAME-unset}"
- run: |
    echo ${{ steps.a.outputs.plain }} "${{ steps.a.outputs.long }}"
    echo "$NAME ${{ env.NAME }} $(mytool)"
""",
        tmp_path,
    )
    assert played.printed(1) == ['now: unset']
    assert played.printed(2) == ['1 one', 'two', 'value value tool']


def test_the_order_of_variables(tmp_path: Path) -> None:
    played = play(
        """
on: push
env: {A: workflow, B: workflow, C: workflow, GITHUB_SHA: mine}
jobs:
  build:
    runs-on: ubuntu-latest
    env: {B: job, C: job, CI: ''}
    steps:
    - run: echo "C=file" >> $GITHUB_ENV; echo "D=file" >> $GITHUB_ENV
    - run: echo "$A $B $C $D $CI. $GITHUB_ACTIONS $GITHUB_SHA"
      env: {D: step}
    - run: echo "$REQUESTED $A $C $D"
""",
        tmp_path,
        plan={'request_env': {'REQUESTED': 'yes', 'A': 'requested'}},
    )
    assert played.printed(2) == [f'workflow job file step . true {"0" * 40}']
    assert played.printed(3) == ['yes workflow file file']


def test_the_environment_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('MY_PASSWORD', 'hunter2')
    played = play('- run: env; echo "home=$HOME"; ls -A; test ! -t 0', tmp_path)
    assert 'MY_PASSWORD' not in played.text
    assert f'home={tmp_path}/job/_home' in played.text
    assert 'TZ=UTC' in played.text
    assert f'PIP_CACHE_DIR={tmp_path}/caches/pip' in played.text
    assert 'CI=true' in played.text


@pytest.mark.parametrize(
    ('steps', 'message'),
    [
        ('- run: echo ${{ fromJSON(env.NONE).x.y }}', 'Error reading JToken'),
        ('- run: echo\n  shell: nosuchshell {0}', 'nosuchshell: command not found'),
        ('- run: echo\n  shell: perl', 'Invalid shell option'),
        ('- run: echo\n  working-directory: gone', 'does not exist'),
        ('- run: echo\n  if: fromJSON(github.ref)', 'Line: 7, Col: 13'),
    ],
)
def test_a_mistake_fails_its_step_with_a_message(tmp_path: Path, steps: str, message: str) -> None:
    played = play(steps, tmp_path)
    assert played.outcomes == [FAILURE]
    if message != 'Error reading JToken':
        assert message in played.annotations[0].message
    assert played.annotations[0].message.startswith(
        ('.github/workflows/ci.yml', 'nosuch', 'Inv', 'The')
    )


def test_names_of_steps(tmp_path: Path) -> None:
    played = play(
        """
- name: Hello ${{ github.actor }}
  run: echo
- run: |

    echo ${{ vars.COLOUR }}
    second
  continue-on-error: true
- name: Never ${{ steps.x.outputs.y }}
  run: echo
  if: false
""",
        tmp_path,
    )
    names = [name for name, _ in played.steps]
    assert names == ['Hello octocat', 'Run echo green', 'Never ']


def test_steps_are_numbered_in_the_order_of_starting(tmp_path: Path) -> None:
    played = play('- run: echo\n- run: echo\n  id: b\n- run: echo\n  if: false', tmp_path)
    started = [fact for fact in played.facts if isinstance(fact, StepStarted)]
    assert [(fact.number, fact.id, fact.stage) for fact in started] == [
        (1, '', 'main'), (2, 'b', 'main'), (3, '', 'main'),
    ]  # fmt: skip


def test_the_log_shows_what_runs(tmp_path: Path) -> None:
    text = indent('- run: |\n    echo a\n    echo b\n  env: {X: y}')
    played = play(text, tmp_path)
    assert [line for _, line in played.lines] == [
        '##[group]Run echo a',
        '\x1b[36;1mecho a\x1b[0m',
        '\x1b[36;1mecho b\x1b[0m',
        'shell: /usr/bin/bash -e {0}',
        'env:',
        '  X: y',
        '##[endgroup]',
        'a',
        'b',
    ]


def test_defaults_of_the_job_replace_those_of_the_workflow(tmp_path: Path) -> None:
    played = play(
        """
on: push
defaults: {run: {shell: sh, working-directory: gone}}
jobs:
  build:
    runs-on: ubuntu-latest
    defaults: {run: {shell: bash}}
    steps:
    - run: pwd
    - run: pwd
      working-directory: /
""",
        tmp_path,
    )
    assert played.printed(1) == [str(played.workspace)]
    assert played.printed(2) == ['/']
    assert 'bash --noprofile --norc -e -o pipefail {0}' in played.text


def test_job_outputs(tmp_path: Path) -> None:
    played = play(
        """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    environment: {name: production, url: 'https://${{ steps.a.outputs.v }}.example'}
    outputs:
      good: ${{ steps.a.outputs.v }}
      empty: ${{ steps.a.outputs.none }}
      secret: is ${{ steps.a.outputs.s }}
    steps:
    - id: a
      run: echo v=1 >> $GITHUB_OUTPUT; echo s=$S >> $GITHUB_OUTPUT
      env: {S: '${{ secrets.S }}'}
    - run: exit 1
""",
        tmp_path,
        secrets={'S': 'hunter2'},
    )
    assert played.finished.outputs == {'good': '1'}
    assert played.finished.conclusion == 'failure'
    assert played.finished.url == 'https://1.example'
    assert "Skip output 'secret' since it may contain secret." in played.text


def test_outputs_that_cannot_be_evaluated_fail_the_job(tmp_path: Path) -> None:
    played = play(
        """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {x: '${{ fromJSON(steps.a.outputs.v) }}'}
    steps: [{id: a, run: 'echo v=nope{ >> $GITHUB_OUTPUT'}]
""",
        tmp_path,
    )
    assert played.finished.conclusion == 'failure'
    assert 'ci.yml (Line: 6, Col: 18)' in played.finished.message


def test_an_empty_container_is_none(tmp_path: Path) -> None:
    text = indent('- run: echo').replace('steps:', 'container: ${{ vars.NONE }}\n    steps:')
    assert play(text, tmp_path).finished.conclusion == 'success'


def test_a_wrong_env_fails_the_job(tmp_path: Path) -> None:
    text = indent('- run: echo').replace('steps:', 'env: {X: "${{ github.event }}"}\n    steps:')
    played = play(text, tmp_path)
    assert played.finished.conclusion == 'failure'
    assert 'A mapping was not expected' in played.finished.message


def test_hash_files(tmp_path: Path) -> None:
    played = play(
        """
- run: echo one > a.lock; mkdir sub; echo two > sub/b.lock
- run: echo "${{ hashFiles('**/*.lock') }}|${{ hashFiles('none') }}|"
- run: |
    one=$(sha256sum a.lock | cut -c-64 | xxd -r -p | sha256sum | cut -c-64)
    test "${{ hashFiles('a.lock') }}" = "$one"
- run: echo yes
  if: hashFiles('a.lock') != ''
""",
        tmp_path,
    )
    assert played.printed(2)[0].endswith('||')
    assert played.outcomes == [SUCCESS] * 4


def test_the_event_can_be_read(tmp_path: Path) -> None:
    played = play('- run: cat "$GITHUB_EVENT_PATH"', tmp_path)
    assert played.printed() == ['{"ref": "refs/heads/main", "title": "x"}']


def test_what_a_job_leaves_running_is_ended(tmp_path: Path) -> None:
    played = play('- run: setsid sleep 300 > /dev/null 2>&1 & echo $! > pid', tmp_path)
    pid = (played.workspace / 'pid').read_text().strip()
    assert f'Terminate orphan process: pid ({pid}) (' in played.text
    end = time.monotonic() + 60
    while is_alive(int(pid)):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether the process still does something; who reaps it is not our affair."""
    listed = subprocess.run(('ps', '-o', 'stat=', '-p', str(pid)), capture_output=True, text=True)
    return listed.stdout.strip()[:1] not in ('', 'Z')


def test_a_shell_is_offered_after_a_failure(tmp_path: Path) -> None:
    offered: list[tuple[str, Path]] = []

    async def offer(command: object, env: object, workspace: Path) -> None:
        assert command == ('bash', '--norc', '-i')
        assert isinstance(env, dict)
        offered.append((env['X'], workspace))

    played = play(
        '- run: exit 1\n  continue-on-error: true\n- run: exit 1\n  env: {X: y}\n- run: exit 1',
        tmp_path,
        shell_on_failure=offer,
    )
    assert offered == [('y', played.workspace)]


def test_a_workspace_that_cannot_be_made_fails_the_job(tmp_path: Path) -> None:
    blocked = tmp_path / 'file'
    blocked.write_text('')
    played = play('- run: echo', tmp_path, directory=blocked / 'job')
    assert played.finished.conclusion == 'failure'
    assert 'Not a directory' in played.finished.message

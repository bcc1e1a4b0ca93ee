"""Actions: JavaScript with the node of this machine, composite ones, and our stand-ins."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from fakes import NoSources, play
from liftlock.plan.facts import ActionResolved, StepStarted

TELL = """
const fs = require('fs');
const env = process.env;
console.log(STAGE, env.INPUT_WHO, env['INPUT_WITH-DASH'], env.STATE_before || '-');
fs.appendFileSync(env.GITHUB_STATE, 'before=' + STAGE + '\\n');
fs.appendFileSync(env.GITHUB_OUTPUT, 'last=' + STAGE + '\\n');
"""


@pytest.fixture
def node() -> None:
    if shutil.which('node') is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('install Node.js')
        pytest.skip('install Node.js to run this')


def write(root: Path, name: str, action: str, **scripts: str) -> None:
    folder = root / 'actions' / name
    folder.mkdir(parents=True)
    (folder / 'action.yml').write_text(action)
    for stage, script in scripts.items():
        (folder / f'{stage}.js').write_text(f"const STAGE = '{stage}';{script}")


STAGES = """
name: stages
inputs:
  who: {default: '${{ github.actor }}'}
  with-dash: {default: d}
  old: {deprecationMessage: use who}
runs: {using: node24, pre: pre.js, main: main.js, post: post.js}
"""


@pytest.mark.usefixtures('node')
def test_the_stages_of_a_javascript_action(tmp_path: Path) -> None:
    write(tmp_path, 'octo/stages', STAGES, pre=TELL, main=TELL, post=TELL)
    played = play(
        """
- run: echo first
- id: a
  uses: octo/stages@v1
  with: {WHO: you, old: x, extra: y}
- run: echo ${{ steps.a.outputs.last }}
""",
        tmp_path,
    )
    started = [fact for fact in played.facts if isinstance(fact, StepStarted)]
    assert [(fact.name, fact.stage) for fact in started] == [
        ('Pre Run octo/stages@v1', 'pre'),
        ('Run echo first', 'main'),
        ('Run octo/stages@v1', 'main'),
        ('Run echo main', 'main'),
        ('Post Run octo/stages@v1', 'post'),
    ]
    assert played.printed(1) == ['pre you d -']
    assert played.printed(3) == ['main you d pre']
    assert played.printed(4) == ['main']
    assert played.printed(5) == ['Post job cleanup.', 'post you d main']
    assert [found.message for found in played.annotations] == [
        "Input 'old' has been deprecated with message: use who",
        "Unexpected input(s) 'extra', valid inputs are ['who', 'with-dash', 'old']",
    ]
    assert played.facts[0] == ActionResolved(
        'build', 'octo/stages@v1', 'c0ffee', str(tmp_path / 'actions')
    )


@pytest.mark.usefixtures('node')
def test_post_stages_run_backwards_and_not_for_skipped_steps(tmp_path: Path) -> None:
    action = 'name: x\nruns: {using: node24, main: main.js, post: post.js, post-if: %s}'
    write(tmp_path, 'octo/a', action % 'always()', main='', post='')
    write(tmp_path, 'octo/b', action % 'success()', main='', post='')
    played = play(
        """
- uses: octo/a@v1
- uses: octo/b@v1
- uses: octo/a@v2
  if: false
- uses: octo/a@v3
- run: exit 1
""",
        tmp_path,
    )
    assert played.steps[-3:] == [
        ('Post Run octo/a@v3', 'success'),
        ('Post Run octo/b@v1', 'skipped'),
        ('Post Run octo/a@v1', 'success'),
    ]


@pytest.mark.usefixtures('node')
def test_a_javascript_action_that_fails(tmp_path: Path) -> None:
    action = 'name: x\nruns: {using: node24, main: main.js}'
    write(tmp_path, 'octo/a', action, main='process.exit(4)')
    played = play('- uses: octo/a@v1', tmp_path)
    assert played.outcomes == [('failure', 'failure')]
    assert played.annotations[0].message == 'The action ended with exit code 4.'


@pytest.mark.usefixtures('node')
@pytest.mark.parametrize(
    ('complaint', 'told'),
    [
        ("Input 'token' not supplied. Unable to continue.", True),
        ('Parameter token or opts.auth is required', True),
        ('not found deploy key or tokens', True),
        ('HttpError: Bad credentials', True),
        ("Unexpected token '<', is not valid JSON", False),
        ('it rains', False),
    ],
)
def test_who_complains_of_a_token_is_told_how_to_get_one(
    tmp_path: Path, complaint: str, told: bool
) -> None:
    fail = f'console.log({json.dumps("::error::" + complaint)}); process.exit(1)'
    write(tmp_path, 'octo/a', 'runs: {using: node24, main: main.js}', main=fail)
    played = play('- uses: octo/a@v1', tmp_path)
    assert ('`-s GITHUB_TOKEN`' in played.lines[-1][1]) is told


@pytest.mark.usefixtures('node')
def test_an_action_that_wants_a_token_is_told_how_to_get_one(tmp_path: Path) -> None:
    inputs = "inputs: {github-token: {default: '${{ github.token }}'}}"
    fail = """
        if (process.env['INPUT_GITHUB-TOKEN']) process.exit(0);
        console.log('::error::Input required and not supplied: github-token'); process.exit(1);
    """
    action = f'name: x\n{inputs}\nruns: {{using: node24, main: main.js}}'
    write(tmp_path, 'octo/a', action, main=fail)
    played = play('- uses: octo/a@v1', tmp_path)
    assert '`-s GITHUB_TOKEN`' in played.lines[-1][1]
    played = play('- uses: octo/a@v1', tmp_path, secrets={'GITHUB_TOKEN': 'x'})
    assert played.finished.conclusion == 'success'


@pytest.mark.usefixtures('node')
def test_the_node_that_a_job_sets_up_does_not_run_actions(tmp_path: Path) -> None:
    write(tmp_path, 'octo/a', 'name: x\nruns: {using: node24, main: main.js}', main='')
    (tmp_path / 'node').write_text('#!/bin/sh\nexit 9\n')
    (tmp_path / 'node').chmod(0o755)
    played = play(
        f'- run: echo {tmp_path} >> $GITHUB_PATH\n- uses: octo/a@v1\n- run: node', tmp_path
    )
    assert [outcome for outcome, _ in played.outcomes] == ['success', 'success', 'failure']


def test_without_node_a_javascript_action_says_so(tmp_path: Path) -> None:
    write(tmp_path, 'octo/a', 'name: x\nruns: {using: node24, main: main.js}', main='')
    played = play('- uses: octo/a@v1', tmp_path, world={'host_env': {'PATH': str(tmp_path)}})
    assert 'there is no `node` on PATH' in played.annotations[0].message


COMPOSITE = """
name: both
inputs: {who: {default: nobody}}
outputs:
  greeting: {value: '${{ steps.hello.outputs.text }}'}
  status: {value: '${{ steps.bad.outcome }}/${{ steps.bad.conclusion }}'}
runs:
  using: composite
  steps:
  - id: hello
    shell: bash
    run: |
      echo "text=hello ${{ inputs.who }}" >> $GITHUB_OUTPUT
      echo "FROM_ACTION=1" >> $GITHUB_ENV
      echo "$CALLER $OWN ${{ env.CALLER }} ${INPUT_WHO-none} $(basename $GITHUB_ACTION_PATH)"
    env: {OWN: own}
  - {id: bad, shell: bash, run: exit 1, continue-on-error: true}
  - {shell: bash, run: 'echo "$FROM_ACTION ${{ github.action_status }}"'}
"""


def test_a_composite_action(tmp_path: Path) -> None:
    write(tmp_path, 'octo/both', COMPOSITE)
    played = play(
        """
- id: a
  uses: octo/both@v1
  with: {who: you}
  env: {CALLER: me}
- run: echo "${{ steps.a.outputs.greeting }} ${{ steps.a.outputs.status }} $FROM_ACTION ${OWN-none}"
""",
        tmp_path,
    )
    assert 'me own me none v1' in played.printed(1)
    assert '1 success' in played.printed(1)
    assert played.printed(2) == ['hello you failure/success 1 none']
    assert [number for number, _ in played.lines if number not in (1, 2)] == []


FAILING = """
name: failing
outputs: {x: {value: '${{ steps.a.outputs.x }}'}}
runs:
  using: composite
  steps:
  - {id: a, shell: sh, run: 'echo x=1 >> $GITHUB_OUTPUT; exit 3'}
  - {shell: sh, run: echo never}
  - {shell: sh, run: echo cleaned, if: failure()}
  - {shell: sh, run: echo always, if: always()}
"""


def test_a_composite_action_that_fails(tmp_path: Path) -> None:
    write(tmp_path, 'octo/failing', FAILING)
    played = play(
        """
- {id: f, uses: octo/failing@v1}
- run: echo ${{ steps.f.outputs.x }}
  if: always()
""",
        tmp_path,
    )
    lines = played.printed(1)
    assert 'never' not in lines
    assert 'cleaned' in lines
    assert 'always' in lines
    assert played.outcomes == [('failure', 'failure'), ('success', 'success')]
    assert played.printed(2) == ['1']


def test_the_status_inside_is_the_actions_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        'octo/asks',
        """
name: asks
runs:
  using: composite
  steps:
  - {shell: sh, run: echo runs, if: success()}
  - {shell: sh, run: echo no, if: failure()}
""",
    )
    played = play('- run: exit 1\n- uses: octo/asks@v1\n  if: always()', tmp_path)
    assert 'runs' in played.printed(2)
    assert 'no' not in played.printed(2)


def test_composite_actions_use_one_another_ten_levels_deep(tmp_path: Path) -> None:
    text = 'name: n\nruns:\n  using: composite\n  steps:\n  - {uses: octo/loop@v1}\n'
    write(tmp_path, 'octo/loop', text)
    played = play('- uses: octo/loop@v1', tmp_path)
    assert played.outcomes == [('failure', 'failure')]
    assert '10 levels deep' in played.annotations[0].message


def test_an_action_in_the_workspace(tmp_path: Path) -> None:
    played = play(
        """
- run: |
    mkdir -p .github/actions/hi
    cat > .github/actions/hi/action.yml <<'EOF'
    name: hi
    runs:
      using: composite
      steps: [{shell: sh, run: 'echo "hi from $GITHUB_ACTION_PATH"'}]
    EOF
- uses: ./.github/actions/hi
- uses: ./gone
""",
        tmp_path,
    )
    assert f'hi from {played.workspace}/.github/actions/hi' in played.printed(2)
    assert "Can't find 'action.yml'" in played.annotations[0].message
    assert 'forget to run actions/checkout' in played.annotations[0].message


@pytest.mark.parametrize(
    ('uses', 'message'),
    [
        ('octo/missing@v1', 'the action octo/missing@v1 could not be had'),
        ('octo/broken@v1', 'octo/broken@v1: action.yml (Line: 1, Col: 1)'),
        ('octo/both/gone@v1', "Can't find 'action.yml'"),
    ],
)
def test_an_action_that_cannot_be_had_fails_the_job_before_its_first_step(
    tmp_path: Path, uses: str, message: str
) -> None:
    write(tmp_path, 'octo/both', COMPOSITE)
    write(tmp_path, 'octo/broken', 'name: x')
    played = play(f'- run: echo\n- uses: {uses}', tmp_path)
    assert played.finished.conclusion == 'failure'
    assert message in played.finished.message
    assert played.steps == []


@pytest.mark.parametrize('uses', ['docker://alpine:3', 'octo/docker@v1'])
def test_an_action_that_is_a_container_needs_an_engine(tmp_path: Path, uses: str) -> None:
    write(tmp_path, 'octo/docker', 'name: x\nruns: {using: docker, image: Dockerfile}')
    world = {'container_engine': '/nowhere/engine'}
    played = play(f'- run: echo begun\n- uses: {uses}', tmp_path, world=world)
    assert played.finished.conclusion == 'failure'
    assert 'there is no program /nowhere/engine' in played.finished.message
    assert 'begun' not in played.text


class Tree(NoSources):
    """Sources of one file."""

    async def checkout(  # type: ignore[override]
        self, directory: Path, ref: str, depth: int, log: Any, **more: Any
    ) -> str:
        (directory / 'README').write_text('from the snapshot')
        log('filled')
        return 'f' * 40


def test_a_stand_in(tmp_path: Path) -> None:
    played = play(
        """
- id: c
  uses: actions/checkout@v4
  with: {path: sub}
- run: cat sub/README; echo; echo ${{ steps.c.outputs.commit }}
""",
        tmp_path,
        world={'sources': Tree()},
    )
    assert played.facts[0] == ActionResolved('build', 'actions/checkout@v4', '', 'stand-in')
    assert 'filled' in played.printed(1)
    assert played.printed(2) == ['from the snapshot', 'f' * 40]


def test_an_action_beside_its_workflow(tmp_path: Path) -> None:
    class Own(Tree):
        async def checkout(self, directory: Path, *rest: Any, **more: Any) -> str:
            (directory / 'mine').mkdir()
            (directory / 'mine/action.yml').write_text(
                '{name: x, runs: {using: composite, steps: [{shell: sh, run: echo mine}]}}'
            )
            return 'f' * 40

    played = play('- uses: $/mine\n- run: ls -A', tmp_path, world={'sources': Own()})
    assert 'mine' in played.printed(1)
    assert played.printed(2) == []  # the workspace stays empty


def test_actions_that_use_one_another_many_times_are_gone_through_once(tmp_path: Path) -> None:
    """Ten levels of ten uses each; without an end to it, 10^10 ways lead to the innermost."""
    for level in range(9):
        steps = ''.join(f'    - {{uses: octo/a{level + 1}@v1, if: false}}\n' for _ in range(10))
        write(tmp_path, f'octo/a{level}', f'runs:\n  using: composite\n  steps:\n{steps}')
    write(tmp_path, 'octo/a9', 'runs: {using: composite, steps: [{run: echo, shell: sh}]}')
    assert play('- uses: octo/a0@v1', tmp_path).outcomes == [('success', 'success')]

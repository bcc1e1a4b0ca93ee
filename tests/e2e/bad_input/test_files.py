"""Workflow files that are none, are too much, or go round in circles."""

import os
from pathlib import Path

import pytest

from .conftest import Place

HEAD = b'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n'
CALL = 'on: [push, workflow_call]\njobs:\n  a: {uses: ./.github/workflows/%s.yml}\n'
BOMB = 'x0: &x0 [a,a,a,a,a,a,a,a,a]\n' + ''.join(
    f'x{n}: &x{n} [{",".join([f"*x{n - 1}"] * 9)}]\n' for n in range(1, 30)
)
STEP = b'      - run: echo aaaaaaaaaaaaaaaaaaaaaaaaaa\n'

FILES = {
    'not-yaml': (b'on: push\njobs: [a: {{{\n\t- x', 'ci.yml:3:2', 'Bad YAML'),
    'empty': (b'', 'ci.yml:1:1', 'The file is empty'),
    'a-text': (b'hello', 'ci.yml:1:1', "Unexpected value 'hello'"),
    'two-documents': (b'on: push\n---\non: push\n', 'ci.yml:2:1', 'Only one YAML document'),
    'nul': (HEAD + b'      - run: a\0b\n', 'ci.yml:6:15', 'U+0000 is not allowed'),
    'latin-1': (HEAD + b'      - run: a\xffb\n', 'ci.yml:6:15', 'The file is not UTF-8 text'),
    'utf-16': (HEAD.decode().encode('utf-16'), 'ci.yml:1:1', 'The file is not UTF-8 text'),
    'the-same-key-twice': (HEAD + b'      - {run: a, run: b}\n', 'ci.yml:6', 'is already defined'),
    'ten-megabytes': (HEAD + STEP * 230_000, 'ci.yml:1:1', 'maximum file size'),
    'ten-random-megabytes': (os.urandom(10_000_000), 'ci.yml:1:1', 'maximum file size'),
    'alias-bomb': (f'{BOMB}on: push\njobs: *x29\n'.encode(), 'ci.yml:1:1', 'Maximum YAML nodes'),
    'anchor-in-itself': (b'on: push\njobs: &a\n  a: *a\n', 'ci.yml:1:1', 'Maximum YAML nodes'),
    'too-deep': (b'on: ' + b'[' * 100_000 + b']' * 100_000, 'ci.yml:1:', 'Maximum object depth'),
    'needs-in-a-circle': (
        b'on: push\njobs:\n'
        b'  a: {runs-on: x, needs: b, steps: [run: x]}\n'
        b'  b: {runs-on: x, needs: a, steps: [run: x]}\n',
        'ci.yml:3:3',
        'at least one job with no dependencies',
    ),
    'calls-itself': (CALL.encode() % b'ci', 'ci.yml:3:13', 'Nested reusable workflow depth'),
}


@pytest.mark.parametrize('case', FILES)
def test_a_file_that_cannot_be_run_is_refused_with_its_place(case: str, place: Place) -> None:
    content, where, what = FILES[case]
    place.workflow(content)
    ended = place.measured('run')
    assert ended.status == 2
    assert where in ended.err
    assert what in ended.err
    assert not list(place.state.glob('work/*'))


def test_plan_and_check_refuse_the_same_files(place: Place) -> None:
    place.workflow(HEAD + b'      - run: a\xffb\n')
    for command in ('plan', 'check'):
        ended = place.liftlock(command)
        assert ended.status == 2
        assert 'ci.yml:6:15: error: The file is not UTF-8 text' in ended.out + ended.err


def test_a_byte_order_mark_and_carriage_returns_are_no_mistake(place: Place) -> None:
    lines = HEAD + b'      - run: |\n          echo one\n          echo two\n'
    place.workflow(b'\xef\xbb\xbf' + lines.replace(b'\n', b'\r\n'))
    ended = place.run()
    assert ended.status == 0, ended.err
    assert 'a | one\na | two\n' in ended.out


def test_workflows_that_call_one_another_are_refused(place: Place) -> None:
    place.workflow(CALL % 'b', 'a.yml')
    place.workflow(CALL % 'a', 'b.yml')
    ended = place.run('-W', 'a')
    assert ended.status == 2
    assert 'Nested reusable workflow depth exceeded 10' in ended.err
    assert place.liftlock('lock').status == 0


@pytest.mark.parametrize(('levels', 'what'), [(8, 'would have 43,046,721 jobs'), (9, 'depth')])
def test_calls_that_multiply_are_refused_before_they_are_followed(
    levels: int, what: str, place: Place
) -> None:
    for level in range(levels):
        calls = ''.join(
            f'  j{n}: {{uses: ./.github/workflows/f{level + 1}.yml}}\n' for n in range(9)
        )
        place.workflow(f'on: workflow_call\njobs:\n{calls}', f'f{level}.yml')
    job = '  j: {runs-on: ubuntu-latest, steps: [run: echo]}\n'
    place.workflow(f'on: workflow_call\njobs:\n{job}', f'f{levels}.yml')
    place.workflow(CALL % 'f0')
    for command in ('run', 'plan'):
        ended = place.liftlock(command)
        assert ended.status == 2
        assert what in ended.err


def test_an_action_that_uses_itself_fails_with_the_limit(place: Place) -> None:
    place.write(
        'act/action.yml',
        'name: x\ndescription: x\nruns: {using: composite, steps: [uses: ./act]}\n',
    )
    place.steps('uses: actions/checkout@v4', 'uses: ./act')
    ended = place.run()
    assert ended.status == 1
    assert 'Composite actions may use one another 10 levels deep, not more' in ended.out


@pytest.mark.parametrize(
    ('written', 'said'),
    [
        (None, "Can't find 'action.yml'"),
        (b'runs: {using: composite, steps: [{run: x}]', 'Bad YAML'),
        (os.urandom(3000), 'not allowed in YAML'),
        (b'name: x\ndescription: x\nruns: {using: node99, main: x.js}', 'node99'),
        (b'name: x\ndescription: x\nruns: {using: node20, main: x.js}', 'x.js'),
        (b'name: x\ndescription: x\nruns: {using: node20, main: there.js}', 'Node.js'),
    ],
)
def test_an_action_that_cannot_be_used_fails_its_step(
    written: bytes | None, said: str, place: Place, tmp_path: Path
) -> None:
    if written is not None:
        place.write('act/action.yml', written)
        place.write('act/there.js', b'')
    place.steps('uses: actions/checkout@v4', 'uses: ./act', 'run: echo not reached')
    tools = tmp_path / 'tools'
    tools.mkdir()
    for tool in ('git', 'bash', 'sh'):
        found = next(
            Path(one, tool) for one in os.environ['PATH'].split(':') if Path(one, tool).exists()
        )
        (tools / tool).symlink_to(found)
    ended = place.run(PATH=str(tools))
    assert ended.status == 1
    assert said in ended.out
    assert 'skipped Run echo not reached' in ended.out


def test_without_a_network_the_error_says_what_helps(place: Place) -> None:
    config = Path(place.env['XDG_CONFIG_HOME'], 'liftlock/config.yml')
    config.parent.mkdir(parents=True)
    config.write_text("actions: {'*': 'http://127.0.0.1:9/{owner}/{name}'}\n")
    place.steps('uses: nobody/nowhere@v1')
    ended = place.run()
    assert ended.status == 1
    assert 'the action nobody/nowhere@v1 could not be had' in ended.out
    assert 'name a mirror or a directory' in ended.out
    place.workflow('on: push\njobs: {a: {uses: nobody/nowhere/.github/workflows/x.yml@v1}}\n')
    ended = place.run()
    assert ended.status == 2
    assert 'nobody/nowhere@v1 could not be had' in ended.err

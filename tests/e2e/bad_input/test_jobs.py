"""Jobs that print too much, leave things behind, or pull the floor from under themselves."""

import os
import time
from pathlib import Path

import pytest

from .conftest import Place


def alive(words: str) -> list[str]:
    found = []
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            command = (folder / 'cmdline').read_bytes().replace(b'\0', b' ').decode()
        except OSError:
            continue
        if command.startswith(words):
            found.append(command)
    return found


def test_what_a_step_prints_costs_no_memory(place: Place) -> None:
    line = 'a line of a log that is some eighty characters long, as they commonly are in CI'
    place.steps(f'run: yes "{line}" | head -c 60000000', 'run: echo end')
    ended = place.measured('run')
    assert ended.status == 0
    assert ended.out.count(line) >= 700_000
    for words in (('logs',), ('logs', '--grep', 'end'), ('show',)):
        assert place.measured(*words).status == 0
    assert place.liftlock('logs').out.endswith('\nend\n')


def test_a_line_without_end_is_printed_in_pieces(place: Place) -> None:
    place.steps('run: head -c 30000000 /dev/zero | tr "\\0" x; echo; echo end')
    ended = place.measured('run')
    assert ended.status == 0
    assert ended.out.count('x') >= 30_000_000
    assert place.liftlock('logs').out.endswith('\nend\n')


def test_bytes_that_are_no_text_are_a_log_too(place: Place) -> None:
    place.steps(
        r'run: printf "a\0b\n\377\376\nno newline"',
        'run: head -c 3000000 /dev/urandom',
        r'run: printf "1%%\r2%%\r3%%\n\033[31mred\033[0m\033[2J\033]0;title\007\n"',
        'run: echo end',
    )
    ended = place.run()
    assert ended.status == 0, ended.out[-2000:]
    assert 'job | a\0b\njob | \ufffd\ufffd\njob | no newline\n' in ended.out
    assert 'job | 1%\njob | 2%\njob | 3%\njob | red\n' in ended.out
    assert 'job | end\n' in ended.out
    assert place.run('--json').out.splitlines()[-1].endswith('"conclusion":"success"}')


def test_many_masks_are_taken(place: Place) -> None:
    place.steps(
        'run: for i in $(seq 2000); do echo "::add-mask::mask-value-$i"; done',
        'run: echo it was mask-value-1999',
    )
    ended = place.measured('run')
    assert ended.status == 0
    assert 'job | it was ***\n' in ended.out


def test_of_many_annotations_the_first_are_shown(place: Place) -> None:
    place.steps('run: for i in $(seq 20000); do echo "::warning::number $i"; done')
    ended = place.measured('run')
    assert ended.status == 0
    assert 'job | Warning: number 20000\n' in ended.out
    assert 'number 9  job' in ended.out
    assert 'number 20  job' not in ended.out


@pytest.mark.parametrize(
    ('script', 'said'),
    [
        ('head -c 30000000 /dev/zero | tr "\\0" y > $GITHUB_OUTPUT', 'up to 10 MB'),
        ('(printf x=; head -c 30000000 /dev/zero | tr "\\0" y) > $GITHUB_ENV', 'up to 10 MB'),
        ('rm $GITHUB_OUTPUT; ln -s /dev/zero $GITHUB_OUTPUT', 'Invalid format'),
        ('echo FOO > $GITHUB_ENV', "Invalid format 'FOO'"),
        ('echo =x > $GITHUB_ENV', 'Name must not be empty'),
        (r'printf "A<<EOF\nx\n" > $GITHUB_ENV', 'Matching delimiter not found'),
        (r'printf "A=x\0y\n" > $GITHUB_ENV', 'NUL'),
        (r'printf "/a\0b\n" > $GITHUB_PATH', 'NUL'),
    ],
)
def test_garbage_in_a_command_file_fails_its_step_only(
    script: str, said: str, place: Place
) -> None:
    place.steps(f'{{continue-on-error: true, run: {quoted(script)}}}', 'run: echo "on we go $A"')
    ended = place.measured('run')
    assert ended.status == 0, ended.out
    assert 'Unable to process file command' in ended.out
    assert said in ended.out
    assert 'job | on we go \n' in ended.out


@pytest.mark.parametrize(
    'script',
    [
        'rm "$GITHUB_ENV" "$GITHUB_OUTPUT" "$GITHUB_STEP_SUMMARY"',
        'rm "$GITHUB_ENV"; mkdir "$GITHUB_ENV"; rm "$GITHUB_OUTPUT"; mkfifo "$GITHUB_OUTPUT"',
        'exec >&- 2>&-; true',
        'head -c 30000000 /dev/zero | tr "\\0" y > $GITHUB_STEP_SUMMARY',
    ],
)
def test_what_a_step_does_to_its_own_means_nothing_for_the_next(script: str, place: Place) -> None:
    place.steps(f'run: {quoted(script)}', 'run: echo on we go')
    ended = place.measured('run')
    assert ended.status == 0, ended.out
    assert 'job | on we go\n' in ended.out


def quoted(script: str) -> str:
    return "'" + script.replace("'", "''") + "'"


def test_a_workspace_that_is_gone_is_named(place: Place) -> None:
    place.steps(
        'run: rm -rf "$GITHUB_WORKSPACE"',
        '{run: echo, continue-on-error: true}',
        'run: rm -rf "$RUNNER_TEMP" "$HOME" "$(dirname "$GITHUB_ENV")"',
        'uses: actions/checkout@v4',
    )
    ended = place.run()
    assert ended.status == 1
    assert "The working directory '" in ended.out
    assert 'does not exist' in ended.out


@pytest.mark.parametrize(
    ('script', 'code'),
    [
        ('exit 127', 127),
        ('exit 130', 130),
        ('exit 255', 255),
        ('kill -KILL $$', 137),
        ('kill -SEGV $$', 139),
        ('kill -INT 0', 130),
        ('nosuchcommand', 127),
    ],
)
def test_how_a_step_ended_is_told_by_its_number(script: str, code: int, place: Place) -> None:
    place.steps(f'run: {script}')
    ended = place.run()
    assert ended.status == 1
    assert f'job | Error: Process completed with exit code {code}.\n' in ended.out


def test_what_a_job_leaves_running_is_ended(place: Place) -> None:
    if not os.path.isdir('/proc/self'):  # noqa: PTH112
        pytest.skip('needs /proc: run on Linux')
    place.steps(
        'run: nohup sleep 54321 > /dev/null 2>&1 & echo started',
        'run: (setsid sleep 54322 > /dev/null 2>&1 &); echo started',
        'run: echo end',
    )
    ended = place.run()
    assert ended.status == 0
    assert ended.out.count('Terminate orphan process') == 2
    assert not alive('sleep 5432')


def test_a_background_process_that_keeps_the_output_open_is_not_waited_for(place: Place) -> None:
    place.steps('run: sleep 54323 & echo started')
    begun = time.monotonic()
    ended = place.run()
    assert ended.status == 0
    assert time.monotonic() - begun < 40
    assert not alive('sleep 54323')


def test_a_matrix_has_a_limit_that_is_told(place: Place) -> None:
    numbers = list(range(16))
    strategy = f'{{matrix: {{x: {numbers}, y: {numbers}, z: [1, 2]}}}}'
    job = f'{{runs-on: ubuntu-latest, strategy: {strategy}, steps: [run: echo]}}'
    place.workflow(f'on: push\njobs:\n  a: {job}\n')
    ended = place.run()
    assert ended.status == 1
    assert 'ci.yml (Line: 3' in ended.out
    assert 'Matrix makes 512 jobs; more than 256 are not allowed' in ended.out


def test_a_job_of_many_steps_runs(place: Place) -> None:
    place.steps(*(f'run: echo {number}' for number in range(300)))
    ended = place.measured('run')
    assert ended.status == 0
    assert 'job | 299\n' in ended.out


@pytest.mark.parametrize(
    ('expression', 'said'),
    [
        (
            "format('{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}', " * 8 + "'aaaaaaaaaa'" + ')' * 8,
            'The maximum allowed memory size was exceeded',
        ),
        ("fromJSON('" + '[' * 200 + "')", 'nested deeper'),
        ("fromJSON('nope')", 'Error parsing fromJson'),
    ],
)
def test_an_expression_that_is_too_much_fails_its_step(
    expression: str, said: str, place: Place
) -> None:
    step = f'run: {quoted("echo ${{ " + expression + " }}")}'
    place.steps(f'{{continue-on-error: true, {step}}}', 'run: echo on we go')
    ended = place.measured('run')
    assert ended.status == 0, ended.out
    assert said in ended.out
    assert 'job | on we go\n' in ended.out

"""`liftlock check` as people and programs call it: which files, which format, which exit code."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from liftlock.cli.check import command

FINE = 'on: push\npermissions: {contents: read}\njobs:\n  a: {runs-on: x, steps: [{run: make}]}\n'
WARNED = FINE.replace('contents: read}', 'contents: read}\nenv: {GITHUB_SHA: x}')
BROKEN = FINE.replace('runs-on', 'runs_on')


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('FORCE_COLOR', raising=False)
    return tmp_path


def check(*arguments: str, given: str | bytes | None = None) -> tuple[int, Result]:
    """The exit status (main.py makes the number that a command returns one) and what was said."""
    result = CliRunner().invoke(command, arguments, input=given, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_fine_file_is_said_to_be_fine(here: Path) -> None:
    write(here / 'ci.yml', FINE)
    status, result = check('ci.yml')
    assert (status, result.output) == (0, 'no mistakes in 1 file\n')


def test_errors_end_with_2_and_warnings_only_when_strict(here: Path) -> None:
    write(here / 'broken.yml', BROKEN)
    write(here / 'warned.yml', WARNED)
    assert check('broken.yml')[0] == 2
    assert check('warned.yml')[0] == 0
    assert check('warned.yml', '--strict')[0] == 2


def test_without_files_the_whole_repository_is_checked_from_anywhere_in_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = 'name: a\ndescription: b\nruns: {using: composite, steps: []}\n'
    write(here / '.github/workflows/ci.yml', FINE)
    write(here / '.github/workflows/broken.yaml', BROKEN)
    write(here / '.github/actions/deep/one/action.yml', action + 'ba: c\n')
    write(here / 'action.yml', action)
    write(here / 'liftlock.yml', 'ap: x\n')
    write(here / 'src/other.yml', 'not: checked\n')
    monkeypatch.chdir(here / 'src')
    status, result = check('--format', 'json')
    assert status == 2
    assert {found['file'] for found in json.loads(result.stdout)} == {
        '../.github/workflows/broken.yaml',
        '../.github/actions/deep/one/action.yml',
        '../liftlock.yml',
    }
    assert 'in 5 files' in result.stderr


def test_a_place_without_workflows_says_what_to_do(here: Path) -> None:
    from liftlock.errors import UserError

    (here / '.git').mkdir()
    with pytest.raises(UserError, match='there are no workflows'):
        check()


def test_a_workflow_may_come_from_the_standard_input(here: Path) -> None:
    status, result = check('-', given=BROKEN)
    assert status == 2
    assert '<stdin>:4:7: error' in result.output


@pytest.mark.parametrize(
    ('name', 'content', 'words'),
    [
        ('absent.yml', None, 'no such file'),
        ('.', None, 'is a directory'),
        ('binary.yml', bytes(range(256)), 'not UTF-8'),
        ('latin.yml', 'name: é'.encode('latin-1'), 'not UTF-8'),
        ('huge.yml', b'a: b\n' * 2_500_000, 'larger than'),
        ('empty.yml', b'', 'empty'),
        ('nul.yml', b'a: \0', 'U+0000'),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_like_any_other(
    here: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (here / name).write_bytes(content)
    write(here / 'broken.yml', BROKEN)
    status, result = check(name, 'broken.yml')
    assert status == 2
    assert words in result.output
    assert 'broken.yml:4:7: error' in result.output


def test_sarif_goes_to_the_output_and_the_summary_does_not(here: Path) -> None:
    write(here / 'ci.yml', WARNED)
    status, result = check('ci.yml', '--format', 'sarif')
    run = json.loads(result.stdout)['runs'][0]
    assert status == 0
    assert [one['ruleId'] for one in run['results']] == ['env-reserved']
    assert run['tool']['driver']['rules'][0]['shortDescription']['text']
    assert result.stderr == '1 warning in 1 file\n'


def test_annotations_are_written_for_a_workflow_that_checks_workflows(here: Path) -> None:
    write(here / 'ci.yml', WARNED)
    _, result = check('ci.yml', '--format', 'github')
    assert result.stdout.startswith('::warning file=ci.yml,line=3,col=7,endColumn=17,title=env-')


def test_a_pipe_gets_no_colour_and_whoever_forces_it_gets_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here / 'ci.yml', WARNED)
    assert '\x1b' not in check('ci.yml')[1].output
    monkeypatch.setenv('FORCE_COLOR', '1')
    monkeypatch.setenv('NO_COLOR', '1')
    assert '\x1b' not in check('ci.yml')[1].output


def test_a_called_workflow_of_the_repository_is_read_once_and_compared(here: Path) -> None:
    callee = FINE.replace('on: push', 'on: {workflow_call: {inputs: {a: {type: string}}}}')
    job = '{uses: ./.github/workflows/b.yml, with: {b: 1}}'
    caller = f'on: push\npermissions: {{contents: read}}\njobs: {{a: {job}}}\n'
    write(here / '.github/workflows/a.yml', caller)
    write(here / '.github/workflows/b.yml', callee)
    status, result = check()
    assert status == 2
    assert 'input "b" is not defined there [call-contract]' in result.output


def test_outside_of_a_repository_nobody_knows_which_workflows_are_missing(here: Path) -> None:
    caller = 'on: push\npermissions: {}\njobs: {a: {uses: ./.github/workflows/b.yml}}\n'
    write(here / 'ci.yml', caller)
    assert check('ci.yml')[0] == 0
    write(here / '.github/workflows/ci.yml', caller)
    status, result = check('.github/workflows/ci.yml')
    assert status == 2
    assert 'there is no file .github/workflows/b.yml [call-missing]' in result.output


@pytest.mark.parametrize(('target', 'status'), [('{process: {command: x}}', 2), ('5', 0)])
def test_the_settings_are_heard_only_if_they_have_no_mistakes_of_their_own(
    here: Path, target: str, status: int
) -> None:
    deploy = FINE.replace('runs-on: x', 'runs-on: x, environment: production')
    write(here / '.github/workflows/ci.yml', deploy)
    write(here / 'liftlock.yml', f'app: a\nenvironments: {{production: {{target: {target}}}}}\n')
    assert check('.github/workflows/ci.yml')[0] == status


def test_a_neighbour_with_mistakes_is_not_compared_with_what_calls_it(here: Path) -> None:
    callee = FINE.replace('on: push', 'on: {workflow_call: {inputs: [a]}}')
    write(here / '.github/workflows/b.yml', callee)
    write(
        here / '.github/workflows/a.yml',
        'on: push\npermissions: {}\njobs: {a: {uses: ./.github/workflows/b.yml, with: {a: 1}}}\n',
    )
    status, result = check('.github/workflows/a.yml')
    assert (status, result.output) == (0, 'no mistakes in 1 file\n')

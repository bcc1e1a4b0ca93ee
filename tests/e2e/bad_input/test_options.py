"""Words on the command line that mean nothing, or something else."""

import pytest

from .conftest import Place

MATRIX = """on: [push, workflow_dispatch]
jobs:
  build:
    runs-on: ubuntu-latest
    strategy: {matrix: {os: [linux, mac], include: [{os: linux, extra: 1}]}}
    steps: [run: echo]
"""

WRONG = {
    'nosuch': 'there is no command "nosuch"',
    'runn': 'did you mean "run"?',
    'run pusch': 'did you mean "push"?',
    'run schedule': 'it does not start on schedule, only on push, workflow_dispatch',
    'run -j biuld': 'did you mean "build"?',
    'run -W nope': 'there are: ci.yml',
    'run --input foo': '--input wants NAME=VALUE',
    'run workflow_dispatch --input foo=1': 'the workflow has no input foo',
    'run --var =x': '--var wants NAME=VALUE',
    'run --env x': '--env wants NAME=VALUE',
    'run --secret': "'--secret' requires an argument",
    'run --secret =x': '--secret wants NAME',
    'run --secret NOT_IN_THE_ENVIRONMENT': 'the secret NOT_IN_THE_ENVIRONMENT has no value',
    'run --secret-file nope': 'nope cannot be read: No such file or directory',
    'run --env-file .': '. cannot be read: Is a directory',
    'run --env-file bad.env': 'bad.env:2: expected NAME=value',
    'run --env-file latin.env': 'latin.env cannot be read: it is not UTF-8 text',
    'run --env-file /dev/zero': '/dev/zero is larger than 1 MiB',
    'run --event-path nope.json': 'nope.json cannot be read: No such file or directory',
    'run --event-path bad.env': 'bad.env is not JSON',
    'run --event-path list.json': 'list.json must hold a JSON object',
    'run --event-path /dev/zero': '/dev/zero is larger than 25 MB',
    'run --matrix os': '--matrix wants NAME:VALUE',
    'run --matrix os:beos': 'no leg of a matrix has os:beos',
    'run --matrix so:linux': 'no matrix has a key "so"',
    'plan --matrix so:linux': 'they have: extra, os',
    'run --jobs 0': 'is not in the range',
    'run --jobs many': 'is not a valid integer',
    'run --frobnicate': "No such option '--frobnicate'",
    'run --from-step x': 'needs exactly one job',
    'run push again': 'unexpected extra argument (again)',
    'check nope.yml': 'nope.yml: error: this cannot be read: no such file',
    'check .': '.: error: this cannot be read: is a directory',
    'check --format xml': "'xml' is not one of",
    'show 999': 'there is no run 999',
    'show x': '"x" is no run',
    'show 99999999999999999999': 'there is no run 99999999999999999999',
    'logs 1 -j nope': 'there are: build[0]',
    'logs 1 --step nope': 'has no log of a step "nope"',
    'logs 1 --attempt 7': 'has no log of an attempt 7',
    'logs --attempt 0': 'is not in the range',
    'logs --grep (': '"(" is no regular expression',
    'cancel': "Missing argument 'RUN'",
    'cancel last': 'has already finished',
    'resume': 'no run was interrupted',
    'resume 1': 'run 1 has finished',
    'rerun 999': 'there is no run 999',
    'rerun 1 -j nope': 'the run has no job nope',
    'rerun 1 --failed': 'no job of this run failed',
    'artifacts 999': 'there is no run 999',
    'runs --limit x': 'is not a valid integer',
    'eval (': 'Unexpected end of expression',
    'eval a.b': "Unrecognized named-value: 'a'",
    'eval a --context nope': 'No such file or directory',
}


@pytest.fixture(scope='module')
def ground(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A repository with a finished run; nothing here changes it."""
    place = Place(tmp_path_factory.mktemp('options'))
    place.git('init', '--quiet', '--initial-branch=main')
    place.workflow(MATRIX)
    place.write('bad.env', 'A=1\na secret that was mistyped\n')
    place.write('latin.env', b'A=\xe4-secret\n')
    place.write('list.json', '[]')
    assert place.run().status == 0
    return place


@pytest.mark.parametrize('line', WRONG)
def test_the_mistake_is_named_and_nothing_is_done(line: str, ground: Place) -> None:
    ended = ground.measured(*line.split())
    assert ended.status == 2
    assert WRONG[line] in ended.err + ended.out
    assert 'secret that was mistyped' not in ended.err
    assert '-secret' not in ended.err or '--secret' in ended.err


@pytest.mark.parametrize('event', ['push', 'pull_request', 'workflow_run', 'release', 'issues'])
def test_a_payload_of_odd_kinds_is_taken_as_it_is(event: str, place: Place) -> None:
    place.write(
        'event.json',
        '{"head_commit": 5, "commits": [1], "ref": null, "pull_request": 7, "inputs": 5,'
        ' "repository": {"owner": 3}, "sender": null, "workflow_run": [], "action": "opened"}',
    )
    place.workflow(
        f'on: {event}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n'
        '      - run: echo "at ${{ github.event.head_commit.message }}${{ github.base_ref }}."\n'
    )
    ended = place.liftlock('run', event, '--event-path', 'event.json')
    assert ended.status == 0, ended.err
    assert 'a | at .\n' in ended.out

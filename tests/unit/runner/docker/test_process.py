import pytest

from liftlock.runner.docker.process import Ear, script


def hear(*chunks: bytes) -> tuple[Ear, list[bytes], list[int]]:
    passed: list[bytes] = []
    pids: list[int] = []
    ear = Ear(passed.append, pids.append)
    for chunk in chunks:
        ear(chunk)
    return ear, passed, pids


def test_the_id_comes_first_in_any_pieces() -> None:
    ear, passed, pids = hear(b'liftlock: th', b'is is 4', b'2\nhel', b'lo\n')
    assert (pids, b''.join(passed), ear.is_deaf) == ([42], b'hello\n', False)


def test_what_the_command_line_says_before_is_not_the_steps() -> None:
    _, passed, pids = hear(b'WARNING: something\nliftlock: this is 7\nout\n')
    assert (pids, passed) == ([7], [b'out\n'])


@pytest.mark.parametrize(
    ('said', 'message'),
    [
        (b'liftlock: this is missing\n', "Cannot start 'tool': the container has no such program"),
        (
            b'OCI runtime exec failed: chdir to cwd ("/w/gone") set in config.json failed\n',
            "The working directory '/w/gone' does not exist",
        ),
        (
            b'OCI runtime exec failed: exec: "sh": executable file not found in $PATH\n',
            "Cannot start 'tool': the container has no shell `sh`",
        ),
        (
            b'Error response from daemon: Container 1 is not running\n',
            "Cannot start 'tool' in the container: "
            'Error response from daemon: Container 1 is not running',
        ),
    ],
)
def test_why_nothing_was_started(said: bytes, message: str) -> None:
    ear, _, _ = hear(said)
    assert ear.is_deaf
    assert str(ear.explain('tool', '/w/gone')) == message


def test_a_plain_command_is_not_started_by_another_one() -> None:
    assert ' env ' not in script({})

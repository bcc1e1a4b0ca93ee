import io

from liftlock.cli.colour import Paint
from liftlock.cli.plain import Plain
from liftlock.plan import facts as f
from liftlock.plan.board import Board


def told(*facts: f.Fact | tuple[str, int, str]) -> str:
    stream = io.StringIO()
    plain = Plain(Board(), stream, Paint(False))
    for at, fact in enumerate(facts):
        if isinstance(fact, tuple) and not hasattr(fact, '_fields'):
            plain.hear(*fact)
        else:
            plain.take(f.Stamped(at, 1, float(at), fact))
    plain.close()
    return stream.getvalue()


def test_every_line_says_whose_it_is() -> None:
    assert told(
        f.JobQueued('build', 'build', ('ubuntu-latest',)),
        f.JobClaimed('build', 1, 1, 'here'),
        f.StepStarted('build', 1, 'a', 'Run make'),
        ('build', 1, 'one\ntwo\n'),
        f.StepFinished('build', 1, 'failure', 'failure', 'exit code 2'),
        f.StepStarted('build', 2, '', 'Run tests', skipped=True),
        f.StepFinished('build', 2, 'skipped', 'skipped'),
        f.JobFinished('build', 'failure', {}),
        f.JobSkipped('deploy', 'deploy', 'needs build'),
    ) == (
        'build | > Run make\n'
        'build | one\n'
        'build | two\n'
        'build | FAIL Run make  2.0s  exit code 2\n'
        'build | skipped Run tests\n'
        'build | FAILED in 6.0s\n'
        'deploy | skipped: needs build\n'
    )


def test_a_failure_that_was_allowed_is_said_and_is_no_fail() -> None:
    output = told(
        f.JobClaimed('a', 1, 1, 'here'),
        f.StepStarted('a', 1, 's', 'Run it'),
        f.StepFinished('a', 1, 'failure', 'success'),
    )
    assert output.splitlines()[-1] == 'a | failed, allowed: Run it  1.0s'


def test_a_reason_that_was_the_last_line_is_not_said_twice() -> None:
    output = told(
        f.JobClaimed('a', 1, 1, 'here'),
        f.StepStarted('a', 1, 's', 'Run it'),
        ('a', 1, '##[error]Process completed with exit code 2.\n'),
        f.StepFinished('a', 1, 'failure', 'failure', 'Process completed with exit code 2.'),
    )
    assert output.count('exit code 2') == 1
    assert output.splitlines()[-1] == 'a | FAIL Run it  2.0s'

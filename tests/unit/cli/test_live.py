import io

from rich.console import Console, RenderableType

from liftlock.cli import live
from liftlock.plan import facts as f
from liftlock.plan.board import Board


def drawn(picture: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=60, highlight=False, legacy_windows=False)
    with console.capture() as captured:
        console.print(picture)
    return '\n'.join(line.rstrip() for line in captured.get().rstrip().splitlines())


def board(*facts: f.Fact) -> Board:
    found = Board({'lint': 'Lint', 'test': 'Test', 'build': 'Build'})
    for at, fact in enumerate(facts, 1):
        found.take(f.Stamped(at, 1, float(at), fact))
    return found


RUNNING = (
    f.RunSubmitted('ci.yml', 'CI', 'Fix', 'push', 'main', 'abc', 'me', ''),
    f.JobQueued('lint', 'Lint', ('x',)),
    f.JobClaimed('lint', 1, 1, 'here'),
    f.StepStarted('lint', 1, 's', 'Check style'),
    f.JobQueued('test[0]', 'Test (3.11)', ('x',)),
    f.JobBlocked('test[0]', 'port 5432 is in use by Lint'),
)


def test_what_runs_and_what_waits_is_in_view() -> None:
    found = board(*RUNNING)
    found.hear('lint', 1, '\x1b[32mall\x1b[0m is well\n')
    assert drawn(live.picture(found, 10.0, 20)).splitlines()[0][1:] == (
        ' Lint    7.0s  Check style  all is well'
    )
    assert drawn(live.picture(found, 10.0, 20)).splitlines()[1:] == [
        '· Test (3.11)  port 5432 is in use by Lint',
        '· Build  later',
        '',
        '0 of 3 jobs   9.0s',
    ]


def test_a_picture_is_never_higher_than_the_screen() -> None:
    many = [f.JobQueued(f'test[{leg}]', f'Test ({leg})', ('x',)) for leg in range(50)]
    shown = drawn(live.picture(board(RUNNING[0], *many), 10.0, 5)).splitlines()
    assert shown[4] == '  and 47 more'
    assert len(shown) == 7


def test_a_job_that_failed_leaves_its_last_lines() -> None:
    found = board(*RUNNING)
    found.hear('lint', 1, '##[error]a.py is ugly\n')
    found.take(f.Stamped(7, 1, 7.0, f.StepFinished('lint', 1, 'failure', 'failure', 'exit code 1')))
    found.take(f.Stamped(8, 1, 8.0, f.JobFinished('lint', 'failure', {})))
    assert drawn(live.ended(found, found.jobs['lint'])) == (
        '✗ Lint  5.0s\n    ✗ Check style  3.0s  exit code 1\n      │ Error: a.py is ugly'
    )

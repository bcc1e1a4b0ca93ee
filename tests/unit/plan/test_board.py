import pytest

from liftlock.plan import facts as f
from liftlock.plan.board import TAIL, Board


def tell(board: Board, *facts: f.Fact) -> Board:
    for at, fact in enumerate(facts, 1):
        board.take(f.Stamped(at, 7, float(at), fact))
    return board


def test_a_job_goes_from_waiting_to_its_end() -> None:
    board = Board({'build': 'build', 'test': 'test'})
    tell(
        board,
        f.JobQueued('build', 'Build it', ('ubuntu-latest',)),
        f.JobClaimed('build', 1, 1, 'here'),
        f.StepStarted('build', 1, 'a', 'Run make'),
        f.StepFinished('build', 1, 'failure', 'success'),
        f.JobFinished('build', 'success', {}),
    )
    job = board.jobs['build']
    assert (job.name, job.state, job.seconds(99)) == ('Build it', 'success', 3.0)
    step = job.steps[1]
    assert (step.outcome, step.state, step.seconds(99)) == ('failure', 'success', 1.0)
    assert board.waiting == {'test': 'test'}


def test_a_job_that_waits_for_a_port_begins_when_it_has_it() -> None:
    board = tell(
        Board(),
        f.JobClaimed('test', 1, 1, 'here'),
        f.JobBlocked('test', 'waits for port 5432'),
    )
    job = board.jobs['test']
    assert (job.state, job.message) == ('queued', 'waits for port 5432')
    board.take(f.Stamped(9, 7, 60.0, f.StepStarted('test', 1, '', 'Initialize containers')))
    assert (job.state, job.message, job.seconds(99)) == ('running', '', 39.0)


def test_legs_and_called_jobs_replace_the_job_that_they_grew_from() -> None:
    board = tell(
        Board({'test': 'test', 'smoke': 'smoke'}),
        f.JobQueued('test[0]', 'test (3.11)', ('x',)),
        f.JobSkipped('smoke/serve', 'smoke / serve', 'needs failed'),
    )
    assert board.waiting == {}
    assert [job.name for job in board.jobs.values()] == ['test (3.11)', 'smoke / serve']


def test_a_called_workflow_that_holds_a_group_is_no_job() -> None:
    board = tell(Board(), f.JobQueued('smoke', 'smoke', ()), f.JobFinished('smoke', 'success', {}))
    assert board.jobs == {}


def test_only_the_last_lines_of_a_step_are_kept() -> None:
    board = tell(Board(), f.JobClaimed('a', 1, 1, 'here'), f.StepStarted('a', 1, 's', 'Run it'))
    board.hear('a', 1, ''.join(f'{number}\n' for number in range(1000)))
    board.hear('a', 1, 'one\n\nthree\n')
    assert list(board.jobs['a'].steps[1].tail) == [
        *(str(number) for number in range(1000 - TAIL + 3, 1000)),
        'one',
        '',
        'three',
    ]


def test_a_restarted_job_begins_anew() -> None:
    board = tell(
        Board(),
        f.JobClaimed('a', 1, 1, 'here'),
        f.JobFinished('a', 'failure', {}),
        f.RunFinished('failure'),
        f.RunRestarted(2, ('a',)),
    )
    assert (board.jobs, board.conclusion) == ({}, '')


def test_a_job_that_was_lost_for_good_has_failed_when_the_run_is_over() -> None:
    lost = f.JobQueued('a', 'A', ('x',)), f.JobClaimed('a', 1, 1, 'w'), f.JobLost('a', 'gone')
    board = tell(Board(), *lost)
    assert board.jobs['a'].state == 'queued'
    board.take(f.Stamped(9, 1, 9.0, f.RunFinished('failure')))
    assert (board.jobs['a'].state, board.jobs['a'].message) == ('failure', 'lost: gone')
    assert board.count('failure') == 1


def test_a_job_that_is_lost_when_it_had_begun_has_failed_at_once() -> None:
    begun = f.JobClaimed('a', 1, 1, 'w'), f.StepStarted('a', 1, 's', 'Run it')
    board = tell(Board(), *begun, f.JobLost('a', 'gone'))
    job = board.jobs['a']
    assert (job.state, job.message, job.seconds(99.0)) == ('failure', 'lost: gone', 2.0)
    assert (job.steps[1].state, job.steps[1].seconds(99.0)) == ('failure', 1.0)


def test_one_that_is_to_be_started_again_waits() -> None:
    begun = f.JobClaimed('a', 1, 1, 'w'), f.StepStarted('a', 1, 's', 'Run it')
    board = tell(Board(), *begun, f.JobLost('a', 'gone', again=True))
    assert board.jobs['a'].state == 'queued'
    board = tell(Board(), *begun, f.JobLost('a', 'gone', again=True), f.JobClaimed('a', 2, 1, 'v'))
    assert (board.jobs['a'].state, board.jobs['a'].steps) == ('running', {})


@pytest.mark.parametrize('asked', ['', 'a', 'a[0]'])
def test_one_that_was_to_stop_is_cancelled_when_it_is_lost(asked: str) -> None:
    begun = f.JobClaimed('a[0]', 1, 1, 'w'), f.StepStarted('a[0]', 1, 's', 'Run it')
    lost = f.JobLost('a[0]', 'gone', again=True)
    board = tell(Board(), *begun, f.StopRequested(asked, 'enough'), lost)
    assert board.jobs['a[0]'].state == 'cancelled'


def test_what_this_version_does_not_know_changes_nothing() -> None:
    board = tell(Board(), f.Unknown('JobPainted', {'colour': 'blue'}))
    assert board.jobs == {}


def test_what_the_runner_says_before_a_step_is_left_out() -> None:
    board = tell(Board(), f.JobClaimed('a', 1, 1, 'here'), f.StepStarted('a', 1, 's', 'Run it'))
    header = '##[group]Run it\nit\nshell: bash\n##[endgroup]\n'
    assert board.hear('a', 1, header) == ''
    assert board.hear('a', 1, '##[group]Run by the user\n') == '##[group]Run by the user\n'
    assert board.hear('a', 1, header) == '##[group]Run it\n'  # a step of a composite action
    assert board.hear('a', 0, 'of the job\n') == 'of the job\n'


def test_lines_that_come_before_their_step_are_put_aside() -> None:
    board = tell(Board(), f.JobClaimed('a', 1, 1, 'here'))
    assert board.hear('a', 1, 'early\n') == ''
    tell(board, f.StepStarted('a', 1, 's', 'Run it'))
    assert board.early('a', 1) == ['early\n']
    assert board.early('a', 1) == []

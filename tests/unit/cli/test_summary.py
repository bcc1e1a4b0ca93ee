from liftlock.cli import summary
from liftlock.cli.colour import Paint
from liftlock.plan import facts as f
from liftlock.plan.board import Board, Step

RUN = f.RunSubmitted('.github/workflows/ci.yml', 'CI', 'Fix it', 'push', 'main', 'abc', 'me', '')


def concluded(*facts: f.Fact) -> str:
    board = Board()
    for at, fact in enumerate(facts):
        board.take(f.Stamped(at, 12, float(at), fact))
    return '\n'.join(summary.lines(board, Paint(False)))


def test_the_last_word_names_jobs_findings_and_where_to_look() -> None:
    assert (
        concluded(
            RUN,
            f.JobClaimed('lint', 1, 1, 'here'),
            f.JobFinished('lint', 'success', {}),
            f.JobClaimed('test[1]', 1, 1, 'here'),
            f.StepStarted('test[1]', 1, 's', 'Run pytest'),
            f.Annotated('test[1]', 1, 'warning', 'slow'),
            f.Annotated('test[1]', 1, 'error', 'broken\nbadly', file='a.py', line=3),
            f.StepFinished('test[1]', 1, 'failure', 'failure', 'exit code 1'),
            f.Summarized('test[1]', 1, '### Tests\n1 failed\n'),
            f.ArtifactStored('test[1]', 'log', 'ab', 2048, 1),
            f.JobFinished('test[1]', 'failure', {}),
            f.RunFinished('failure'),
        )
        == """
✗ CI failed in 11.0s (2 jobs: 1 ok, 1 failed)
  ✓ lint        1.0s
  ✗ test[1]     7.0s  Run pytest: exit code 1

Annotations
  error   a.py:3  broken …  test[1]
  warning slow  test[1]

Summary of test[1]
  ### Tests
  1 failed

Artifacts
  log     2.0 KB  1 file

Next: liftlock logs 12 -j 'test[1]'   liftlock rerun 12 --failed   liftlock artifacts 12"""
    )


def test_a_run_of_one_job_that_went_well_is_one_line() -> None:
    assert (
        concluded(
            RUN,
            f.JobClaimed('a', 1, 1, 'here'),
            f.JobFinished('a', 'success', {}),
            f.RunFinished('success'),
        )
        == '\n✓ CI succeeded in 3.0s (1 job: 1 ok)'
    )


def test_a_long_summary_is_cut_and_says_where_the_rest_is() -> None:
    text = '\n'.join(f'line {number}' for number in range(40))
    shown = concluded(RUN, f.JobClaimed('a', 1, 1, 'here'), f.Summarized('a', 1, text))
    assert 'line 15\n  … 24 more lines: liftlock show 12' in shown


def test_jobs_that_were_just_told_are_not_told_again() -> None:
    board = Board()
    for key in ('lint', 'test'):
        board.take(f.Stamped(0, 12, 0.0, f.JobClaimed(key, 1, 1, 'here')))
        board.take(f.Stamped(1, 12, 1.0, f.JobFinished(key, 'success', {})))
    board.take(f.Stamped(2, 12, 2.0, f.RunFinished('success')))
    assert 'lint' in '\n'.join(summary.lines(board, Paint(False)))
    assert 'lint' not in '\n'.join(summary.lines(board, Paint(False), told=True))


def test_jobs_that_were_skipped_for_one_reason_are_told_together() -> None:
    shown = concluded(
        RUN,
        *(f.JobSkipped(f'test[{n}]', f'test ({n})', 'no runner here') for n in range(3)),
        f.JobSkipped('deploy', 'deploy', 'it needs test'),
        f.RunFinished('success'),
    )
    assert '  - test (0) and 2 more           no runner here\n' in shown
    assert '  - deploy                        it needs test' in shown


def test_where_only_an_exit_code_is_known_the_last_words_stand_beside_it() -> None:
    board = Board()
    board.take(f.Stamped(0, 12, 0.0, f.JobSkipped('lint', 'lint', 'its `if` is false: false')))
    board.take(f.Stamped(1, 12, 0.0, f.JobClaimed('a', 1, 1, 'here')))
    board.take(f.Stamped(2, 12, 0.0, f.StepStarted('a', 1, '', 'Tests')))
    said = '\x1b[31m=== 2 failed, 3 passed ===\x1b[0m\n\n##[error]Process completed\n'
    board.hear('a', 1, said)
    message = 'Process completed with exit code 1.'
    board.take(f.Stamped(3, 12, 0.0, f.StepFinished('a', 1, 'failure', 'failure', message)))
    board.take(f.Stamped(4, 12, 0.0, f.JobFinished('a', 'failure', {})))
    shown = '\n'.join(summary.lines(board, Paint(False)))
    assert 'Tests: Process completed with exit code 1.  2 failed, 3 passed\n' in shown


def test_last_words_of_a_shell_leave_out_the_name_of_the_script() -> None:
    step = Step(1, 'Install', 0.0)
    step.tail.append('/home/me/work/1/a-1/_temp/0a1b2c.sh: line 2: sudo: command not found')
    assert summary.last_words(step) == 'line 2: sudo: command not found'
    step.tail.append('x' * 200)
    assert summary.last_words(step) == 'x' * 99 + '…'


def test_what_stands_beside_a_job_is_no_annotation_and_an_artifact_is_told_once() -> None:
    shown = concluded(
        RUN,
        f.JobClaimed('a', 1, 1, 'here'),
        f.Annotated('a', 0, 'error', 'no docker here'),
        f.ArtifactStored('b', 'report', 'ab', 1024, 1),
        f.ArtifactStored('b', 'report', 'cd', 2048, 2),
        f.JobFinished('a', 'failure', {}, 'no docker here'),
        f.JobSkipped('b', 'b', 'it needs a, which failed'),
        f.RunFinished('failure'),
    )
    assert 'Annotations' not in shown
    assert shown.count('no docker here') == 1
    assert '  report     2.0 KB  2 files' in shown
    assert '1.0 KB' not in shown


def test_a_run_of_one_job_that_went_badly_says_why() -> None:
    shown = concluded(
        RUN,
        f.JobClaimed('a', 1, 1, 'here'),
        f.StepStarted('a', 1, 's', 'Tests'),
        f.StepFinished('a', 1, 'failure', 'failure', 'no such file'),
        f.JobFinished('a', 'failure', {}),
        f.RunFinished('failure'),
    )
    assert '\n  ✗ a     3.0s  Tests: no such file\n' in shown

"""What a forge is told of a commit."""

import pytest

from liftlock.plan.event import Event
from liftlock.plan.make import make
from liftlock.plan.plan import Plan, Request
from liftlock.plan.statuses import (
    JobState,
    RunState,
    Status,
    context,
    declared,
    leftover,
    of_commit,
)

EVENT = Event('push', {}, 'refs/heads/main', 'a' * 40, 'octo/shop', 'mona')
CALLING = """
on: push
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  deploy:
    strategy: {matrix: {to: [a, b]}}
    uses: ./.github/workflows/inner.yml
"""
CALLED = """
on: workflow_call
jobs:
  smoke: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  ship: {needs: smoke, runs-on: ubuntu-latest, steps: [{run: 'true'}]}
"""


def run(
    number: int,
    *jobs: tuple[str, str],
    conclusion: str = '',
    workflow: str = 'CI',
    event: str = 'push',
    declared: tuple[str, ...] = (),
) -> RunState:
    legs = tuple(JobState(key, state) for key, state in jobs)
    return RunState(number, workflow, event, 'refs/heads/main', conclusion, legs, declared)


def told(*runs: RunState) -> dict[str, str]:
    return {status.context: status.state for status in of_commit(runs)}


@pytest.mark.parametrize(
    ('key', 'name'),
    [
        ('test', 'test'),
        ('test[2]', 'test'),
        ('deploy/smoke', 'deploy / smoke'),
        ('deploy[0]/smoke[3]', 'deploy / smoke'),
        ('a/b/c[1]', 'a / b / c'),
    ],
)
def test_a_job_is_called_by_its_id_and_by_those_of_its_callers(key: str, name: str) -> None:
    assert context(key) == name


def test_the_statuses_of_a_red_run_as_a_whole() -> None:
    red = run(
        7,
        ('build', 'success'),
        ('test[0]', 'success'),
        ('test[1]', 'failure'),
        ('ship', 'skipped'),
        conclusion='failure',
    )
    assert of_commit([red]) == (
        Status('liftlock', 'failure', 'Failed: CI', '/runs/7'),
        Status('build', 'success', 'Success', '/runs/7/jobs/build'),
        Status('test', 'failure', '1 of 2 failed', '/runs/7/jobs/test[1]'),
        Status('ship', 'skipped', 'Skipped', '/runs/7'),
    )


def test_a_matrix_is_done_when_all_its_legs_are() -> None:
    legs = [('test[0]', 'failure'), ('test[1]', 'running'), ('test[2]', 'queued')]
    going = of_commit([run(1, *legs)])
    assert going[1] == Status('test', 'running', '1 of 3 done, 1 failed', '/runs/1/jobs/test[1]')
    assert told(run(1, ('test[0]', 'success'), ('test[1]', 'queued')))['test'] == 'running'
    assert told(run(1, ('test[0]', 'queued'), ('test[1]', 'queued')))['test'] == 'pending'


def test_jobs_of_which_nobody_has_spoken_yet_are_pending_while_the_run_goes_on() -> None:
    declared = ('build', 'test', 'call / inner')
    going = run(1, ('build', 'running'), ('call/inner', 'queued'), declared=declared)
    assert told(going) == {
        'liftlock': 'running',
        'build': 'running',
        'call / inner': 'pending',
        'test': 'pending',
    }
    over = run(1, ('build', 'success'), conclusion='success', declared=declared)
    assert told(over) == {'liftlock': 'success', 'build': 'success'}


def test_the_newest_run_of_a_workflow_counts_and_those_of_other_events_do_too() -> None:
    old = run(1, ('build', 'failure'), conclusion='failure')
    new = run(2, ('build', 'success'), conclusion='success')
    assert told(old, new) == {'liftlock': 'success', 'build': 'success'}
    other = run(3, ('build', 'failure'), conclusion='failure', event='pull_request')
    assert told(old, new, other) == {'liftlock': 'failure', 'build': 'failure'}


def test_jobs_with_one_id_in_two_workflows_are_one_status() -> None:
    one = run(1, ('build', 'success'), conclusion='success')
    two = run(2, ('build', 'cancelled'), conclusion='cancelled', workflow='Nightly')
    assert told(one, two) == {'liftlock': 'cancelled', 'build': 'cancelled'}


def test_the_aggregate_waits_for_all_workflows_even_when_one_has_failed() -> None:
    failed = run(1, ('build', 'failure'), conclusion='failure')
    going = run(2, ('lint', 'running'), workflow='Lint')
    assert of_commit([failed, going])[0] == Status(
        'liftlock', 'running', '1 of 2 workflows done; failed: CI', '/runs/2'
    )


def test_a_job_that_may_fail_leaves_the_aggregate_green() -> None:
    assert told(run(1, ('flaky', 'failure'), conclusion='success')) == {
        'liftlock': 'success',
        'flaky': 'failure',
    }


def test_what_was_skipped_as_a_whole_is_as_good_as_success() -> None:
    assert told(run(1, ('ship', 'skipped'), conclusion='skipped'))['liftlock'] == 'skipped'


def test_the_aggregate_is_green_where_nothing_starts() -> None:
    assert of_commit([], 'ci/required') == (
        Status('ci/required', 'success', 'No workflow starts for this commit', ''),
    )


def test_a_job_that_is_called_as_the_aggregate_does_not_overwrite_it() -> None:
    found = of_commit([run(1, ('liftlock', 'success'), ('a', 'failure'), conclusion='failure')])
    assert [status.context for status in found] == ['liftlock', 'a']
    assert found[0].state == 'failure'


def test_a_call_is_there_by_the_jobs_inside_it_alone() -> None:
    waits = run(1, ('call', 'queued'), declared=('call / inner',))
    assert told(waits) == {'liftlock': 'running', 'call / inner': 'pending'}
    skipped = run(1, ('call', 'skipped'), conclusion='success', declared=('call / inner',))
    assert told(skipped) == {'liftlock': 'success', 'call': 'skipped'}


def test_a_plan_declares_the_jobs_of_what_it_calls() -> None:
    files = {
        '.github/workflows/ci.yml': CALLING,
        '.github/workflows/inner.yml': CALLED,
    }
    request = Request(EVENT, '.github/workflows/ci.yml', files, 1, 1)
    plan = make(request)
    assert isinstance(plan, Plan)
    assert declared(plan) == ('build', 'deploy / smoke', 'deploy / ship')


def test_a_workflow_that_cannot_start_is_a_failure_that_says_why() -> None:
    broken = RunState(0, 'CI', 'push', 'refs/heads/main', 'failure', trouble='line 3: no `on`')
    assert of_commit([run(1, conclusion='success'), broken]) == (
        Status('liftlock', 'failure', 'CI cannot start: line 3: no `on`', ''),
    )


def test_what_never_came_is_told_to_be_skipped_when_all_is_over() -> None:
    known = {'liftlock': 'running', 'build': 'running', 'ghost': 'pending', 'old': 'failure'}
    over = of_commit([run(1, ('build', 'success'), conclusion='success')])
    assert leftover(known, over) == (Status('ghost', 'skipped', 'It did not run', '/runs/1'),)
    assert leftover(known, of_commit([run(1, ('build', 'running'))])) == ()


def test_no_job_speaks_for_all_and_names_are_compared_as_forges_do() -> None:
    one = run(1, ('Liftlock', 'success'), ('Test', 'failure'), conclusion='failure')
    two = run(2, ('test', 'success'), conclusion='success', workflow='Other')
    assert told(one, two) == {'liftlock': 'failure', 'Test': 'failure'}

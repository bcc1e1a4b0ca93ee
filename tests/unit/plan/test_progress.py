"""What is due when: needs, conditions, matrices, stops and losses."""

import pytest

from liftlock.plan.facts import (
    JobBlocked,
    JobClaimed,
    JobFinished,
    JobLost,
    JobQueued,
    JobSkipped,
    RunFinished,
    StepStarted,
    StopRequested,
)
from liftlock.plan.progress import ImpossibleTransition, State, advance, begin, decide
from liftlock.plan.transitions import TRANSITIONS
from story import HEAD, Story

JOB = '{runs-on: ubuntu-latest, steps: [{run: echo}]}'


def job(**keys: str) -> str:
    inside = ', '.join(f'{key.replace("_", "-")}: {value}' for key, value in keys.items())
    return JOB.replace('{', f'{{{inside}, ', 1) if inside else JOB


def workflow(**jobs: str) -> str:
    return HEAD + ''.join(f'  {name.replace("_", "-")}: {text}\n' for name, text in jobs.items())


CHAIN = workflow(a=JOB, b=job(needs='a'), c=job(needs='b'))
MATRIX = workflow(test=job(strategy='{matrix: {n: [1, 2, 3, 4]}}'), last=job(needs='test'))


def test_jobs_without_needs_are_due_at_once_and_others_when_these_succeeded() -> None:
    story = Story(workflow(a=JOB, b=JOB, c=job(needs='[a, b]')))
    assert story.now() == ['Queue a', 'Queue b']
    assert story.ends('a') == []
    assert story.ends('b') == ['Queue c']
    assert story.ends('c') == ['Finish success']
    assert story.progress.finished == 'success'


def test_a_failure_skips_what_needs_it_and_what_needs_that() -> None:
    story = Story(CHAIN)
    story.now()
    assert story.ends('a', 'failure') == ['Skip b', 'Skip c', 'Finish failure']
    assert story.why('b') == 'it needs a, which failed'
    assert story.why('c') == 'it needs b, which was skipped'


def test_success_looks_through_the_whole_chain() -> None:
    """A job skipped on purpose takes those with it that stand behind somebody who did not mind."""
    text = workflow(
        a=job(**{'if': 'false'}), b=job(needs='a', **{'if': 'always()'}), c=job(needs='b')
    )
    story = Story(text)
    assert story.now() == ['Skip a', 'Queue b']
    assert story.ends('b') == ['Skip c', 'Finish success']
    assert story.why('c') == 'it needs b, and not all that b needs succeeded'


def test_failure_looks_through_the_whole_chain_too() -> None:
    text = workflow(
        a=JOB, b=job(needs='a', **{'if': 'always()'}), c=job(needs='b', **{'if': 'failure()'})
    )
    story = Story(text)
    story.now()
    story.ends('a', 'failure')
    assert story.ends('b') == ['Queue c']


def test_status_functions_with_names_ask_only_these() -> None:
    text = workflow(
        a=JOB,
        b=JOB,
        c=job(needs='[a, b]', **{'if': "failure('a')"}),
        d=job(needs='[a, b]', **{'if': "success('b')"}),
        e=job(needs='[a, b]', **{'if': "failure('b')"}),
    )
    story = Story(text)
    story.now()
    story.ends('a', 'failure')
    assert story.ends('b') == ['Queue c', 'Queue d', 'Skip e']


def test_a_condition_sees_results_and_outputs_of_what_it_needs() -> None:
    condition = "always() && needs.a.result == 'failure' && needs.a.outputs.x == 'yes'"
    story = Story(workflow(a=JOB, b=job(needs='a', **{'if': f'"{condition}"'})))
    story.now()
    assert story.ends('a', 'failure', x='yes') == ['Queue b']
    assert story.queued('b').contexts['needs'] == {
        'a': {'result': 'failure', 'outputs': {'x': 'yes'}}
    }


def test_continue_on_error_looks_like_success_to_the_others_and_to_the_run() -> None:
    story = Story(workflow(a=job(continue_on_error='true'), b=job(needs='a')))
    story.now()
    assert story.ends('a', 'failure') == ['Queue b']
    assert story.progress.conclusion('a') == 'failure'
    assert story.queued('b').contexts['needs']['a']['result'] == 'success'
    assert story.ends('b') == ['Finish success']


def test_a_job_that_cannot_be_evaluated_is_refused_with_the_place() -> None:
    story = Story(workflow(a=job(timeout_minutes="'${{ github.actor }}'"), b=job(needs='a')))
    assert story.now() == ['Refuse a', 'Skip b', 'Finish failure']
    assert story.why('a') == ".github/workflows/ci.yml (Line: 3, Col: 24): Unexpected value 'mona'"


def test_a_condition_that_cannot_be_evaluated_refuses_the_job() -> None:
    story = Story(workflow(a=job(**{'if': '"fromJSON(\'{\')"'})))
    assert story.now() == ['Refuse a', 'Finish failure']


# --- matrices


def test_the_first_failed_leg_stops_the_others() -> None:
    story = Story(MATRIX)
    assert story.now() == [f'Queue test[{n}]' for n in range(4)]
    story.runs('test[1]')
    assert story.ends('test[0]', 'failure') == ['Stop test[1]', 'Stop test[2]', 'Stop test[3]']
    assert story.why('test[1]') == 'fail-fast: test (1) failed'
    assert story.progress.state('test[1]') is State.STOPPING
    story.finishes('test[1]', 'cancelled')
    story.finishes('test[2]', 'cancelled')
    assert story.finishes('test[3]', 'cancelled') == ['Skip last', 'Finish failure']


def test_a_leg_with_continue_on_error_stops_nobody() -> None:
    text = workflow(
        test=job(strategy='{matrix: {n: [1, 2]}}', continue_on_error='"${{ matrix.n == 1 }}"')
    )
    story = Story(text)
    story.now()
    assert story.ends('test[0]', 'failure') == []
    assert story.ends('test[1]') == ['Finish success']


def test_without_fail_fast_the_others_go_on() -> None:
    story = Story(workflow(test=job(strategy='{fail-fast: false, matrix: {n: [1, 2]}}')))
    story.now()
    assert story.ends('test[0]', 'failure') == []
    assert story.ends('test[1]') == ['Finish failure']


def test_max_parallel_is_a_window_over_the_legs() -> None:
    story = Story(workflow(test=job(strategy='{max-parallel: 2, matrix: {n: [1, 2, 3, 4]}}')))
    assert story.now() == ['Queue test[0]', 'Queue test[1]']
    assert story.ends('test[1]') == ['Queue test[2]']
    assert story.ends('test[0]') == ['Queue test[3]']
    assert story.queued('test[3]').contexts['strategy'] == {
        'fail-fast': True,
        'job-index': 3.0,
        'job-total': 4.0,
        'max-parallel': 2.0,
    }


def test_a_failure_also_stops_legs_that_had_no_place_yet() -> None:
    story = Story(workflow(test=job(strategy='{max-parallel: 1, matrix: {n: [1, 2, 3]}}')))
    story.now()
    assert story.ends('test[0]', 'failure') == ['Stop test[1]', 'Stop test[2]']
    story.finishes('test[1]', 'cancelled')
    assert story.finishes('test[2]', 'cancelled') == ['Finish failure']


def test_a_matrix_from_outputs_is_expanded_when_they_are_there() -> None:
    text = workflow(
        make=JOB,
        test=job(needs='make', strategy='{matrix: "${{ fromJSON(needs.make.outputs.m) }}"}'),
    )
    story = Story(text)
    story.now()
    due = story.ends('make', m='{"os": ["a", "b"], "include": [{"os": "c"}]}')
    assert due == ['Queue test[0]', 'Queue test[1]', 'Queue test[2]']
    assert list(story.names().values()) == ['make', 'test (a)', 'test (b)', 'test (c)']


def test_a_matrix_that_turns_out_bad_refuses_the_job() -> None:
    text = workflow(
        make=JOB,
        test=job(needs='make', strategy='{matrix: {n: "${{ fromJSON(needs.make.outputs.m) }}"}}'),
    )
    story = Story(text)
    story.now()
    assert story.ends('make', m='[]') == ['Refuse test', 'Finish failure']
    assert "Matrix vector 'n' does not contain any values" in story.why('test')


def test_the_last_leg_to_finish_wins_an_output() -> None:
    story = Story(MATRIX)
    story.now()
    story.ends('test[0]', one='0', same='0')
    story.ends('test[2]', same='2')
    story.ends('test[3]', same='3')
    story.ends('test[1]', same='1')
    assert story.queued('last').contexts['needs']['test']['outputs'] == {'one': '0', 'same': '1'}


def test_names_show_values_unless_they_use_expressions_themselves() -> None:
    strategy = '{matrix: {py: [3.10, "3.11"], os: [linux]}}'
    story = Story(
        workflow(
            a=job(strategy=strategy),
            b=job(strategy=strategy, name='Test'),
            c=job(strategy=strategy, name='"Py ${{ matrix.py }}"'),
        )
    )
    story.now()
    assert list(story.names().values()) == [
        'a (3.1, linux)',
        'a (3.11, linux)',
        'Test (3.1, linux)',
        'Test (3.11, linux)',
        'Py 3.1',
        'Py 3.11',
    ]


def test_a_long_name_is_cut_at_a_hundred() -> None:
    story = Story(workflow(a=job(strategy=f'{{matrix: {{x: [{"y" * 120}]}}}}')))
    story.now()
    assert story.names()['a[0]'] == f'a ({"y" * 94}...'


# --- stopping


def test_a_cancelled_run_stops_what_runs_and_skips_what_waits() -> None:
    story = Story(CHAIN)
    story.now()
    story.runs('a')
    story.take(StopRequested('', 'by mona'))
    assert story.now() == ['Stop a']
    assert story.finishes('a', 'cancelled') == ['Skip b', 'Skip c', 'Finish cancelled']
    assert story.why('b') == 'the run was cancelled'


def test_a_cancelled_run_still_runs_what_asks_for_it() -> None:
    text = workflow(
        a=JOB, b=job(needs='a', **{'if': 'always()'}), c=job(needs='a', **{'if': 'cancelled()'})
    )
    story = Story(text)
    story.now()
    story.runs('a')
    story.take(StopRequested('', 'by mona'))
    story.now()
    assert story.finishes('a', 'cancelled') == ['Queue b', 'Queue c']
    story.ends('b')
    assert story.ends('c') == ['Finish cancelled']


def test_a_running_job_whose_condition_still_holds_goes_on() -> None:
    story = Story(workflow(a=JOB, b=job(**{'if': 'always()'})))
    story.now()
    story.runs('a', 'b')
    story.take(StopRequested('', 'by mona'))
    assert story.now() == ['Stop a']
    assert story.progress.state('b') is State.RUNNING


def test_force_asks_no_condition() -> None:
    story = Story(workflow(a=job(**{'if': 'always()'}), b=job(needs='a', **{'if': 'always()'})))
    story.now()
    story.runs('a')
    story.take(StopRequested('', 'by mona', force=True))
    assert story.now() == ['Stop a', 'Skip b']
    assert story.finishes('a', 'cancelled') == ['Finish cancelled']


def test_asking_again_with_force_sends_another_stop() -> None:
    story = Story(workflow(a=JOB))
    story.now()
    story.runs('a')
    story.take(StopRequested('', 'by mona'))
    assert story.now() == ['Stop a']
    story.take(StopRequested('', 'by mona'))
    assert story.now() == []
    story.take(StopRequested('', 'by mona', force=True))
    assert story.now() == ['Stop a']


def test_one_job_is_stopped_alone() -> None:
    story = Story(workflow(a=JOB, b=JOB, c=job(needs='a')))
    story.now()
    story.runs('a', 'b')
    story.take(StopRequested('a', 'replaced'))
    assert story.now() == ['Stop a']
    assert story.finishes('a', 'cancelled') == ['Skip c']
    assert story.finishes('b') == ['Finish cancelled']


def test_a_job_that_waits_for_others_can_be_stopped() -> None:
    story = Story(CHAIN)
    story.now()
    story.take(StopRequested('b', 'not wanted'))
    assert story.now() == ['Stop b']
    assert story.finishes('b', 'cancelled') == ['Skip c']
    assert story.ends('a') == ['Finish cancelled']


def test_a_job_whose_condition_fails_when_asked_again_stops() -> None:
    text = workflow(a=job(**{'if': '"cancelled() && fromJSON(vars.BAD) || true"'}))
    story = Story(text, vars={'BAD': '{'})
    story.now()
    story.runs('a')
    story.take(StopRequested('', 'by mona'))
    assert story.now() == ['Stop a']


def test_a_job_that_is_refused_gets_no_mercy_from_continue_on_error() -> None:
    text = workflow(a=job(continue_on_error='"${{ github.actor }}"'))
    assert Story(text).now() == ['Refuse a', 'Finish failure']


# --- losses


def test_a_lost_job_of_which_nothing_had_started_is_queued_again() -> None:
    story = Story(workflow(a=JOB))
    story.now()
    story.take(JobQueued('a', 'a', ()), JobClaimed('a', 1, 1, 'w'), JobLost('a', 'silent'))
    assert story.now() == ['Queue a']
    story.take(JobClaimed('a', 1, 2, 'v'), StepStarted('a', 1, '', ''))
    assert story.finishes('a') == ['Finish success']


def test_a_lost_job_that_had_begun_fails() -> None:
    story = Story(workflow(a=JOB))
    story.now()
    story.runs('a')
    story.take(JobLost('a', 'silent'))
    assert story.now() == ['Finish failure']


def test_a_lost_job_that_had_begun_starts_again_when_somebody_asked_for_it() -> None:
    story = Story(workflow(a=JOB))
    story.now()
    story.runs('a')
    story.take(JobLost('a', 'silent', again=True))
    assert story.now() == ['Queue a']


def test_a_lost_job_with_an_environment_never_starts_again_by_itself() -> None:
    story = Story(workflow(a=job(environment='production')))
    story.now()
    story.take(JobQueued('a', 'a', ()), JobClaimed('a', 1, 1, 'w'), JobLost('a', 'x', again=True))
    assert story.now() == ['Finish failure']


def test_a_job_lost_while_stopping_counts_as_cancelled() -> None:
    story = Story(workflow(a=JOB))
    story.now()
    story.runs('a')
    story.take(StopRequested('', 'by mona'), JobLost('a', 'silent', again=True))
    assert story.now() == ['Finish cancelled']


# --- the fold


def test_after_a_resume_everything_that_is_still_due_is_due_again() -> None:
    story = Story(workflow(a=JOB, b=JOB, c=JOB))
    story.now()
    story.take(JobQueued('a', 'a', ()))
    story.runs('b')
    again = begin(story.plan)
    for fact in story.facts:
        advance(again, fact)
    due = decide(again)
    assert [type(one).__name__ + one.job.key for one in due] == ['Queuea', 'Queuec']
    assert decide(again) == ()


def test_what_the_engine_itself_decides_about_a_queued_job_is_taken() -> None:
    story = Story(workflow(a=JOB, b=JOB))
    story.now()
    story.take(
        JobQueued('a', 'a', ()), JobBlocked('a', 'no place'), JobSkipped('a', 'a', 'no runner')
    )
    story.take(JobQueued('b', 'b', ()), JobFinished('b', 'failure', {}, 'no runner'))
    assert story.now() == ['Finish failure']


@pytest.mark.parametrize(
    'fact',
    [
        JobClaimed('a', 1, 1, 'w'),
        StepStarted('a', 1, '', ''),
        JobLost('a', ''),
        JobQueued('nobody', '', ()),
        StopRequested('nobody', ''),
    ],
    ids=str,
)
def test_what_cannot_have_happened_is_refused(fact: JobClaimed) -> None:
    story = Story(workflow(a=JOB))
    with pytest.raises(ImpossibleTransition):
        story.take(fact)


def test_a_finished_job_never_moves_again() -> None:
    story = Story(workflow(a=JOB))
    story.now()
    story.ends('a')
    with pytest.raises(ImpossibleTransition, match='a: finished, while done'):
        story.take(JobFinished('a', 'success', {}))


def test_a_finished_run_asks_for_nothing() -> None:
    story = Story(workflow(a=JOB))
    story.now()
    story.ends('a')
    again = begin(story.plan)
    for fact in story.facts:
        advance(again, fact)
    assert isinstance(story.facts[-1], RunFinished)
    assert decide(again) == ()


def test_from_every_state_there_is_a_way_to_done() -> None:
    for start in State:
        reached = {start}
        while (more := {to for at in reached for to in TRANSITIONS[at].values()}) - reached:
            reached |= more
        assert State.DONE in reached, start


def test_a_condition_of_several_lines_is_told_in_one() -> None:
    story = Story(workflow(a=job(**{'if': '"github.ref == \'x\'\\n  && true"'})))
    assert story.now() == ['Skip a', 'Finish skipped']
    assert story.why('a') == "its `if` is false: github.ref == 'x' && true"

"""Another attempt: which jobs start again, and that the run ends as if it were the first."""

import pytest

from liftlock.errors import UserError
from liftlock.plan.facts import RunRestarted
from liftlock.plan.progress import State, advance, begin, decide, select
from story import HEAD, Story

JOB = '{runs-on: ubuntu-latest, steps: [{run: echo}]}'
INNER = '.github/workflows/inner.yml'
TEXT = HEAD + (
    f'  a: {JOB}\n'
    f'  test: {{needs: a, strategy: {{fail-fast: false, matrix: {{n: [1, 2]}}}}, {JOB[1:]}\n'
    f'  last: {{needs: test, {JOB[1:]}\n'
)


def failed_run() -> Story:
    story = Story(TEXT)
    story.now()
    story.ends('a', x='1')
    story.ends('test[0]')
    assert story.ends('test[1]', 'failure') == ['Skip last', 'Finish failure']
    return story


def test_rerunning_failed_jobs_takes_what_needs_them_along() -> None:
    story = failed_run()
    keys = select(story.progress, failed=True)
    assert keys == ('test[1]', 'last')
    story.take(RunRestarted(2, keys))
    assert story.now() == ['Queue test[1]']
    assert story.progress.state('test[0]') is State.DONE
    job = story.progress.job('test[1]')
    assert job.name == 'test (2)'
    assert job.contexts['github']['run_attempt'] == '2'
    assert job.contexts['needs']['a']['outputs'] == {'x': '1'}
    assert story.ends('test[1]') == ['Queue last']
    assert story.ends('last') == ['Finish success']
    assert story.progress.finished == 'success'


def test_rerunning_one_job_starts_it_and_what_comes_after() -> None:
    story = failed_run()
    assert select(story.progress, jobs=['test']) == ('test', 'last')
    assert select(story.progress, jobs=['A']) == ('a', 'test', 'last')
    assert select(story.progress, jobs=['test (2)']) == ('test[1]', 'last')
    story.take(RunRestarted(2, ('test', 'last')))
    assert story.now() == ['Queue test[0]', 'Queue test[1]']


def test_a_job_is_named_as_people_see_it_also_by_who_reads_what_happened() -> None:
    read = begin(failed_run().plan)
    for fact in failed_run().facts:
        read = advance(read, fact)
    assert select(read, jobs=['test (2)']) == ('test[1]', 'last')
    with pytest.raises(UserError, match=r'no job test \(3\)') as refused:
        select(read, jobs=['test (3)'])
    assert refused.value.hint == 'did you mean test (2)?'


def test_rerunning_all_starts_all() -> None:
    story = failed_run()
    story.take(RunRestarted(2, select(story.progress)))
    assert story.now() == ['Queue a']
    story.ends('a')
    story.ends('test[0]')
    story.ends('test[1]')
    assert story.ends('last') == ['Finish success']


def test_a_name_that_is_no_job_is_a_mistake_of_the_person() -> None:
    with pytest.raises(UserError) as raised:
        select(failed_run().progress, jobs=['tset'])
    assert raised.value.hint == 'did you mean test?'


def test_when_nothing_failed_nothing_can_be_rerun_as_failed() -> None:
    story = Story(HEAD + f'  a: {JOB}\n')
    story.now()
    story.ends('a')
    with pytest.raises(UserError, match='no job of this run failed'):
        select(story.progress, failed=True)


def called(concurrency: str = '') -> Story:
    inner = f'  first: {JOB}\n  second: {{needs: first, {JOB[1:]}\n  side: {JOB}\n'
    text = (
        HEAD + f'  outer:\n    uses: ./{INNER}\n{concurrency}  after: {{needs: outer, {JOB[1:]}\n'
    )
    return Story(text, files={INNER: f'on: workflow_call\njobs:\n{inner}'})


def test_a_job_inside_a_call_starts_again_alone_and_what_needs_the_call_after_it() -> None:
    story = called()
    story.now()
    story.ends('outer/side')
    story.ends('outer/first', 'failure')
    keys = select(story.progress, failed=True)
    assert keys == ('outer/first', 'outer/second', 'after')
    story.take(RunRestarted(2, keys))
    assert story.now() == ['Queue outer/first']
    assert story.ends('outer/first') == ['Queue outer/second']
    assert story.ends('outer/second') == ['Queue after']
    assert story.ends('after') == ['Finish success']


def test_a_call_as_a_whole_starts_again() -> None:
    story = called()
    story.now()
    story.ends('outer/side')
    story.ends('outer/first', 'failure')
    story.take(RunRestarted(2, select(story.progress, jobs=['outer', 'outer/first'])))
    assert story.now() == ['Queue outer/first', 'Queue outer/side']


def test_a_call_with_a_group_enters_it_again() -> None:
    from liftlock.plan.facts import JobQueued

    story = called('    concurrency: deploy\n')
    story.now()
    story.take(JobQueued('outer', 'outer', ()))
    story.now()
    story.ends('outer/side')
    assert story.ends('outer/first', 'failure')[:2] == ['Skip outer/second', 'Leave outer']
    story.take(RunRestarted(2, select(story.progress, failed=True)))
    assert story.now() == ['Enter outer']
    story.take(JobQueued('outer', 'outer', ()))
    assert story.now() == ['Queue outer/first']


def test_the_fold_of_a_restarted_run_is_the_same() -> None:
    story = failed_run()
    story.take(RunRestarted(2, select(story.progress, failed=True)))
    story.now()
    story.runs('test[1]')
    again = begin(story.plan)
    for fact in story.facts:
        advance(again, fact)
    keys = story.progress.keys()
    assert again.keys() == keys
    assert [again.state(key) for key in keys] == [story.progress.state(key) for key in keys]
    assert decide(again) == ()

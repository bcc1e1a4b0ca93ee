"""Called workflows: inputs, secrets, outputs, names, stops, groups, permissions."""

from typing import Any

from liftlock.plan import calls
from liftlock.plan.commands import Enter
from liftlock.plan.facts import JobFinished, JobQueued, StopRequested
from liftlock.plan.plan import Group, JobPlan
from story import HEAD, Story, lacking, refusal

JOB = '{runs-on: ubuntu-latest, steps: [{run: echo}]}'
INNER = '.github/workflows/inner.yml'
CALL = HEAD + '  outer:\n    uses: ./.github/workflows/inner.yml\n'


def callee(trigger: str = '', jobs: str = f'  job: {JOB}\n', head: str = '') -> dict[str, Any]:
    return {'files': {INNER: f'{head}on:\n  workflow_call: {trigger}\njobs:\n{jobs}'}}


def test_what_is_called_and_not_read_is_lacking() -> None:
    text = CALL + '  far:\n    uses: o/r/.github/workflows/far.yml@v1\n'
    assert lacking(text) == (INNER, 'o/r/.github/workflows/far.yml@v1')
    far = {'o/r/.github/workflows/far.yml@v1': f'on: workflow_call\njobs:\n  a: {JOB}\n'}
    assert lacking(text, files=far) == (INNER,)


def test_a_dot_in_a_file_of_another_repository_means_that_repository() -> None:
    text = HEAD + '  far:\n    uses: o/r/.github/workflows/far.yml@v1\n'
    far = 'on: workflow_call\njobs:\n  a:\n    uses: ./.github/workflows/near.yml\n'
    files = {'o/r/.github/workflows/far.yml@v1': far}
    assert lacking(text, files=files) == ('o/r/.github/workflows/near.yml@v1',)


def test_jobs_of_a_call_have_its_name_before_theirs_and_end_it() -> None:
    jobs = f'  first: {JOB}\n  second: {{needs: first, {JOB[1:]}\n'
    story = Story(CALL + f'  after: {{needs: outer, {JOB[1:]}\n', **callee(jobs=jobs))
    assert story.now() == ['Queue outer/first']
    assert story.ends('outer/first') == ['Queue outer/second']
    assert story.ends('outer/second') == ['Queue after']
    assert story.names() == {
        'outer/first': 'outer / first',
        'outer/second': 'outer / second',
        'after': 'after',
    }


def test_a_failure_inside_fails_the_call() -> None:
    story = Story(CALL + f'  after: {{needs: outer, {JOB[1:]}\n', **callee())
    story.now()
    assert story.ends('outer/job', 'failure') == ['Skip after', 'Finish failure']
    assert story.why('after') == 'it needs outer, which failed'


def test_a_call_that_is_skipped_has_no_jobs() -> None:
    story = Story(CALL + '    if: false\n', **callee())
    assert story.now() == ['Skip outer', 'Finish skipped']


def test_inputs_are_typed_and_have_defaults() -> None:
    declared = (
        '{inputs: {text: {type: string}, other: {type: string, default: 5}, flag: {type: boolean},'
        ' on: {type: boolean, default: true}, count: {type: number}, Size: {type: number}}}'
    )
    story = Story(CALL + '    with: {text: 1.50, size: 3}\n', **callee(declared))
    story.now()
    assert story.queued('outer/job').contexts['inputs'] == {
        'text': '1.5',
        'other': '5',
        'flag': False,
        'on': True,
        'count': 0.0,
        'Size': 3.0,
    }


def test_an_input_of_the_wrong_type_is_refused_when_it_is_known() -> None:
    text = CALL + "    with: {flag: '${{ github.actor }}'}\n"
    story = Story(text, **callee('{inputs: {flag: {type: boolean}}}'))
    assert story.now() == ['Refuse outer', 'Finish failure']
    assert "Unexpected value 'mona'" in story.why('outer')
    literal = CALL + "    with: {flag: 'yes'}\n"
    found = refusal(literal, **callee('{inputs: {flag: {type: boolean}}}'))
    assert found == [".github/workflows/ci.yml (Line: 5, Col: 18): Unexpected value 'yes'"]


def test_inputs_may_come_from_outputs_of_others() -> None:
    text = HEAD + (
        f'  make: {JOB}\n  outer:\n    needs: make\n    uses: ./.github/workflows/inner.yml\n'
        '    with: {text: "${{ needs.make.outputs.x }}"}\n'
    )
    story = Story(text, **callee('{inputs: {text: {type: string}}}'))
    story.now()
    assert story.ends('make', x='found') == ['Queue outer/job']
    assert story.queued('outer/job').contexts['inputs'] == {'text': 'found'}
    assert story.queued('outer/job').contexts['needs'] == {}


def test_outputs_of_a_call_are_made_from_those_of_its_jobs() -> None:
    given, none = ('{value: "${{ jobs.job.outputs.x }}!"}', '{value: "${{ jobs.job.outputs.y }}"}')
    declared = f'{{outputs: {{given: {given}, none: {none}}}}}'
    story = Story(CALL + f'  after: {{needs: outer, {JOB[1:]}\n', **callee(declared))
    story.now()
    story.ends('outer/job', x='1')
    assert story.queued('after').contexts['needs'] == {
        'outer': {'result': 'success', 'outputs': {'given': '1!'}}
    }


def test_outputs_that_cannot_be_evaluated_are_not_there() -> None:
    declared = '{outputs: {x: {value: "${{ fromJSON(jobs.job.outputs.x) }}"}}}'
    story = Story(CALL + f'  after: {{needs: outer, {JOB[1:]}\n', **callee(declared))
    story.now()
    story.ends('outer/job', x='{')
    needs = story.queued('after').contexts['needs']
    assert needs['outer'] == {'result': 'success', 'outputs': {}}


def test_a_matrix_of_calls() -> None:
    text = CALL + '    strategy: {matrix: {n: [1, 2]}}\n    with: {text: "${{ matrix.n }}"}\n'
    story = Story(text, **callee('{inputs: {text: {type: string}}}'))
    assert story.now() == ['Queue outer[0]/job', 'Queue outer[1]/job']
    assert story.names()['outer[1]/job'] == 'outer (2) / job'
    assert story.ends('outer[0]/job', 'failure') == ['Stop outer[1]/job']
    assert story.finishes('outer[1]/job', 'cancelled') == ['Finish failure']


def test_stopping_a_call_stops_what_is_inside_also_what_has_not_begun() -> None:
    jobs = f'  first: {JOB}\n  second: {{needs: first, {JOB[1:]}\n'
    story = Story(CALL, **callee(jobs=jobs))
    story.now()
    story.runs('outer/first')
    story.take(StopRequested('outer', 'replaced'))
    assert story.now() == ['Stop outer/first', 'Stop outer/second']


def test_the_inside_keeps_its_own_conditions_when_the_run_is_cancelled() -> None:
    jobs = f'  first: {JOB}\n  tidy: {{needs: first, if: always(), {JOB[1:]}\n'
    story = Story(CALL, **callee(jobs=jobs))
    story.now()
    story.runs('outer/first')
    story.take(StopRequested('', 'by mona'))
    assert story.now() == ['Stop outer/first']
    assert story.finishes('outer/first', 'cancelled') == ['Queue outer/tidy']
    assert story.ends('outer/tidy') == ['Finish cancelled']


def test_a_call_enters_its_groups_before_anything_inside_begins() -> None:
    text = CALL + '    concurrency: deploy\n'
    head = 'concurrency: {group: "inner-${{ github.ref_name }}", cancel-in-progress: true}\n'
    story = Story(text, **callee(head=head))
    assert story.now() == ['Enter outer']
    command = story.commands[0]
    assert isinstance(command, Enter)
    assert command.groups == (Group('deploy'), Group('inner-main', True))
    story.take(JobQueued('outer', 'outer', ()))
    assert story.now() == ['Queue outer/job']
    assert story.ends('outer/job') == ['Leave outer', 'Finish success']


def test_a_call_that_waits_for_its_group_can_be_stopped() -> None:
    story = Story(CALL + '    concurrency: deploy\n', **callee())
    story.now()
    story.take(StopRequested('outer', 'a newer run wants the group'))
    assert story.now() == ['Stop outer']
    story.take(JobFinished('outer', 'cancelled', {}))
    assert story.now() == ['Finish cancelled']


# --- secrets


def job_of(text: str, **options: Any) -> JobPlan:
    story = Story(text, **options)
    story.now()
    found = story.queued('outer/job')
    assert isinstance(found, JobPlan)
    return found


SECRETS = {'GITHUB_TOKEN': 't', 'one': '1', 'two': '2'}


def test_a_job_of_the_workflow_itself_sees_all_secrets() -> None:
    story = Story(HEAD + f'  a: {JOB}\n')
    story.now()
    assert calls.secrets_for(story.queued('a'), SECRETS) == SECRETS


def test_a_called_workflow_sees_only_the_token_unless_secrets_are_handed_on() -> None:
    assert calls.secrets_for(job_of(CALL, **callee()), SECRETS) == {'GITHUB_TOKEN': 't'}


def test_a_called_workflow_may_inherit_all_secrets() -> None:
    job = job_of(CALL + '    secrets: inherit\n', **callee())
    assert calls.secrets_for(job, SECRETS) == SECRETS


def test_a_called_workflow_sees_secrets_under_the_names_they_are_handed_on_by() -> None:
    text = CALL + '    secrets: {first: "${{ secrets.one }}", gone: "${{ secrets.nothing }}"}\n'
    job = job_of(text, **callee('{secrets: {first: {required: true}, gone: {}}}'))
    assert calls.secrets_for(job, SECRETS) == {'GITHUB_TOKEN': 't', 'first': '1'}


def test_what_is_not_handed_on_in_the_middle_is_gone_further_in() -> None:
    middle = (
        'on: {workflow_call: {secrets: {first: {}}}}\njobs:\n  deep:\n'
        '    uses: ./.github/workflows/deep.yml\n    secrets: inherit\n'
    )
    files = {
        INNER: middle,
        '.github/workflows/deep.yml': f'on: workflow_call\njobs:\n  job: {JOB}\n',
    }
    story = Story(CALL + '    secrets: {first: "${{ secrets.one }}"}\n', files=files)
    story.now()
    job = story.queued('outer/deep/job')
    assert job.name == 'outer / deep / job'
    assert calls.secrets_for(job, SECRETS) == {'GITHUB_TOKEN': 't', 'first': '1'}


# --- what does not fit together


def test_a_file_that_cannot_be_called_is_refused() -> None:
    files = {INNER: f'on: push\njobs:\n  job: {JOB}\n'}
    assert refusal(CALL, files=files) == [
        '.github/workflows/ci.yml (Line: 4, Col: 11): '
        'workflow_call key is not defined in the referenced workflow.'
    ]


def test_all_mistakes_of_a_call_are_told_at_once() -> None:
    text = CALL + '    with: {wrong: 1}\n    secrets: {strange: x}\n'
    declared = '{inputs: {must: {type: string, required: true}}, secrets: {key: {required: true}}}'
    assert [line.partition('): ')[2] for line in refusal(text, **callee(declared))] == [
        'Input must is required, but not provided while calling.',
        'Invalid input, wrong is not defined in the referenced workflow.',
        'Secret key is required, but not provided while calling.',
        'Invalid secret, strange is not defined in the referenced workflow.',
    ]


def test_a_called_file_with_a_mistake_is_refused_under_its_own_name() -> None:
    files = {INNER: 'on: workflow_call\njobs:\n  job: {steps: []}\n'}
    assert all(line.startswith(INNER) for line in refusal(CALL, files=files))


def test_ten_levels_are_allowed_and_eleven_are_not() -> None:
    def chain(length: int) -> dict[str, str]:
        files = {}
        for level in range(1, length):
            name = INNER if level == 1 else f'.github/workflows/w{level}.yml'
            following = f'  deeper:\n    uses: ./.github/workflows/w{level + 1}.yml\n'
            jobs = following if level + 1 < length else f'  job: {JOB}\n'
            files[name] = f'on: workflow_call\njobs:\n{jobs}'
        return files

    story = Story(CALL, files=chain(10))
    assert story.now() == [f'Queue outer/{"deeper/" * 8}job']
    (message,) = refusal(CALL, files=chain(11))
    assert message.endswith('Nested reusable workflow depth exceeded 10.')


def test_a_workflow_that_calls_itself_is_refused() -> None:
    files = {INNER: f'on: workflow_call\njobs:\n  again:\n    uses: ./{INNER}\n'}
    assert refusal(CALL, files=files)[-1].endswith('depth exceeded 10.')


def test_a_run_calls_at_most_fifty_files() -> None:
    def many(count: int) -> tuple[str, dict[str, str]]:
        names = [f'.github/workflows/w{number}.yml' for number in range(count)]
        text = HEAD + ''.join(f'  j{n}:\n    uses: ./{name}\n' for n, name in enumerate(names))
        return text, dict.fromkeys(names, f'on: workflow_call\njobs:\n  job: {JOB}\n')

    text, files = many(50)
    assert len(Story(text, files=files).now()) == 50
    text, files = many(51)
    assert refusal(text, files=files)[0].endswith('More than 50 reusable workflows are called.')


def test_permissions_of_a_job_inside_come_from_whoever_says_some_last() -> None:
    text = CALL + '    permissions: {contents: read}\n'
    job = job_of(text, **callee())
    assert job.permissions is not None
    assert job.permissions.scopes == (('contents', 'read'),)

"""What is decided about a job before it starts, and what it may see."""

from typing import Any

import pytest

from liftlock.errors import UserError
from liftlock.language.workflow import Permissions
from liftlock.plan import event
from liftlock.plan.plan import JobPlan
from story import HEAD, REPOSITORY, Story, plan, refusal

STEPS = 'steps: [{run: echo}]'
COMMIT = event.Commit('a' * 40, 'fix: it\n\nmore')


def the_job(keys: str, **options: Any) -> JobPlan:
    story = Story(f'{HEAD}  a: {{{keys}, {STEPS}}}\n', **options)
    story.now()
    found = story.queued('a')
    assert isinstance(found, JobPlan)
    return found


def refused(keys: str, **options: Any) -> str:
    story = Story(f'{HEAD}  a: {{{keys}, {STEPS}}}\n', **options)
    assert story.now()[0] == 'Refuse a'
    return story.why('a')


@pytest.mark.parametrize(
    ('runs_on', 'labels', 'group'),
    [
        ('ubuntu-latest', ('ubuntu-latest',), ''),
        ('[self-hosted, "${{ github.ref_name }}"]', ('self-hosted', 'main'), ''),
        ('"${{ fromJSON(vars.LABELS) }}"', ('a', 'b'), ''),
        ('{group: large}', (), 'large'),
        ('{group: org/large, labels: gpu}', ('gpu',), 'org/large'),
        ('{labels: [gpu, big]}', ('gpu', 'big'), ''),
    ],
)
def test_where_a_job_runs(runs_on: str, labels: tuple[str, ...], group: str) -> None:
    job = the_job(f'runs-on: {runs_on}', vars={'LABELS': '["a", "b"]'})
    assert (job.labels, job.runner_group) == (labels, group)


def test_a_group_of_runners_has_at_most_one_known_prefix() -> None:
    reason = refused('runs-on: {group: "${{ vars.G }}"}', vars={'G': 'my/x'})
    assert reason.endswith("Invalid runs-on group name 'my/x'.")


def test_a_job_that_names_no_runner_is_refused() -> None:
    assert refused("runs-on: '${{ vars.NONE }}'").endswith('runs-on names no runner')


def test_defaults_are_githubs() -> None:
    job = the_job('runs-on: x')
    assert (job.timeout_minutes, job.cancel_timeout_minutes) == (360, 5)
    assert (job.continue_on_error, job.environment, job.concurrency_group) == (False, '', '')


def test_a_number_that_is_none_is_refused() -> None:
    endless = refused("runs-on: x, timeout-minutes: '${{ fromJSON(vars.N) }}'", vars={'N': '1e999'})
    assert endless.endswith('A whole number was expected')


def test_numbers_are_cut_to_whole_ones() -> None:
    assert the_job('runs-on: x, timeout-minutes: 2.9').timeout_minutes == 2


def test_an_environment_may_be_a_name_or_a_mapping_or_computed() -> None:
    assert the_job('runs-on: x, environment: live').environment == 'live'
    assert the_job('runs-on: x, environment: {name: live, url: "https://x"}').environment == 'live'
    computed = "runs-on: x, environment: '${{ fromJSON(vars.E) }}'"
    assert the_job(computed, vars={'E': '{"name": "live"}'}).environment == 'live'


def test_variables_of_an_environment_stand_before_the_repositorys() -> None:
    job = the_job(
        'runs-on: x, environment: Live',
        vars={'A': '1', 'B': '1'},
        environments={'live': {'B': '2'}, 'test': {'B': '3'}},
    )
    assert job.contexts['vars'] == {'A': '1', 'B': '2'}


def test_a_concurrency_group_may_be_computed_as_a_whole() -> None:
    computed = "runs-on: x, concurrency: '${{ fromJSON(vars.C) }}'"
    job = the_job(computed, vars={'C': '{"group": "g", "cancel-in-progress": true}'})
    assert (job.concurrency_group, job.cancel_in_progress, job.queue) == ('g', True, 'single')


def test_a_group_name_is_never_empty_or_endless() -> None:
    empty = refused("runs-on: x, concurrency: '${{ vars.NONE }}'")
    assert empty.endswith('Concurrency group name cannot be empty')
    endless = refused("runs-on: x, concurrency: '${{ vars.G }}'", vars={'G': 'g' * 401})
    assert endless.endswith('Concurrency group name must be less than 400 characters')


def test_a_strategy_may_be_computed_as_a_whole() -> None:
    keys = "runs-on: x, strategy: '${{ fromJSON(vars.S) }}'"
    text = f'{HEAD}  a: {{{keys}, {STEPS}}}\n'
    given = '{"matrix": {"n": [1, 2, 3]}, "max-parallel": 1, "fail-fast": false}'
    story = Story(text, vars={'S': given})
    assert story.now() == ['Queue a[0]']
    assert story.ends('a[0]', 'failure') == ['Queue a[1]']
    bad = Story(text, vars={'S': '[]'})
    assert bad.now()[0] == 'Refuse a'


def test_only_legs_that_were_asked_for_run_and_keep_their_keys() -> None:
    text = f'{HEAD}  a: {{runs-on: x, strategy: {{matrix: {{n: [1, 2], os: [l, w]}}}}, {STEPS}}}\n'
    story = Story(text, matrix=(('n', '2'), ('os', 'L'), ('other', 'x')))
    assert story.now() == ['Queue a[2]']
    assert story.queued('a[2]').contexts['strategy']['job-total'] == 4.0
    none = Story(text, matrix=(('n', '9'),))
    assert none.now() == ['Skip a', 'Finish skipped']


def test_only_jobs_that_were_asked_for_run_and_what_they_need() -> None:
    text = HEAD + ''.join(
        f'  {name}: {{{needs} runs-on: x, {STEPS}}}\n'
        for name, needs in (('a', ''), ('b', 'needs: a,'), ('c', 'needs: b,'), ('d', ''))
    )
    story = Story(text, only_jobs=('B',))
    assert story.now() == ['Queue a']
    assert story.ends('a') == ['Queue b']
    assert story.ends('b') == ['Finish success']
    with pytest.raises(UserError) as raised:
        plan(text, only_jobs=('x',))
    assert raised.value.hint == 'its jobs are: a, b, c, d'


def test_one_job_inside_a_call_may_be_asked_for() -> None:
    inner = (
        f'on: workflow_call\njobs:\n  x: {{runs-on: x, {STEPS}}}\n  y: {{runs-on: x, {STEPS}}}\n'
    )
    text = HEAD + '  call: {uses: ./.github/workflows/in.yml}\n'
    story = Story(text, files={'.github/workflows/in.yml': inner}, only_jobs=('call/y',))
    assert story.now() == ['Queue call/y']


def test_the_github_context_is_that_of_the_run_and_the_job() -> None:
    github = the_job('runs-on: x').contexts['github']
    assert isinstance(github, dict)
    assert {key: github[key] for key in sorted(github) if key != 'event'} == {
        'actor': 'mona',
        'actor_id': '',
        'api_url': 'https://api.github.com',
        'base_ref': '',
        'event_name': 'push',
        'graphql_url': 'https://api.github.com/graphql',
        'head_ref': '',
        'job': 'a',
        'ref': 'refs/heads/main',
        'ref_name': 'main',
        'ref_protected': False,
        'ref_type': 'branch',
        'repository': 'octo/demo',
        'repositoryUrl': 'git://github.com/octo/demo.git',
        'repository_id': '',
        'repository_owner': 'octo',
        'repository_owner_id': '',
        'repository_visibility': 'public',
        'retention_days': '90',
        'run_attempt': '1',
        'run_id': '1',
        'run_number': '1',
        'secret_source': 'Actions',
        'server_url': 'https://github.com',
        'sha': 'a' * 40,
        'triggering_actor': 'mona',
        'workflow': '.github/workflows/ci.yml',
        'workflow_ref': 'octo/demo/.github/workflows/ci.yml@refs/heads/main',
        'workflow_sha': 'a' * 40,
    }


def test_a_tag_and_a_pull_request_have_their_names() -> None:
    text = f'on: [push, pull_request]\njobs:\n  a: {{runs-on: x, {STEPS}}}\n'
    tag = plan(text, event.tag(REPOSITORY, 'v1')).contexts['github']
    assert isinstance(tag, dict)
    assert (tag['ref_name'], tag['ref_type']) == ('v1', 'tag')
    pull = plan(text, event.pull_request(REPOSITORY, number=7)).contexts['github']
    assert isinstance(pull, dict)
    assert (pull['ref_name'], pull['ref_type']) == ('7/merge', 'branch')


@pytest.mark.parametrize(
    ('happened', 'title'),
    [
        (event.push(REPOSITORY._replace(commits=(COMMIT,))), 'fix: it'),
        (event.pull_request(REPOSITORY, title='Please'), 'Please'),
        (event.release(REPOSITORY, 'v1', name='First'), 'First'),
        (event.repository_dispatch(REPOSITORY, 'deploy', {}), 'deploy'),
        (event.schedule(REPOSITORY, '0 0 * * *'), 'CI'),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_run_without_a_name_of_its_own_is_called_after_its_event(
    happened: event.Event, title: str
) -> None:
    events = 'push: , pull_request: , release: , repository_dispatch: '
    on = f'{{{events}, schedule: [{{cron: "0 0 * * *"}}]}}'
    text = f'name: CI\non: {on}\njobs:\n  a: {{runs-on: x, {STEPS}}}\n'
    assert plan(text, happened).title == title


def test_a_run_name_is_evaluated() -> None:
    text = f'run-name: by ${{{{ github.actor }}}}\non: push\njobs:\n  a: {{runs-on: x, {STEPS}}}\n'
    assert plan(text).title == 'by mona'


def test_a_computed_strategy_keeps_its_types() -> None:
    text = f"{HEAD}  a: {{runs-on: x, strategy: '${{{{ fromJSON(vars.S) }}}}', {STEPS}}}\n"
    for given in ('{"fail-fast": "true"}', '{"max-parallel": "1"}', '{"matrix": {"n": []}}'):
        story = Story(text, vars={'S': given})
        assert story.now()[0] == 'Refuse a'
        assert story.why('a').startswith('.github/workflows/ci.yml (Line: 3, Col: ')


def test_a_workflow_whose_own_values_are_wrong_is_refused_as_a_whole() -> None:
    text = f"on: push\nconcurrency: '${{{{ vars.NONE }}}}'\njobs:\n  a: {{runs-on: x, {STEPS}}}\n"
    assert refusal(text) == [
        '.github/workflows/ci.yml (Line: 2, Col: 14): Concurrency group name cannot be empty'
    ]
    assert refusal('on: push\njobs: {}\n')


@pytest.mark.parametrize(
    ('written', 'everything', 'scopes'),
    [
        ('write-all', 'read', ()),
        ('{contents: read, attestations: write, id-token: write}', '',
         (('contents', 'read'), ('attestations', 'read'))),
        ('{}', '', ()),
    ],
)  # fmt: skip
def test_code_from_outside_writes_and_signs_nothing(
    written: str, everything: str, scopes: tuple[tuple[str, str], ...]
) -> None:
    head = {'ref': 'topic', 'repo': {'full_name': 'mallory/demo'}}
    payload: dict[str, Any] = {'number': 7, 'pull_request': {'base': {'ref': 'main'}, 'head': head}}
    keys = f'runs-on: x, permissions: {written}'
    of_fork = the_job(keys, event=event.from_payload(REPOSITORY, 'pull_request', payload))
    assert of_fork.permissions == Permissions(everything, scopes)
    bump = the_job(keys, event=event.push(REPOSITORY)._replace(actor='dependabot[bot]'))
    assert bump.permissions == of_fork.permissions
    of_base = the_job(keys, event=event.from_payload(REPOSITORY, 'pull_request_target', payload))
    assert of_base.permissions != of_fork.permissions or written == '{}'

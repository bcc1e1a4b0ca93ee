"""A workflow or mistakes come back, never both and never neither, whatever the text is.

A survey says what parse says and more; what it reads of a file without mistakes is the same.
"""

import gc
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from liftlock.language import checks
from liftlock.language.checks.subject import Around
from liftlock.language.diagnostics import Severity
from liftlock.language.parse import Parsed, parse, parse_action, survey, survey_action
from liftlock.language.source import Span
from liftlock.language.template import Computed, Insert, Literal, Mapping
from liftlock.language.workflow import (
    Call,
    Concurrency,
    Job,
    Parallel,
    Permissions,
    Run,
    Uses,
    Wait,
    Workflow,
)

KEYS = st.sampled_from(
    [
        'on',
        'push',
        'jobs',
        'build',
        'runs-on',
        'steps',
        'run',
        'uses',
        'if',
        'needs',
        'strategy',
        'matrix',
        'include',
        'exclude',
        'env',
        'with',
        'id',
        'types',
        'branches',
        'schedule',
        'cron',
        'workflow_call',
        'inputs',
        'secrets',
        'outputs',
        'parallel',
        'wait',
        'name',
        'container',
        'image',
        'concurrency',
        'group',
        'queue',
        'permissions',
        'contents',
        'defaults',
        'environment',
    ]
)
SCALARS = st.sampled_from(
    ['', 'ubuntu-latest', 'push', '${{ github.ref }}', '${{', '${{ insert }}', 'a', True, 1.5, None,
     'read', 'build', '* * * * *', "${{ 'x' }}", 'success()']
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


def accepted(text: str) -> Workflow:
    parsed = parse('a.yml', text)
    assert parsed.diagnostics == ()
    assert parsed.workflow is not None
    return parsed.workflow


def refused(text: str) -> list[tuple[str, int, str]]:
    parsed = parse('a.yml', text)
    assert parsed.workflow is None
    return [(found.code, found.span.line, found.message) for found in parsed.diagnostics]


def job_of(text: str) -> Job:
    job = accepted(f'on: push\njobs:\n  a:\n    runs-on: x\n{text}').jobs['a']
    assert isinstance(job, Job)
    return job


def answered(parsed: Parsed) -> None:
    assert (parsed.workflow is None) == bool(parsed.diagnostics)
    for found in parsed.diagnostics:
        assert found.severity is Severity.ERROR
        assert found.message
        assert found.span >= Span(1, 1, 1, 1)


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    answered(parse('a.yml', text))


@settings(max_examples=300)
@given(TREES)
def test_any_tree_of_our_words_is_answered(tree: Any) -> None:
    answered(parse('a.yml', yaml.safe_dump(tree)))


@settings(max_examples=200)
@given(st.dictionaries(KEYS, TREES, max_size=5), st.dictionaries(KEYS, TREES, max_size=4))
def test_any_job_is_answered(job: Any, step: Any) -> None:
    file = {'on': 'push', 'jobs': {'a': {'runs-on': 'x', 'steps': [step]} | job}}
    answered(parse('a.yml', yaml.safe_dump(file)))


@given(TREES)
def test_any_action_is_answered(tree: Any) -> None:
    for strict in (False, True):
        action, diagnostics = parse_action('a.yml', yaml.safe_dump(tree), strict=strict)
        assert (action is None) == bool(diagnostics)


def agreed(text: str) -> None:
    parsed, seen = parse('a.yml', text), survey('a.yml', text)
    assert bool(parsed.diagnostics) == bool(seen.diagnostics)
    if parsed.workflow is not None:
        assert repr(seen.document) == repr(parsed.workflow)
        assert not seen.gaps
    if seen.document is not None:
        checks.examine(seen.document, text, Around(gaps=seen.gaps))


@settings(max_examples=200)
@given(TREES)
def test_a_survey_refuses_what_github_refuses(tree: Any) -> None:
    agreed(yaml.safe_dump(tree))


@settings(max_examples=200)
@given(st.dictionaries(KEYS, TREES, max_size=5), st.dictionaries(KEYS, TREES, max_size=4))
def test_a_survey_of_any_job_goes_to_its_end(job: Any, step: Any) -> None:
    agreed(yaml.safe_dump({'on': 'push', 'jobs': {'a': {'runs-on': 'x', 'steps': [step]} | job}}))


@given(TREES, TREES)
def test_a_survey_of_any_action_goes_to_its_end(runs: Any, inputs: Any) -> None:
    text = yaml.safe_dump({'name': 'a', 'inputs': inputs, 'runs': runs})
    seen = survey_action('action.yml', text)
    assert seen.document is not None
    checks.examine(seen.document, text, Around(gaps=seen.gaps))


@pytest.mark.parametrize('depth', [40, 60])
def test_values_may_nest_as_deep_as_on_github_and_no_deeper(depth: int) -> None:
    value = '[' * depth + ']' * depth
    text = f'on: push\njobs:\n  a: {{runs-on: x, strategy: {{matrix: {{v: [{value}]}}}}}}'
    if depth == 40:
        accepted(text)
    else:
        assert refused(text) == [('schema', 3, 'Maximum object depth exceeded')]


def test_the_collector_of_garbage_is_left_as_it_was() -> None:
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            parse('a.yml', 'on: push')
            assert gc.isenabled() == enabled
        finally:
            gc.enable()


# --- what was meant


def test_the_nouns_of_a_workflow_have_their_places() -> None:
    workflow = accepted(
        'name: CI\non: [push]\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: []\n'
        '    steps:\n      - uses: actions/checkout@v4\n      - run: make ${{ github.ref }}\n'
    )
    job = workflow.jobs['a']
    assert isinstance(job, Job)
    assert workflow.name == 'CI'
    assert workflow.on['push'].event == Literal('push', Span(2, 6, 2, 10), 'push')
    assert job.id.span == Span(4, 3, 4, 4)
    assert job.runs_on == Literal('ubuntu-latest', Span(5, 14, 5, 27), 'ubuntu-latest')
    assert [step.id for step in job.steps] == ['__actions_checkout', '__run']
    assert isinstance(job.steps[1].does, Run)
    assert isinstance(job.steps[1].does.script, Computed)
    assert job.steps[1].does.script.expression.source == "format('make {0}', github.ref)"


def test_a_number_where_text_is_wanted_keeps_how_it_was_written() -> None:
    steps = job_of('    steps: [{uses: a/b@v1, with: {python-version: 3.10}}]').steps
    assert isinstance(steps[0].does, Uses)
    assert steps[0].does.inputs is not None
    value = steps[0].does.inputs.entries[0][1]
    assert isinstance(value, Literal)
    assert (value.value, value.text) == ('3.1', '3.10')


@pytest.mark.parametrize(
    ('written', 'meant'),
    [
        ("''", 'success()'),
        ('', 'success()'),
        ('false', 'success() && (false)'),
        ('github.ref', 'success() && (github.ref)'),
        ('${{ github.ref }}', 'success() && (github.ref)'),
        ('always()', 'always()'),
        ("contains(github.ref, 'always()')", "success() && (contains(github.ref, 'always()'))"),
    ],
)
def test_a_condition_asks_for_success_unless_it_asks_for_a_status(written: str, meant: str) -> None:
    condition = job_of(f'    if: {written}\n').condition
    assert condition is not None
    assert condition.expression.source == meant


def test_a_whole_mapping_that_is_computed_becomes_an_insertion() -> None:
    steps = job_of('    steps: [{uses: a/b@v1, with: "${{ fromJSON(vars.X) }}"}]').steps
    assert isinstance(steps[0].does, Uses)
    assert isinstance(steps[0].does.inputs, Mapping)
    ((key, value),) = steps[0].does.inputs.entries
    assert isinstance(key, Insert)
    assert isinstance(value, Computed)


def test_a_computed_strategy_or_default_is_kept_whole() -> None:
    job = job_of('    strategy: ${{ fromJSON(vars.S) }}\n    defaults: {run: "${{ vars.R }}"}\n')
    assert job.strategy.computed is not None
    assert job.strategy.matrix is None
    assert job.defaults is not None
    assert job.defaults.computed is not None


def test_permissions_are_all_of_a_level_or_listed() -> None:
    jobs = accepted(
        'on: push\njobs:\n  a: {runs-on: x, permissions: write-all}\n'
        '  b: {runs-on: x, permissions: {contents: read, id-token: write}}\n'
        '  c: {runs-on: x, permissions: {}}\n  d: {runs-on: x}\n'
    ).jobs
    assert [job.permissions for job in jobs.values()] == [
        Permissions('write'),
        Permissions('', (('contents', 'read'), ('id-token', 'write'))),
        Permissions(),
        None,
    ]


def test_concurrency_has_a_short_form() -> None:
    short, long = (
        accepted(f'on: push\nconcurrency: {written}\njobs: {{a: {{runs-on: x}}}}').concurrency
        for written in ('deploy', '{group: deploy, queue: max}')
    )
    assert isinstance(short, Concurrency)
    assert isinstance(long, Concurrency)
    assert isinstance(short.group, Literal)
    assert (short.group.value, short.queue, long.queue) == ('deploy', 'single', 'max')


def test_a_job_that_uses_a_workflow_is_a_call() -> None:
    jobs = accepted('on: push\njobs: {a: {uses: ./x.yml, secrets: inherit, with: {n: 1}}}').jobs
    call = jobs['a']
    assert isinstance(call, Call)
    assert isinstance(call.secrets, Literal)
    assert call.secrets.value == 'inherit'
    assert call.inputs is not None
    assert call.inputs.entries[0][1] == Literal(1.0, Span(2, 55, 2, 56), '1')


def test_a_group_of_parallel_steps_is_one_step_and_its_members_run_behind_it() -> None:
    steps = job_of(
        '    steps:\n      - parallel: [{run: a}, {run: b, id: b}]\n      - wait-all:\n'
    ).steps
    assert isinstance(steps[0].does, Parallel)
    assert [(step.id, step.background) for step in steps[0].does.steps] == [
        ('__run', True),
        ('b', True),
    ]
    assert steps[1].does == Wait()
    assert isinstance(steps[1].name, Literal)
    assert steps[1].name.value == 'Wait for all'


def test_all_mistakes_of_the_grammar_are_told_at_once() -> None:
    assert refused('on: puhs\nname: {}\njobs:\n  a:\n    steps: x\n    runs-on: ""\n') == [
        ('schema', 1, "Unexpected value 'puhs'"),
        ('schema', 2, 'A mapping was not expected'),
        ('schema', 5, "Unexpected value 'x'"),
        ('schema', 6, "Unexpected value ''"),
    ]


def test_ids_and_needs_are_judged_when_the_grammar_is_content() -> None:
    assert refused('on: push\njobs:\n  a b: {runs-on: x}\n  c: {runs-on: x, needs: d}\n') == [
        (
            'id',
            3,
            "The identifier 'a b' is invalid. IDs may only contain alphanumeric characters, '_', "
            "and '-'. IDs must start with a letter or '_' and must be less than 100 characters.",
        ),
        ('needs', 4, "Job 'c' depends on unknown job 'd'."),
    ]


# --- actions


def test_whoever_runs_an_action_is_patient_with_keys_that_nobody_knows() -> None:
    text = (
        'runs: {using: node20, main: x.js}\nodd: {a: [1]}\nbranding: {icon: none, shape: round}\n'
    )
    action, diagnostics = parse_action('action.yml', text)
    assert diagnostics == ()
    assert action is not None
    assert action.name == ''
    strictly = [found.message for found in parse_action('action.yml', text, strict=True)[1]]
    assert strictly == [
        "Unexpected value 'odd'",
        "Unexpected value 'shape'",
        'Required property is missing: name',
        'Required property is missing: description',
    ]

"""To which environments the jobs of a plan deploy."""

import pytest

from liftlock.plan import facts as f
from liftlock.plan.commands import Queue
from liftlock.plan.environments import named
from liftlock.plan.plan import JobPlan
from liftlock.plan.progress import advance, begin, decide
from story import HEAD, plan

STEPS = 'runs-on: x, steps: [{run: echo}]'
CALLED = f'on: workflow_call\njobs:\n  inner: {{{STEPS}, environment: Called}}\n'


def of(jobs: str, **options: object) -> tuple[str, ...]:
    return named(plan(HEAD + jobs, **options))


@pytest.mark.parametrize(
    ('jobs', 'expected'),
    [
        (f'  a: {{{STEPS}}}\n', ()),
        (f'  a: {{{STEPS}, environment: production}}\n', ('production',)),
        (f'  a: {{{STEPS}, environment: {{name: production}}}}\n', ('production',)),
        (
            f'  a: {{{STEPS}, environment: production}}\n  b: {{{STEPS}, environment: staging}}\n',
            ('production', 'staging'),
        ),
        (f'  a: {{{STEPS}, environment: "${{{{ github.ref_name }}}}"}}\n', ('', 'main')),
        (
            f'  a: {{{STEPS}, environment: "${{{{ matrix.e }}}}", '
            'strategy: {matrix: {e: [p, q]}}}\n',
            ('', 'p', 'q'),
        ),
        (
            f'  a: {{{STEPS}}}\n'
            f'  b: {{{STEPS}, needs: a, environment: "${{{{ needs.a.outputs.e }}}}"}}\n',
            ('',),
        ),
    ],
)
def test_names_are_known_as_far_as_they_can_be(jobs: str, expected: tuple[str, ...]) -> None:
    assert of(jobs) == expected


def test_called_workflows_are_looked_into() -> None:
    files = {'.github/workflows/called.yml': CALLED}
    assert of('  a: {uses: ./.github/workflows/called.yml}\n', files=files) == ('Called',)


def test_jobs_that_liftlock_yml_binds_belong_to_an_environment() -> None:
    assert of(f'  Docs: {{{STEPS}}}\n', deploys={'docs': 'pages', 'other': 'x'}) == ('pages',)


def bound(jobs: str, **deploys: str) -> JobPlan:
    made = plan(HEAD + jobs, deploys=deploys)
    (command,) = decide(begin(made))
    assert isinstance(command, Queue)
    return command.job


def test_what_the_job_itself_names_is_more_than_what_it_is_bound_to() -> None:
    assert bound(f'  a: {{{STEPS}}}\n', A='pages').environment == 'pages'
    assert bound(f'  a: {{{STEPS}, environment: own}}\n', a='pages').environment == 'own'
    assert bound(f'  a: {{{STEPS}}}\n', b='pages').environment == ''


def test_a_job_may_use_an_environment_without_deploying_to_it() -> None:
    job = bound(f'  a: {{{STEPS}, environment: {{name: e, deployment: false}}}}\n')
    assert (job.environment, job.deployment) == ('e', False)
    assert bound(f'  a: {{{STEPS}, environment: e}}\n').deployment


def test_a_bound_job_that_was_lost_is_never_started_again_by_itself() -> None:
    made = plan(HEAD + f'  a: {{{STEPS}}}\n', deploys={'a': 'pages'})
    progress = begin(made)
    decide(progress)
    for fact in (
        f.JobQueued('a', 'a', ()),
        f.JobClaimed('a', 1, 1, 'w'),
        f.JobLost('a', 'x', True),
    ):
        advance(progress, fact)
    assert [type(command).__name__ for command in decide(progress)] == ['Finish']

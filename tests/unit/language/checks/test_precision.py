"""Files that look like a mistake and are none: a check that cries wolf is switched off."""

import pytest

from liftlock.language import checks
from liftlock.language.checks.subject import Around, Neighbours
from liftlock.language.parse import parse

HEAD = 'on: push\npermissions: {contents: read}\n'
IMAGE = f'"postgres:16@sha256:{"0" * 64}"'
FRAME = HEAD + 'jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n'


def codes(text: str, neighbours: Neighbours | None = None) -> list[str]:
    workflow, diagnostics = parse('.github/workflows/ci.yml', text)
    assert workflow is not None, diagnostics
    around = Around('.github/workflows/ci.yml', neighbours or {})
    found = checks.examine(workflow, text, around)
    return [one.code for one in found]


def job(*lines: str, head: str = HEAD) -> str:
    return head + 'jobs:\n  a:\n' + ''.join(f'    {line}\n' for line in lines)


def steps(*lines: str) -> str:
    return job('runs-on: ubuntu-latest', 'steps:', *(f'  {line}' for line in lines))


@pytest.mark.parametrize(
    'text',
    [
        job('runs-on: [self-hosted, ubuntu-ancient]', 'steps: [{run: make}]'),
        job('runs-on: ubuntu-22.04-16core', 'steps: [{run: make}]'),
        job('runs-on: our-builder', 'steps: [{run: make}]'),
        job('runs-on: {group: ubuntu-people}', 'steps: [{run: make}]'),
        job('runs-on: self-hosted', 'timeout-minutes: 3000', 'steps: [{run: make}]'),
        job('runs-on: windows-latest', 'steps: [{run: dir, shell: cmd}]'),
        job('runs-on: our-builder', 'steps: [{run: dir, shell: powershell}]'),
        job('runs-on: ubuntu-latest', f'container: {IMAGE}',
            f'services: {{db: {{image: {IMAGE}}}}}', 'steps: [{run: make}]'),
        job('runs-on: ubuntu-latest',
            f'services: {{db: {{image: {IMAGE}, options: --network host}}}}',
            'steps: [{run: make}]'),
        job('runs-on: ubuntu-latest', 'env: {GITHUB_TOKEN: "${{ github.token }}"}',
            'steps: [{run: make}]'),
        job('strategy: {matrix: {include: [{a: 1}, {b: 2}]}}', 'runs-on: ubuntu-latest',
            'steps: [{run: "echo ${{ matrix.a }} ${{ matrix.B }}"}]'),
        job('strategy: {matrix: "${{ fromJSON(vars.M) }}"}', 'runs-on: ubuntu-latest',
            'steps: [{run: "echo ${{ matrix.anything }}"}]'),
        job("strategy: {matrix: {v: ['1.0', '1.00', 1.5], exclude: [{v: 1.5}]}}",
            'runs-on: ubuntu-latest', 'steps: [{run: make}]'),
    ],
)  # fmt: skip
def test_jobs_that_are_fine_are_told_nothing(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    'text',
    [
        steps('- if: ${{ github.ref_type }}', '  run: make'),
        steps("- if: format('{0}', github.ref_type) == 'tag'", '  run: make'),
        steps("- if: always() && format('{0}', env.A)", '  run: make'),
        steps("- if: env.LEVEL == 1 && env.FLAG == 'true'", '  run: make'),
        steps('- if: github.event.pull_request.draft == false', '  run: make'),
        steps("- if: contains(env.A, 'x') == true", '  run: make'),
        steps('- run: git clone . .', '- uses: ./action'),
        steps(f'- uses: docker://alpine@sha256:{"0" * 64}'),
        steps('- run: echo ${{ steps.*.outcome }} ${{ toJSON(steps) }}'),
        steps('- run: echo ${{ github.event.inputs }}'),
        steps('- {run: make, shell: "perl -w {0}"}'),
    ],
)
def test_steps_that_are_fine_are_told_nothing(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    'on',
    [
        "push: {branches: ['main', '!main-*', 'v[0-9]+.x', 'a?']}",
        "push: {paths: ['**', '!docs/**', '*.md'], tags-ignore: ['v*']}",
        "schedule: [{cron: '0 0 31 1,3 *'}, {cron: '*/5 * * * *'}, {cron: '0 0 30 2 1'}]",
    ],
)
def test_filters_and_schedules_that_are_fine_are_told_nothing(on: str) -> None:
    assert codes(FRAME.replace('on: push', f'on: {{{on}}}')) == []


def test_a_commented_command_of_the_past_is_no_command() -> None:
    assert codes(steps('- run: |', '    # ::set-output name=a::b', '    make')) == []


def test_a_workflow_that_only_others_call_leaves_permissions_to_them() -> None:
    text = FRAME.replace('on: push\npermissions: {contents: read}', 'on: workflow_call')
    assert codes(text) == []


def test_inherited_secrets_are_not_counted() -> None:
    callee, _ = parse(
        'b.yml', FRAME.replace('on: push', 'on: {workflow_call: {secrets: {t: {required: true}}}}')
    )
    text = HEAD + 'jobs:\n  a:\n    uses: ./.github/workflows/b.yml\n    secrets: inherit\n'
    assert codes(text, {'./.github/workflows/b.yml': callee}) == []


def test_a_large_matrix_that_excludes_enough_is_fine() -> None:
    row = list(range(20))
    exclude = [{'a': number} for number in range(10)]
    lines = (f'strategy: {{matrix: {{a: {row}, b: {row}, exclude: {exclude}}}}}',)
    assert codes(job(*lines, 'runs-on: ubuntu-latest', 'steps: [{run: make}]')) == []


def test_an_enormous_matrix_is_judged_without_being_made() -> None:
    row = list(range(200))
    lines = (f'strategy: {{matrix: {{a: {row}, b: {row}, c: {row}, d: {row}}}}}',)
    text = job(*lines, 'runs-on: ubuntu-latest', 'steps: [{run: make}]')
    assert codes(text) == ['matrix-size']

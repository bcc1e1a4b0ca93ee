"""What workflow files ask for, read from them alone."""

from liftlock.cli.doctor import needs
from liftlock.cli.doctor.needs import Known, Reader
from liftlock.language.parse import parse, parse_action
from liftlock.language.workflow import Workflow

HEAD = 'on: push\njobs:\n'


def workflow(text: str) -> Workflow:
    parsed = parse('ci.yml', HEAD + text)
    assert parsed.workflow is not None, parsed.diagnostics
    return parsed.workflow


def asked(text: str, known: Known | None = None) -> list[tuple[str, str]]:
    """Kind and what, without the labels that every job has."""
    reader = Reader(known or {})
    found = [(need.kind, need.what) for need in reader.read(workflow(text))]
    return [need for need in found if need != (needs.LABELS, 'x')]


def steps(*lines: str) -> str:
    return '  a:\n    runs-on: x\n    steps:\n' + ''.join(f'      {line}\n' for line in lines)


def action(runs: str) -> object:
    found, mistakes = parse_action('action.yml', f'name: x\ndescription: x\nruns: {runs}\n')
    assert found is not None, mistakes
    return found


def test_labels_are_those_of_the_job_or_of_each_leg() -> None:
    text = '  a: {runs-on: [linux, gpu], steps: [{run: ls}]}\n'
    assert asked(text) == [(needs.LABELS, 'linux, gpu')]
    text = '  a: {runs-on: {group: g, labels: big}, steps: [{run: ls}]}\n'
    assert asked(text) == [(needs.LABELS, 'big')]
    text = (
        '  a: {runs-on: "${{ matrix.os }}", strategy: {matrix: {os: [x, macos-13]}}, '
        'steps: [{run: ls}]}\n'
    )
    assert asked(text) == [(needs.LABELS, 'macos-13')]


def test_containers_want_an_engine_and_services_a_server() -> None:
    text = """
  a:
    runs-on: x
    container: node:20
    services: {db: postgres}
    steps: [{uses: 'docker://alpine'}]
  b:
    runs-on: x
    services: {db: {image: 'postgres:15'}, cache: redis, odd: '${{ vars.IMAGE }}'}
    steps: [{run: ls}]
  c:
    runs-on: x
    container: {image: 'acme/secret', credentials: {username: a, password: b}}
    steps: [{run: ls}]
  d:
    runs-on: x
    strategy: {matrix: {on: [one, two]}}
    container: {image: '${{ matrix.on }}'}
    steps: [{run: ls}]
"""
    assert asked(text) == [
        (needs.IMAGE, 'node:20'),
        (needs.IMAGE, 'postgres'),
        (needs.IMAGE, 'docker://alpine'),
        (needs.SERVICE, 'postgres:15'),
        (needs.SERVICE, 'redis'),
        (needs.ENGINE, ''),
        (needs.IMAGE, 'one'),
        (needs.IMAGE, 'two'),
    ]


def test_programs_are_those_that_no_step_before_brings() -> None:
    text = steps(
        '- run: helm lint; poetry check',
        '- {uses: snok/install-poetry@v1}',
        '- run: poetry build',
        '- run: |',
        '    apt-get install -y jq',
        '    jq . "${{ inputs.file }}" && aws s3 ls',
        '- {run: jq, shell: python}',
        '- {run: "kubectl get ${{ github.ref }}"}',
    )
    assert asked(text) == [
        (needs.PROGRAM, 'helm'),
        (needs.PROGRAM, 'poetry'),
        (needs.PROGRAM, 'aws'),
        (needs.PROGRAM, 'kubectl'),
    ]


def test_a_whole_script_in_another_language_calls_nothing() -> None:
    text = '  a: {runs-on: x, defaults: {run: {shell: pwsh}}, steps: [{run: jq}]}\n'
    assert asked(text) == []


def test_versions_are_written_out_or_of_the_matrix() -> None:
    text = """
  a:
    runs-on: x
    strategy: {matrix: {py: [3.9, '3.10', 3.11]}}
    steps:
      - {uses: actions/setup-python@v5, with: {python-version: '${{ matrix.py }}'}}
      - {uses: actions/setup-python@v5, with: {python-version: 3.10}}
      - {uses: actions/setup-node@v4, with: {node-version: lts/*}}
"""
    assert asked(text) == [
        (needs.PYTHON, '3.9'),
        (needs.PYTHON, '3.10'),
        (needs.PYTHON, '3.11'),
        (needs.PYTHON, '3.10'),
        (needs.NODE_VERSION, 'lts/*'),
    ]


def test_stand_ins_want_what_they_cannot_bring() -> None:
    text = steps(
        '- {uses: docker/build-push-action@v5}',
        '- {uses: actions/create-release@v1}',
        '- {uses: aquasecurity/trivy-action@master}',
    )
    assert asked(text) == [
        (needs.ENGINE, ''),
        (needs.FORGE, ''),
        (needs.SCANNER, 'aquasecurity/trivy-action'),
    ]


def test_actions_are_asked_for_until_all_are_known() -> None:
    text = steps('- {uses: acme/outer@v1}', '- {uses: ./here}', '- {uses: acme/gone@v1}')
    reader = Reader({})
    list(reader.read(workflow(text)))
    assert reader.lacking == {'acme/outer@v1', './here', 'acme/gone@v1'}
    outer = action('{using: composite, steps: [{uses: acme/inner@v1}, {run: jq, shell: bash}]}')
    known: Known = {
        'acme/outer@v1': outer,  # type: ignore[dict-item]
        './here': action('{using: docker, image: Dockerfile}'),  # type: ignore[dict-item]
        'acme/gone@v1': 'it could not be had',
    }
    reader = Reader(known)
    found = list(reader.read(workflow(text)))[1:]
    assert reader.lacking == {'acme/inner@v1'}
    assert [(need.kind, need.what, need.line) for need in found] == [
        (needs.PROGRAM, 'jq', 6),
        (needs.ENGINE, '', 7),
        (needs.ACTION, 'acme/gone@v1', 8),
    ]
    assert found[0].why == '`run:` of "jq" in `uses: acme/outer@v1`'


def test_an_action_that_uses_itself_ends() -> None:
    loop = action('{using: composite, steps: [{uses: ./loop}, {run: jq, shell: bash}]}')
    reader = Reader({'./loop': loop})  # type: ignore[dict-item]
    found = list(reader.read(workflow(steps('- {uses: ./loop}'))))
    assert len(found) == needs.DEEPEST + 1
    assert not reader.lacking


def test_a_called_workflow_of_another_repository_must_be_had() -> None:
    text = (
        '  a: {uses: acme/ci/.github/workflows/b.yml@v1}\n  b: {uses: ./.github/workflows/c.yml}\n'
    )
    reader = Reader({})
    assert list(reader.read(workflow(text))) == []
    assert reader.lacking == {'acme/ci/.github/workflows/b.yml@v1'}


def test_names_of_secrets_and_variables_are_told() -> None:
    text = """
  a:
    runs-on: x
    if: vars.ON == 'yes'
    env: {A: '${{ secrets.TOKEN }}'}
    steps:
      - run: echo ${{ secrets['other'] }} ${{ vars.Colour }}
      - {uses: x/y@v1, with: {t: '${{ secrets.TOKEN }}', all: '${{ toJSON(secrets) }}'}}
"""
    assert set(needs.given(workflow(text))) == {
        ('vars', 'ON'),
        ('vars', 'COLOUR'),
        ('secrets', 'TOKEN'),
        ('secrets', 'OTHER'),
    }

"""`liftlock doctor`, mostly on a machine that has next to nothing."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import containers
from e2e.cli.conftest import Project
from e2e.services.ground import need
from registry import Registry, open_registry

WORKFLOW = """
on: push
env: {TOKEN: '${{ secrets.API_KEY }}'}
jobs:
  mac: {runs-on: macos-latest, steps: [{run: ls}]}
  boxed:
    runs-on: ubuntu-latest
    container: node:20
    steps: [{run: npm test}]
  tests:
    runs-on: ubuntu-latest
    services: {db: {image: 'postgres:16'}, odd: {image: 'acme/odd:1'}}
    steps:
      - {uses: actions/setup-python@v5, with: {python-version: '3.99'}}
      - {uses: acme/lint@v1}
      - {uses: ./.github/actions/own}
      - {uses: aquasecurity/trivy-action@master}
      - name: Deploy
        run: |
          kubectl apply -f x
          docker-compose up
      - {uses: actions/create-release@v1, with: {tag_name: v1, release_name: x}}
"""
OWN = """
name: own
description: own
runs: {using: docker, image: Dockerfile}
"""


@pytest.fixture
def bare(project: Project, tmp_path: Path) -> Project:
    """A repository on a machine with git and shells, and mirrors that hold nothing."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    for name in ('git', 'bash', 'sh'):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(os.path.realpath(found))
    project.homes |= {'PATH': str(folder), 'HOME': str(tmp_path), 'NVM_DIR': str(tmp_path)}
    config = Path(project.homes['XDG_CONFIG_HOME'], 'liftlock/config.yml')
    config.parent.mkdir(parents=True)
    config.write_text(f'actions: {{"*": "{tmp_path}/mirrors/{{name}}"}}\n')
    return project


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with open_registry(tmp_path / 'registry') as running:
        yield running


def told(project: Project) -> dict[str, Any]:
    found = json.loads(project.liftlock('doctor', '--json').out)
    assert isinstance(found, dict)
    return found


def test_everything_that_is_missing_is_told_with_its_place_and_a_remedy(bare: Project) -> None:
    bare.write('.github/actions/own/action.yml', OWN)
    bare.workflow(WORKFLOW)
    ended = bare.liftlock('doctor')
    assert ended.status == 1, ended.err
    found = [line.strip() for line in ended.out.splitlines()]
    for expected in (
        'ok       git',
        'missing  engine   for container:, services:, actions in containers: Install Docker',
        'missing  job mac: no runner here for `runs-on: macos-latest`',
        'missing  job boxed: it needs a container engine',
        'missing  job tests: acme/odd:1 cannot be started: without a container engine there are',
        'missing  job tests: no Python 3.99 is here',
        'missing  job tests: the action acme/lint@v1 could not be had',
        'missing  job tests: neither trivy nor a container engine is here',
        'missing  job tests: no kubectl is on PATH',
        'missing  job tests: no docker-compose is on PATH',
        'apt install docker-compose',
        'missing  job tests: the repository has no remote to write to',
        'Secrets to be given to a run (-s NAME) or to be stored (liftlock secret set NAME): API_',
    ):
        assert any(line.startswith(expected) for line in found), (expected, ended.out)
    assert not any('npm' in line and 'job boxed' in line for line in found)


def test_the_same_as_json_names_file_line_and_job(bare: Project) -> None:
    bare.write('.github/actions/own/action.yml', OWN)
    bare.workflow(WORKFLOW)
    content = told(bare)
    kinds = {(one['kind'], one['what']): one for one in content['needs']}
    found = kinds['program', 'kubectl']
    assert (found['file'], found['line'], found['job']) == ('.github/workflows/ci.yml', 18, 'tests')
    assert found['for'] == '`run:` of "Deploy"'
    engines = [one['for'] for one in content['needs'] if 'container engine' in one['problem']]
    assert engines[0] == '`container:`'
    assert engines[-2:] == [
        '`uses: ./.github/actions/own`',
        '`uses: aquasecurity/trivy-action@master`',
    ]
    assert content['secrets'] == {'API_KEY': ['.github/workflows/ci.yml']}
    assert {tool['name'] for tool in content['tools']} >= {'git', 'bash', 'engine', 'sandbox'}


def test_a_workflow_that_lacks_nothing_is_well(bare: Project) -> None:
    bare.workflow('on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo hi}]}}\n')
    ended = bare.liftlock('doctor')
    assert ended.status == 0
    assert 'What the workflows here ask for' not in ended.out


def test_actions_of_mirrors_are_looked_into(bare: Project, tmp_path: Path) -> None:
    mirror = tmp_path / 'mirrors/lint'
    mirror.mkdir(parents=True)
    (mirror / 'action.yml').write_text(
        'name: x\ndescription: x\n'
        'runs: {using: composite, steps: [{run: shellcheck x, shell: bash}, {uses: acme/js@v1}]}\n'
    )
    (tmp_path / 'mirrors/js').mkdir()
    (tmp_path / 'mirrors/js/action.yml').write_text(
        'name: x\ndescription: x\nruns: {using: node20, main: index.js}\n'
    )
    bare.workflow('on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: acme/lint@v1}]}}\n')
    content = told(bare)
    assert [(one['kind'], one['problem']) for one in content['needs']] == [
        ('program', 'no shellcheck is on PATH'),
        ('node of actions', 'no node is here to run it'),
    ]


def test_images_that_cannot_be_had_are_told(
    project: Project, tmp_path: Path, registry: Registry
) -> None:
    containers.docker()
    registry.push('team/app', '1', 'something')
    steps = 'steps: [{run: ls}]'
    project.workflow(f"""
on: push
jobs:
  here: {{runs-on: ubuntu-latest, container: {containers.IMAGE}, {steps}}}
  there: {{runs-on: ubuntu-latest, container: '{registry.host}/team/app:1', {steps}}}
  another: {{runs-on: ubuntu-latest, container: '{registry.host}/team/app:2', {steps}}}
  many:
    runs-on: ubuntu-latest
    strategy: {{matrix: {{image: ['{registry.host}/team/app:1', '127.0.0.1:1/a/matrix']}}}}
    container: {{image: '${{{{ matrix.image }}}}'}}
    steps: [{{uses: 'docker://127.0.0.1:1/a/step'}}]
  secret:
    runs-on: ubuntu-latest
    container:
      image: 127.0.0.1:1/a/secret
      credentials: {{username: me, password: '${{{{ secrets.P }}}}'}}
    {steps}
  services:
    runs-on: ubuntu-latest
    services: {{odd: {{image: '127.0.0.1:1/a/odd'}}}}
    {steps}
""")
    found = {(one['job'], one['what']): one['problem'] for one in told(project)['needs']}
    image = f'{registry.host}/team/app:2'
    problem = f'{image} is not here, and {registry.host} has no team/app:2'
    assert found.pop(('another', image)) == problem
    assert sorted(found) == [
        ('many', '127.0.0.1:1/a/matrix'),
        ('many', 'docker://127.0.0.1:1/a/step'),
        ('services', '127.0.0.1:1/a/odd'),
    ]
    assert all('is not here, and 127.0.0.1:1 cannot be reached' in one for one in found.values())


def test_where_no_image_can_be_had_a_server_plays_the_service(project: Project) -> None:
    containers.docker()
    need('redis')
    service = "services: {cache: {image: '127.0.0.1:1/library/redis:7'}}"
    project.workflow(
        f'on: push\njobs: {{a: {{runs-on: ubuntu-latest, {service}, steps: [{{run: ls}}]}}}}\n'
    )
    (found,) = told(project)['needs']
    assert found['level'] == 'note'
    assert re.search(r'cannot be reached: .*; Redis [\d.]+ runs instead$', found['problem'])


def test_outside_of_a_repository_the_machine_is_looked_at(bare: Project, tmp_path: Path) -> None:
    bare.directory = tmp_path / 'elsewhere'
    bare.directory.mkdir()
    ended = bare.liftlock('doctor')
    assert ended.status == 0
    assert ended.out.startswith('ok       git')


def test_what_delivering_to_an_environment_lacks_is_told(bare: Project) -> None:
    bare.write(
        'liftlock.yml',
        'environments:\n'
        '  staging: {secrets: [TOKEN]}\n'
        '  production: {target: {kubernetes: {manifests: [k8s]}}, secrets: [TOKEN, OTHER]}\n',
    )
    bare.workflow('{on: push, jobs: {a: {runs-on: ubuntu-latest, steps: [{run: ls}]}}}')
    bare.git('remote', 'add', 'origin', 'https://github.com/acme/shop.git')
    secret = ('secret', 'set', 'TOKEN', '--env', 'Production', '--from-file', 'liftlock.yml')
    assert bare.liftlock(*secret).status == 0
    ended = bare.liftlock('doctor')
    assert ended.status == 1, ended.err
    _, _, lacks = ended.out.partition('What delivering to the environments')
    assert lacks.splitlines()[2:] == [
        'staging',
        '  missing  the secret TOKEN is not set',
        '           liftlock secret set TOKEN --env staging',
        '',
        'production',
        '  missing  there is no kubectl',
        '           install kubectl 1.20 or newer: https://kubernetes.io/docs/tasks/tools/',
        '  missing  there is no kubeconfig',
        '           log in to the cluster, or give the environment secrets: [KUBECONFIG]',
        '  missing  k8s is not in the repository',
        '           correct its name, or commit it',
        '  missing  the secret OTHER is not set',
        '           liftlock secret set OTHER --env production',
    ], ended.out
    problems = [one['problem'] for one in told(bare)['environments']]
    assert problems[:2] == ['the secret TOKEN is not set', 'there is no kubectl']

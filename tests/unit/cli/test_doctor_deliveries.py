"""What delivering to an environment lacks, told beforehand."""

import pytest

from liftlock.cli.doctor.deliveries import Lack, Seen, lacking
from liftlock.language.settings.parse import parse

ALL = Seen(
    program=lambda name: True,
    module=lambda name: True,
    file=lambda path: True,
    engine=lambda: '',
    compose=lambda: True,
    aws=lambda: True,
    cluster=lambda: True,
)
NOTHING = Seen(
    program=lambda name: False,
    module=lambda name: False,
    file=lambda path: False,
    engine=lambda: 'apt install docker.io',
    compose=lambda: False,
    aws=lambda: False,
    cluster=lambda: False,
)


def found(environment: str, seen: Seen) -> list[str]:
    settings = parse('liftlock.yml', f'environments: {{production: {environment}}}').settings
    assert settings is not None
    lacks = list(lacking(settings.environments['production'], seen))
    assert {lack.environment for lack in lacks} <= {'production'}
    return [lack.problem for lack in lacks]


TARGETS = {
    '{process: {command: serve}}': ['Envoy, the router, is not installed'],
    '{compose: {service: web, file: deploy/compose.yaml}}': [
        'Envoy, the router, is not installed',
        'there is no Docker engine',
        'deploy/compose.yaml is not in the repository',
    ],
    '{ecs: {cluster: c, service: s, task_definition: task.json}}': [
        'boto3, which talks to AWS, is not installed',
        'nothing says how to log in to AWS',
        'nothing says in which region of AWS it is',
        'task.json is not in the repository',
    ],
    "{kubernetes: {manifests: [k8s, 'more/*.yaml']}}": [
        'there is no kubectl',
        'there is no kubeconfig',
        'k8s is not in the repository',
    ],
    '{kubernetes: {helm: {chart: ./helm/shop, values: [values.yaml]}}}': [
        'there is no kubectl',
        'there is no helm',
        'there is no kubeconfig',
        './helm/shop is not in the repository',
        'values.yaml is not in the repository',
    ],
    '{command: {deploy: ./deploy.sh}}': [],
}


@pytest.mark.parametrize('target', TARGETS)
def test_what_each_target_needs_is_told(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('AWS_REGION', raising=False)
    assert found(f'{{target: {target}}}', NOTHING) == TARGETS[target]
    complete = [] if 'ecs' not in target else ['nothing says in which region of AWS it is']
    assert found(f'{{target: {target}}}', ALL) == complete


def test_an_engine_without_compose_is_not_enough() -> None:
    seen = ALL._replace(compose=lambda: False)
    told = found('{target: {compose: {service: web}}}', seen)
    assert told == ['there is neither `docker compose` nor `docker-compose`']


def test_an_environment_with_keys_of_its_own_needs_no_login_of_this_machine() -> None:
    keys = 'secrets: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY], env: {AWS_REGION: eu-central-1}'
    ecs = f'{{target: {{ecs: {{cluster: c, service: s}}}}, {keys}}}'
    stored = frozenset({'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'})
    assert found(ecs, ALL._replace(aws=lambda: False, secrets=stored)) == []


def test_secrets_and_variables_that_nobody_has_set_are_told_with_the_command() -> None:
    text = """environments:
  production:
    secrets: [DATABASE_URL, token]
    env_file: [.env.production]
    env: {A: '${{ vars.REGION }}', B: '${{ secrets.KEY }}', C: "${{ vars.MAYBE || 'none' }}"}
"""
    settings = parse('liftlock.yml', text).settings
    assert settings is not None
    production = settings.environments['production']
    assert list(lacking(production, NOTHING._replace(secrets=frozenset({'TOKEN'})))) == [
        Lack(
            'production',
            'the secret DATABASE_URL is not set',
            'liftlock secret set DATABASE_URL --env production',
        ),
        Lack('production', 'the secret KEY is not set', 'liftlock secret set KEY --env production'),
        Lack(
            'production',
            'the variable REGION is not set',
            'liftlock variable set REGION VALUE --env production',
        ),
        Lack(
            'production',
            '.env.production is not in the repository',
            'correct its name, or commit it',
        ),
    ]
    names = frozenset({'DATABASE_URL', 'TOKEN', 'KEY'})
    assert (
        list(lacking(production, ALL._replace(secrets=names, variables=frozenset({'REGION'}))))
        == []
    )

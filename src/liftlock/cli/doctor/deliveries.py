"""What the environments of `liftlock.yml` need to be delivered to from here, and what is not here.

Only this machine and the store are asked, nobody far away: whether a log-in is accepted, or a
cluster is up, the first deployment tells.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from liftlock.cli import wiring
from liftlock.cli.doctor.machine import Machine
from liftlock.engine.declared import FILE
from liftlock.engine.delivery.variables import KUBECONFIG, used
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.language.settings.parse import parse
from liftlock.store.secrets import SECRET, VARIABLE, Safe

DELIVERY: Final = "pip install 'liftlock[delivery]'"
AWS: Final = "pip install 'liftlock[aws]'"
COMPOSE: Final = 'install the compose plugin of Docker, or: apt install docker-compose'
KUBECTL: Final = 'install kubectl 1.20 or newer: https://kubernetes.io/docs/tasks/tools/'
HELM: Final = 'install helm 3.8 or newer: https://helm.sh/docs/intro/install/'
LOGINS: Final = ('AWS_PROFILE', 'AWS_ROLE_ARN', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')
KEYS: Final = ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')


class Lack(NamedTuple):
    """What an environment needs that is not here, and what helps."""

    environment: str
    problem: str
    remedy: str = ''


class Seen(NamedTuple):
    """What there is. `secrets` and `variables` are names that are stored for the environment or
    the whole repository, in capitals; `compose` is whether Docker has it, or it stands alone."""

    program: Callable[[str], bool]
    module: Callable[[str], bool]
    file: Callable[[str], bool]  # of the repository
    engine: Callable[[], str]  # why there is no Docker; '' where there is
    compose: Callable[[], bool]
    aws: Callable[[], bool]  # whether this machine is logged in to AWS
    cluster: Callable[[], bool]  # whether there is a kubeconfig
    secrets: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()


def lacking(environment: model.Environment, seen: Seen) -> Iterator[Lack]:
    name = environment.name.text
    found = (*_of_target(environment, seen), *_given(environment, seen))
    yield from (Lack(name, problem, remedy) for problem, remedy in found)


Found = Iterator[tuple[str, str]]


def _of_target(environment: model.Environment, seen: Seen) -> Found:
    match environment.target:
        case model.Process():
            yield from _router(seen)
        case model.Compose() as target:
            yield from _router(seen)
            yield from _compose(target, seen)
        case model.Ecs() as target:
            yield from _ecs(environment, target, seen)
        case model.Kubernetes() as target:
            yield from _kubernetes(environment, target, seen)


def _router(seen: Seen) -> Found:
    if not seen.module('envoy'):
        yield 'Envoy, the router, is not installed', DELIVERY


def _compose(target: model.Compose, seen: Seen) -> Found:
    if why := seen.engine():
        yield 'there is no Docker engine', why
    elif not seen.compose():
        yield 'there is neither `docker compose` nor `docker-compose`', COMPOSE
    yield from _files(seen, target.file)


def _ecs(environment: model.Environment, target: model.Ecs, seen: Seen) -> Found:
    if not seen.module('boto3'):
        yield 'boto3, which talks to AWS, is not installed', AWS
    own = {*environment.secrets, *environment.env}
    if not own.issuperset(KEYS) and 'AWS_PROFILE' not in own and not seen.aws():
        names = f'secrets: [{", ".join(KEYS)}]'
        yield 'nothing says how to log in to AWS', f'give the environment {names}'
    if not (target.region or 'AWS_REGION' in own or os.environ.get('AWS_REGION')):
        yield 'nothing says in which region of AWS it is', 'add region: to the target'
    yield from _files(seen, target.task_definition)


def _kubernetes(environment: model.Environment, target: model.Kubernetes, seen: Seen) -> Found:
    if not seen.program('kubectl'):
        yield 'there is no kubectl', KUBECTL
    if target.helm and not seen.program('helm'):
        yield 'there is no helm', HELM
    own = {*environment.secrets, *environment.env}
    if KUBECONFIG not in own and not seen.cluster():
        remedy = f'log in to the cluster, or give the environment secrets: [{KUBECONFIG}]'
        yield 'there is no kubeconfig', remedy
    chart = target.helm.chart if target.helm else ''
    local = chart if chart.startswith('.') or seen.file(chart.partition('/')[0]) else ''
    values = target.helm.values if target.helm else ()
    yield from _files(seen, *target.manifests, target.kustomize, local, *values)


def _files(seen: Seen, *paths: str) -> Found:
    for path in paths:
        plain = path and not any(letter in path for letter in '*?[') and '://' not in path
        if plain and not seen.file(path):
            yield f'{path} is not in the repository', 'correct its name, or commit it'


def _given(environment: model.Environment, seen: Seen) -> Found:
    name = environment.name.text
    texts = used(environment)
    secrets = dict.fromkeys((*environment.secrets, *texts.get('secrets', ())))
    for secret in secrets:
        if secret.upper() not in seen.secrets:
            yield f'the secret {secret} is not set', f'liftlock secret set {secret} --env {name}'
    for variable in dict.fromkeys(texts.get('vars', ())):
        if variable.upper() not in seen.variables:
            remedy = f'liftlock variable set {variable} VALUE --env {name}'
            yield f'the variable {variable} is not set', remedy
    yield from _files(seen, *environment.env_file)


# --- what this machine and the store say


def examine(top: Path, machine: Machine, repository: str) -> list[Lack]:
    """Nothing where there is no `liftlock.yml`, or one with mistakes: that is for `check`."""
    try:
        text = (top / FILE).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError):
        return []
    settings = parse(FILE, text).settings
    if settings is None:
        return []
    secrets, variables = (_stored(machine, repository, kind) for kind in (SECRET, VARIABLE))
    found: list[Lack] = []
    for key, environment in settings.environments.items():
        seen = Seen(
            machine.has,
            lambda name: find_spec(name) is not None,
            lambda path: (top / path).exists(),
            lambda: machine.engine if isinstance(machine.engine, str) else '',
            lambda: _has_compose(machine),
            _is_logged_in,
            _has_cluster,
            secrets.get('', frozenset()) | secrets.get(key.lower(), frozenset()),
            variables.get('', frozenset()) | variables.get(key.lower(), frozenset()),
        )
        found += lacking(environment, seen)
    return found


def _stored(machine: Machine, repository: str, kind: str) -> dict[str, frozenset[str]]:
    """Names by environment, in lower case; '' for the repository's. Asking makes no store."""
    if not repository or not wiring.has_store(machine.where):
        return {}
    found: dict[str, frozenset[str]] = {}
    with closing(wiring.opened(machine.where)) as store:
        for entry in Safe(store, kind=kind).listed(repository):
            own = entry.environment.lower()
            found[own] = found.get(own, frozenset()) | {entry.name.upper()}
    return found


def _has_compose(machine: Machine) -> bool:
    alone = machine.has('docker-compose')
    return alone or bool(machine.answers('docker', 'compose', 'version'))


def _is_logged_in(env: Mapping[str, str] = os.environ) -> bool:
    """As far as can be told without asking AWS."""
    known = any(name in env for name in (*KEYS, *LOGINS))
    return known or (Path.home() / '.aws').is_dir()


def _has_cluster(env: Mapping[str, str] = os.environ) -> bool:
    named = any(Path(one).is_file() for one in env.get('KUBECONFIG', '').split(os.pathsep))
    inside = 'KUBERNETES_SERVICE_HOST' in env
    return named or inside or (Path.home() / '.kube' / 'config').is_file()

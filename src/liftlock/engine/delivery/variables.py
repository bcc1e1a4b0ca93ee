"""What a deployment finds in its environment variables, and what is missing before it begins."""

from collections.abc import Mapping
from typing import Final

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.filling import fill_all
from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.language.settings import model
from liftlock.rollout.version import Revision, Version

KUBECONFIG: Final = 'KUBECONFIG'


def contexts(
    blueprint: Blueprint,
    version: Version,
    secrets: Mapping[str, str],
    addresses: Mapping[str, str] = {},
) -> dict[str, Value]:
    """`addresses` are those of the entrances: `public` and `preview`."""
    environment = blueprints.environment(blueprint)
    public = environment.url or addresses.get('public', '')
    head = version.ref.removeprefix('refs/heads/').removeprefix('refs/tags/')
    return {
        'environment': {'name': blueprint.environment, 'url': public},
        'preview': {'url': addresses.get('preview', '')},
        'stable': {'url': addresses.get('public', '')},
        'version': {
            'name': version.name, 'id': version.id, 'commit': version.commit,
            'image': version.image, 'ref': version.ref,
        },
        'github': {
            'repository': blueprint.repository, 'sha': version.commit, 'ref': version.ref,
            'ref_name': head,
        },
        'vars': dict(blueprint.variables),
        'secrets': dict(secrets),
    }  # fmt: skip


def revision(
    name: str,
    version: Version,
    blueprint: Blueprint,
    secrets: Mapping[str, str],
    addresses: Mapping[str, str] = {},
) -> Revision:
    """What is deployed, with everything that it finds in its environment: env files first, then
    `env:`, the target's own, and the secrets it was promised by name."""
    environment = blueprints.environment(blueprint)
    refuse_missing(blueprint, environment, secrets)
    known = contexts(blueprint, version, secrets, addresses)
    found: dict[str, str] = {}
    for path in environment.env_file:
        found |= lines(blueprint.files.get(path, ''))
    found |= fill_all(environment.env, known)
    if isinstance(environment.target, model.Process):
        found |= fill_all(environment.target.env, known)
    promised = tuple(each for each in environment.secrets if each in secrets)
    found |= {each: secrets[each] for each in promised}
    if isinstance(environment.target, model.Kubernetes):
        found.pop(KUBECONFIG, None)
        promised = tuple(each for each in promised if each != KUBECONFIG)
    return Revision(name, version, found, promised, environment.target)


def kubeconfig(blueprint: Blueprint, secrets: Mapping[str, str]) -> str:
    """The file, or what stands in it, if the environment has one of its own. It is for Liftlock:
    the application never gets it."""
    environment = blueprints.environment(blueprint)
    if KUBECONFIG in environment.secrets:
        return secrets.get(KUBECONFIG, '')
    own = {name: text for name, text in environment.env.items() if name == KUBECONFIG}
    return fill_all(own, contexts(blueprint, Version(''), secrets)).get(KUBECONFIG, '')


def refuse_missing(
    blueprint: Blueprint, environment: model.Environment, secrets: Mapping[str, str]
) -> None:
    """UserError before anything moves, if something is declared that nobody has."""
    lacking = [name for name in environment.secrets if name not in secrets]
    if lacking:
        name = blueprint.environment
        raise UserError(
            f'{name} needs secrets that it does not have: {", ".join(lacking)}',
            f'set each: liftlock secret set {lacking[0]} --env {name}',
        )
    absent = [path for path in environment.env_file if path not in blueprint.files]
    if absent:
        raise UserError(
            f'{blueprint.environment} needs files that the commit does not have: '
            f'{", ".join(absent)}',
            'commit them, or take them out of env_file',
        )
    asked = used(environment)
    for context, known, word in (('vars', blueprint.variables, 'variable'),):
        gone = [name for name in asked.get(context, ()) if name not in known]
        if gone:
            raise UserError(
                f'{blueprint.environment} needs variables that it does not have: {", ".join(gone)}',
                f'set each: liftlock {word} set {gone[0]} VALUE --env {blueprint.environment}',
            )


def used(environment: model.Environment) -> dict[str, list[str]]:
    """Names of secrets and variables that its variables are made of, by context."""
    import re

    found: dict[str, list[str]] = {}
    own = environment.target.env if isinstance(environment.target, model.Process) else {}
    for text in (*environment.env.values(), *own.values()):
        for inside in re.findall(r'\$\{\{(.*?)\}\}', text):
            if '||' in inside:  # there is something else where it is missing
                continue
            for context, name in re.findall(r'\b(vars|secrets)\.([A-Za-z_]\w*)', inside):
                found.setdefault(context, []).append(name)
    return found


def lines(text: str) -> dict[str, str]:
    """NAME=value a line, with or without quotes and `export`; `#` begins a comment."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix('export ').partition('=')
        if equals and not name.lstrip().startswith('#'):
            found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in '"\''
    return value[1:-1] if quoted else value.partition(' #')[0].rstrip()

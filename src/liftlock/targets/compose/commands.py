"""What is asked of docker and of compose, as command lines. Pure."""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from liftlock.targets.compose.names import ENVIRONMENT, SHARED, Names

Line: TypeAlias = tuple[str, ...]


def config(names: Names, directory: str, file: str) -> Line:
    """The file as compose understands it."""
    return (
        '-p',
        names.base,
        '--project-directory',
        directory,
        '-f',
        f'{directory}/{file}',
        'config',
    )


def build(names: Names, directory: str, file: str, service: str) -> Line:
    return (*_project(names.base, directory, file), 'build', service)


def up(project: str, directory: str, file: str, service: str, count: int) -> Line:
    """More instances; those that are there stay as they are."""
    return (
        *(*_project(project, directory, file), 'up', '--detach', '--no-deps', '--no-build'),
        *('--no-recreate', '--scale', f'{service}={count}', service),
    )


def up_shared(names: Names, directory: str, file: str) -> Line:
    return (*_project(names.shared, directory, file), 'up', '--detach', '--no-recreate')


def _project(name: str, directory: str, file: str) -> Line:
    return ('-p', name, '--project-directory', directory, '-f', file)


# --- docker


def containers(names: Names) -> Line:
    wanted = f'label={ENVIRONMENT}={names.base}'
    return ('ps', '--all', '--no-trunc', '--filter', wanted, '--format', '{{json .}}')


def shared_containers(names: Names) -> Line:
    return ('ps', '--all', '--quiet', '--no-trunc', '--filter', f'label={SHARED}={names.base}')


def inspect(ids: tuple[str, ...]) -> Line:
    return ('container', 'inspect', *ids)


def start(id: str) -> Line:
    return ('start', id)


def stop(id: str, grace: float) -> Line:
    return ('stop', '--time', str(math.ceil(grace)), id)


def remove(id: str) -> Line:
    """With the volumes that nobody has named."""
    return ('rm', '--force', '--volumes', id)


def logs(id: str, *, since: str = '', until: str = '', follow: bool = False, tail: int) -> Line:
    words = ['logs', '--timestamps', '--tail', str(tail)]
    words += ['--since', since] if since else []
    words += ['--until', until] if until else []
    words += ['--follow'] if follow else []
    return (*words, id)


def network(name: str, names: Names, document: Mapping[str, Any]) -> Line:
    return ('network', 'create', *_making(names, document), *_internal(document), name)


def volume(name: str, names: Names, document: Mapping[str, Any]) -> Line:
    return ('volume', 'create', *_making(names, document), name)


def _making(names: Names, document: Mapping[str, Any]) -> Line:
    driver, options = document.get('driver'), document.get('driver_opts') or {}
    chosen = ('--driver', str(driver)) if driver else ()
    told = tuple(word for key, value in options.items() for word in ('--opt', f'{key}={value}'))
    return ('--label', f'{SHARED}={names.base}', *chosen, *told)


def _internal(document: Mapping[str, Any]) -> Line:
    return ('--internal',) if document.get('internal') else ()


def prune_networks(names: Names) -> Line:
    return ('network', 'prune', '--force', '--filter', f'label={SHARED}={names.base}')


def image_id(reference: str) -> Line:
    return ('image', 'inspect', '--format', '{{.Id}}', reference)


def pull(reference: str) -> Line:
    return ('pull', '--quiet', reference)


def tag(reference: str, name: str) -> Line:
    return ('tag', reference, name)


def remove_image(name: str) -> Line:
    return ('rmi', name)

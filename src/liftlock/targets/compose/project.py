"""From what the user's compose file says to what a revision's project says. Pure.

The file is read by compose itself (`config`: variables put in, other files taken in, paths made
absolute). Of that, a revision's project has nothing but the one service, changed so that several
revisions can be there at once:

    image       the version's, which was pulled or built once; it is never built here
    ports       the one port, on 127.0.0.1, where the engine chooses
    networks    the environment's, which all revisions and the shared services are in
    volumes     the same
    restart     by the engine, with its growing pauses, unless the file says otherwise

What the service depends on (a database) is not of a revision: it stands in a project of its own,
is started once, and is left alone from then on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.compose.names import ENVIRONMENT, RELEASE, REVISION, SHARED, Names

Document: TypeAlias = Mapping[str, Any]

_OURS: Final = (  # what a revision's service does not keep
    *('build', 'container_name', 'depends_on', 'links', 'scale', 'ports', 'profiles'),
    *('env_file', 'pull_policy', 'image'),
)
_PORT: Final = re.compile(r'(?:.*:)?(?P<target>\d+)(?:/(?P<protocol>\w+))?')
_DONE: Final = 'service_completed_successfully'


class Service(NamedTuple):
    """The service of the settings, in the file of a version."""

    name: str
    config: Document  # the whole file's

    @property
    def own(self) -> Document:
        found: Document = self.config['services'][self.name]
        return found


def service(config: Document, name: str) -> Service:
    known = config.get('services') or {}
    if name not in known:
        raise Trouble(
            f'the compose file has no service {name}', f'There are: {", ".join(sorted(known))}'
        )
    mode = str(known[name].get('network_mode', ''))
    if mode and mode != 'bridge':
        raise Trouble(
            f'service {name} has network_mode {mode}: instances would share their ports',
            'Remove network_mode; the router reaches each instance by a port of its own',
        )
    return Service(name, config)


def port(one: Service, chosen: int | None) -> int:
    """The service's, inside of its container."""
    if chosen is not None:
        return chosen
    found = sorted({*_ports(one.own.get('ports')), *_ports(one.own.get('expose'))})
    if len(found) == 1:
        return found[0]
    told = f'has the ports {", ".join(map(str, found))}' if found else 'names no port'
    raise Trouble(f'service {one.name} {told}', 'Say which in liftlock.yml: `port: 8080`')


def _ports(some: Iterable[Any] | None) -> Iterator[int]:
    for each in some or ():
        if isinstance(each, Mapping):
            if each.get('protocol', 'tcp') == 'tcp':
                yield int(each['target'])
        elif (found := _PORT.fullmatch(str(each))) and (found['protocol'] or 'tcp') == 'tcp':
            yield int(found['target'])


def shared(one: Service) -> tuple[str, ...]:
    """What it depends on, and what that depends on; by name."""
    found: dict[str, None] = {}
    waiting = [one.name]
    while waiting:
        for name in _needed(one.config['services'][waiting.pop()]):
            if name not in found and name != one.name and name in one.config['services']:
                found[name] = None
                waiting.append(name)
    return tuple(sorted(found))


def _needed(document: Document) -> Iterator[str]:
    """Those that have to be there; those that have to be done are of a version, and left out."""
    depends = document.get('depends_on') or {}
    if isinstance(depends, Mapping):
        yield from (name for name, how in depends.items() if (how or {}).get('condition') != _DONE)
    else:
        yield from depends
    yield from (str(link).partition(':')[0] for link in document.get('links') or ())


def left_out(one: Service) -> tuple[str, ...]:
    """Services that nothing of ours starts."""
    return tuple(sorted(set(one.config['services']) - {one.name, *shared(one)}))


# --- documents


def building(one: Service, image: str) -> Document | None:
    """A project to build the image in; None where the file says no way to."""
    build = one.own.get('build')
    if build is None:
        return None
    return {**_version(one), 'services': {one.name: {'build': build, 'image': image}}}


def of_revision(
    one: Service, names: Names, revision: Revision, port: int, env: Mapping[str, str]
) -> Document:
    own = {key: value for key, value in one.own.items() if key not in _OURS}
    restart = own.get('restart')
    made = {
        **own,
        'image': names.image(revision.version),
        'ports': [f'127.0.0.1::{port}'],
        'restart': 'unless-stopped' if restart in (None, 'no', False) else restart,
        'environment': {
            **_mapping(own.get('environment')),
            **{name: value.replace('$', '$$') for name, value in env.items()},
        },
        'labels': {
            **_mapping(own.get('labels')),
            ENVIRONMENT: names.base,
            REVISION: revision.name,
            RELEASE: revision.version.id,
        },
    }
    _without_addresses(made)
    if isinstance(made.get('deploy'), Mapping):
        made['deploy'] = {key: some for key, some in made['deploy'].items() if key != 'replicas'}
    return _file(one, names, {one.name: made})


def of_shared(one: Service, names: Names) -> Document | None:
    """None where the service needs nobody."""
    services = {}
    for name in shared(one):
        own = dict(one.config['services'][name])
        own.pop('container_name', None)
        own.pop('profiles', None)
        own['labels'] = {**_mapping(own.get('labels')), SHARED: names.base}
        services[name] = own
    for own in services.values():  # on whoever is left out nobody can wait
        depends = own.get('depends_on')
        if isinstance(depends, Mapping):
            own['depends_on'] = {name: how for name, how in depends.items() if name in services}
        elif depends:
            own['depends_on'] = [name for name in depends if name in services]
    return _file(one, names, services) if services else None


def _without_addresses(made: dict[str, Any]) -> None:
    """One address is for one container."""
    networks = made.get('networks')
    if isinstance(networks, Mapping):
        made['networks'] = {
            name: {key: some for key, some in (how or {}).items() if not key.startswith('ipv')}
            or None
            for name, how in networks.items()
        }


def _file(one: Service, names: Names, services: Mapping[str, Any]) -> Document:
    made: dict[str, Any] = {**_version(one), 'services': services}
    made['networks'] = {
        name: {'external': True, 'name': real} for name, real in networks(one, names).items()
    }
    made['volumes'] = {
        name: {'external': True, 'name': real} for name, real in volumes(one, names).items()
    }
    made |= {key: one.config[key] for key in ('secrets', 'configs') if one.config.get(key)}
    return {key: some for key, some in made.items() if some}


def _version(one: Service) -> Document:
    """Old composes print one, and want it back."""
    return {'version': one.config['version']} if one.config.get('version') else {}


def _mapping(some: Any) -> dict[str, Any]:
    """Both ways to write it. What has no value is taken from the environment, where it is not."""
    if isinstance(some, Mapping):
        return {name: value for name, value in some.items() if value is not None}
    pairs = (str(each).partition('=') for each in some or ())
    return {name: value for name, equal, value in pairs if equal}


# --- what projects share


def networks(one: Service, names: Names) -> Mapping[str, str]:
    """The engine's name of every network by the file's."""
    documents = {'default': None, **(one.config.get('networks') or {})}
    return {name: _real(name, how, names) for name, how in documents.items()}


def volumes(one: Service, names: Names) -> Mapping[str, str]:
    return {
        name: _real(name, how, names) for name, how in (one.config.get('volumes') or {}).items()
    }


def _real(name: str, document: Document | None, names: Names) -> str:
    how = document or {}
    external = how.get('external')
    if isinstance(external, Mapping):  # as it was once written
        return str(external.get('name', name))
    return str(how.get('name') or (name if external else f'{names.base}_{name}'))


def is_external(document: Document | None) -> bool:
    """Somebody else makes it."""
    return bool((document or {}).get('external'))

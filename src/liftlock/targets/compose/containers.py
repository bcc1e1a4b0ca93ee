"""What the engine tells of its containers, and the instances they are. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.rollout.sight import Instance
from liftlock.targets.compose.names import RELEASE, REVISION

Document: TypeAlias = Mapping[str, Any]
_NUMBER = 'com.docker.compose.container-number'


class Container(NamedTuple):
    """`health` is starting, healthy or unhealthy, and '' where nobody has said how to ask.
    `restarting`: the engine waits before it starts it again."""

    id: str  # the engine's
    revision: str
    number: int
    running: bool = False
    restarting: bool = False
    health: str = ''
    address: str = ''
    pid: int = 0
    started: str = ''  # as the engine writes it
    restarts: int = 0
    message: str = ''
    release: str = ''  # its version's id

    @property
    def name(self) -> str:
        return f'{self.revision}-{self.number}'

    @property
    def routable(self) -> bool:
        """Worth being asked by the router, which then judges by itself."""
        return self.running and bool(self.address) and self.health in ('', 'healthy')


def listed(text: str) -> Mapping[str, tuple[str, ...]]:
    """By id, whatever a change of which means that it has to be inspected anew. The engine's words
    on how long something lasts change all the time and mean nothing."""
    found = {}
    for line in filter(str.strip, text.splitlines()):
        one = json.loads(line)
        status = str(one.get('Status', ''))
        health = status.partition('(')[2].partition(')')[0]
        kind = 'Up' if status.startswith('Up') else status.split(' ', 1)[0]
        found[str(one['ID'])] = (kind, health, str(one.get('Ports', '')))
    return found


def parse(text: str) -> tuple[Container, ...]:
    """In the order in which they were made."""
    documents = sorted(json.loads(text or '[]'), key=lambda one: str(one['Created']))
    return tuple(map(_container, documents))


def _container(document: Document) -> Container:
    state, labels = document['State'], document['Config'].get('Labels') or {}
    restarting = bool(state.get('Restarting'))
    return Container(
        id=document['Id'],
        revision=labels.get(REVISION, ''),
        number=int(labels.get(_NUMBER, '0')),
        running=bool(state.get('Running')) and not restarting,
        restarting=restarting,
        health=_health(state),
        address=_address(document['NetworkSettings'].get('Ports') or {}),
        pid=int(state.get('Pid') or 0),
        started=str(state.get('StartedAt', '')),
        restarts=int(document.get('RestartCount') or 0),
        message=_message(state),
        release=labels.get(RELEASE, ''),
    )


def _health(state: Document) -> str:
    status = str((state.get('Health') or {}).get('Status', ''))
    return '' if status == 'none' else status


def _address(ports: Mapping[str, Iterable[Document] | None]) -> str:
    for some in ports.values():
        for one in some or ():
            if ':' not in str(one['HostIp']):
                return f'127.0.0.1:{one["HostPort"]}'
    return ''


def _message(state: Document) -> str:
    """Why it is not well, in the words of whoever knows."""
    if state.get('OOMKilled'):
        return 'it was killed, since it needed more memory than it may have'
    if not state.get('Running') or state.get('Restarting'):
        error = str(state.get('Error') or '')
        return error or f'it ended with exit code {state.get("ExitCode")}'
    health = state.get('Health') or {}
    if health.get('Status') == 'unhealthy':
        log = health.get('Log') or [{}]
        said = ' '.join(str(log[-1].get('Output', '')).split())
        return f'its health check fails: {said[-200:]}' if said else 'its health check fails'
    return ''


def since(started: str) -> float:
    """Seconds since 1970; 0 where it was never started."""
    if not started or started.startswith('0001'):
        return 0.0
    return datetime.fromisoformat(started).timestamp()


def instance(one: Container, ready: bool, use: tuple[float, int] = (0.0, 0)) -> Instance:
    return Instance(
        id=one.name,
        revision=one.revision,
        alive=one.running,
        ready=ready,
        address=one.address if one.running else '',
        pid=one.pid,
        since=since(one.started),
        restarts=one.restarts,
        message=one.message,
        cpu=use[0],
        memory=use[1],
    )


def superfluous(some: Iterable[Container], count: int) -> tuple[Container, ...]:
    """Who goes when only so many shall stay: the sick, then the youngest."""

    def worth(one: Container) -> tuple[bool, bool, int]:
        return one.running, one.health in ('', 'healthy'), -one.number

    return tuple(sorted(some, key=worth, reverse=True)[count:])

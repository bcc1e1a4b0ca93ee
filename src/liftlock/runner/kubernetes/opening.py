"""Having a pod for a job: created, waited for, looked into; and all of it removed at the end."""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from liftlock.language.expressions.values import Value
from liftlock.runner.executors.base import CannotPrepare, Order
from liftlock.runner.kubernetes import manifest, scripts, sight
from liftlock.runner.kubernetes.kubectl import ClusterFailed, Kubectl
from liftlock.runner.kubernetes.manifest import JOB, Made
from liftlock.runner.kubernetes.workplace import Kubernetes, Probed
from liftlock.runner.services import asked

_PAUSES: Final = (0.2, 0.3, 0.5, 1.0, 2.0)  # seconds between looks; the last one goes on
_QUOTA: Final = re.compile(r'exceeded quota|TooManyRequests|too many requests', re.IGNORECASE)
_AGAIN: Final = 10.0  # seconds until a pod is asked for again that a quota has no room for
_UNREACHED: Final = 60.0  # seconds for which a cluster that does not answer is asked
_LAST_LINES: Final = '20'
_UNKNOWN: Final = 'config.yml has no pod template called "{}" (kubernetes.pods)'


@asynccontextmanager
async def open_for(order: Order) -> AsyncIterator[Kubernetes]:
    """Raises CannotPrepare. What was created is removed, whatever happens."""
    template = order.pods.template(order.template)
    if template is None:
        raise CannotPrepare(_UNKNOWN.format(order.template))
    client = Kubectl(order.pods)
    salt = os.urandom(3).hex()
    made = manifest.make(order, template, salt)
    order.say('##[group]Starting pod')
    for line in made.said:
        order.say(line)
    watching: asyncio.Task[None] | None = None
    try:
        await _create(client, order, made)
        workplace = await _start(client, order, made)
        order.say('##[endgroup]')
        watching = asyncio.create_task(workplace.watch())
        yield workplace
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await _remove(client, made)


async def _create(client: Kubectl, order: Order, made: Made) -> None:
    """A quota that has no room may have some a little later."""
    until = time.monotonic() + order.pods.start_minutes * 60
    if made.secret is not None:
        answer = await client.create(made.secret)
        if answer.code:
            raise ClusterFailed(f'The credentials of images could not be stored: {answer.reason}')
    told = ''
    while (answer := await client.create(made.pod)).code:
        full = _QUOTA.search(answer.error) is not None
        if not full or time.monotonic() > until:
            raise ClusterFailed(f'The pod of this job could not be created: {answer.reason}')
        if answer.reason != told:
            told = answer.reason
            order.say(f'Waiting for room: {told}')
        await asyncio.sleep(_AGAIN)
    order.say(f'Pod {made.name} is created')


async def _start(client: Kubectl, order: Order, made: Made) -> Kubernetes:
    pod = await _wait(client, order, made.name)
    own = order.wanted.container
    template = order.pods.template(order.template)
    image = own.image if own else (template.image if template else '')
    order.note_image(image, sight.image(pod))
    probed = await _probe(client, made.name)
    if probed.machine != os.uname().machine:
        order.say(f'##[warning]The node is {probed.machine}, this machine is {os.uname().machine}')
    return Kubernetes(client, order, made.name, probed, _services(order, pod))


async def _wait(client: Kubectl, order: Order, name: str) -> Mapping[str, object]:
    """The pod, when all of it is ready. Raises CannotPrepare."""
    until = time.monotonic() + order.pods.start_minutes * 60
    told, looks, heard = '', 0, time.monotonic()
    while True:
        try:
            pod = await client.get(name)
            heard = time.monotonic()
        except ClusterFailed as error:
            if time.monotonic() - heard > _UNREACHED:
                raise
            pod, seen = None, sight.Sight(waits=str(error))
        else:
            seen = sight.look(pod)
        if seen.ready and pod is not None:
            return pod
        if seen.broken:
            await _show_logs(client, order, pod)
            raise CannotPrepare(f'The pod of this job does not run: {seen.broken}')
        if time.monotonic() > until:
            raise CannotPrepare(
                f'The pod of this job does not run after {order.pods.start_minutes:g} minutes: it '
                f'waits for {seen.waits} (start-minutes in config.yml)'
            )
        if seen.waits != told:
            told = seen.waits
            order.say(f'Waiting for {told}')
        await asyncio.sleep(_PAUSES[min(looks, len(_PAUSES) - 1)])
        looks += 1


async def _show_logs(client: Kubectl, order: Order, pod: Mapping[str, object] | None) -> None:
    """What services have said that ended."""
    for name in sight.ended(pod) if pod is not None else ():
        metadata = pod['metadata'] if pod is not None else {}
        assert isinstance(metadata, dict)
        words = ('logs', metadata['name'], f'--container={name}', f'--tail={_LAST_LINES}')
        answer = await client.ask(*words)
        for line in answer.out.decode('utf-8', 'replace').splitlines():
            order.say(f'{name}: {line}')


async def _probe(client: Kubectl, name: str) -> Probed:
    words = ('exec', f'--container={JOB}', name, '--', 'sh', '-c', scripts.PROBE)
    answer = await client.ask(*words)
    if answer.code:
        raise CannotPrepare(
            f'The container of this job cannot be used: {answer.reason}. Its image needs `sh`, '
            '`tar` and what else belongs to a shell (coreutils or busybox)'
        )
    lines = answer.out.decode('utf-8', 'replace').split('\n')
    user, group, _, machine, shell, tar, *env = lines
    pairs = (line.partition('=') for line in env if '=' in line)
    return Probed(
        int(user), int(group), machine, shell == 'bash', tar == 'gnu',
        {name: value for name, _, value in pairs},
    )  # fmt: skip


def _services(order: Order, pod: Mapping[str, object]) -> dict[str, Value]:
    """A port in a pod is the same for all its containers."""
    found: dict[str, Value] = {}
    for alias, container in order.wanted.services.items():
        ports = {str(port.there): str(port.there) for port in asked.read(container).ports}
        found[alias] = {'id': alias, 'ports': dict(ports), 'network': ''}
    return found


async def _remove(client: Kubectl, made: Made) -> None:
    """At once: nobody waits for what runs there. It is done also if we are called off."""
    objects = [f'pod/{made.name}']
    objects += [f'secret/{made.name}'] if made.secret is not None else []
    words = ('delete', *objects, '--ignore-not-found', '--wait=false', '--grace-period=1')
    removing = asyncio.ensure_future(client.ask(*words))
    with contextlib.suppress(ClusterFailed):
        await asyncio.shield(removing)

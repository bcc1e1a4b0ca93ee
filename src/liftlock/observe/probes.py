"""Looking whether an instance is well: by HTTP, by TCP, or by a command.

Each look ends within the check's timeout, and answers in words: '' is well, everything else says
why not. What follows from several looks is decided elsewhere (`rollout.health`).
"""

import asyncio
from collections.abc import Mapping

from liftlock.language.settings.model import HealthCheck
from liftlock.observe import commands, http
from liftlock.rollout.sight import Instance


async def probe(
    check: HealthCheck, instance: Instance, env: Mapping[str, str], directory: str = ''
) -> str:
    """Why it is not healthy; '' if it is. A command also finds $PORT, $ADDRESS and $URL of the
    instance, and runs in `directory`."""
    if check.endpoint:
        return await _http(check, instance)
    if check.tcp is not None:
        return await _tcp(check.tcp, check.timeout, instance)
    return await _command(check, instance, env, directory)


async def _http(check: HealthCheck, instance: Instance) -> str:
    url = check.endpoint
    if url.startswith('/'):
        if not instance.address:
            return f'{url} cannot be asked for: the instance has no address here'
        url = f'http://{instance.address}{url}'
    try:
        answer = await http.get(url, check.timeout, body=False)
    except http.Unreachable as error:
        return f'{check.endpoint}: {error}'
    if 200 <= answer.status < 400:
        return ''
    return f'{check.endpoint} answered {answer.status}'


async def _tcp(port: int, limit: float, instance: Instance) -> str:
    host = split(instance.address)[0] or '127.0.0.1'
    where = f'[{host}]:{port}' if ':' in host else f'{host}:{port}'
    try:
        async with asyncio.timeout(limit):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f'{where} did not accept a connection within {limit:g} s'
    except OSError as error:
        return http.explain(error, where)
    writer.transport.abort()
    return ''


async def _command(
    check: HealthCheck, instance: Instance, env: Mapping[str, str], directory: str
) -> str:
    own = {**surroundings(instance), **env}
    try:
        ended = await commands.run(check.command, own, check.timeout, directory)
    except OSError as error:
        return f'the command cannot be started: {error.strerror or error}'
    return ended.told(check.timeout)


def surroundings(instance: Instance) -> dict[str, str]:
    if not instance.address:
        return {}
    port = split(instance.address)[1]
    url = f'http://{instance.address}'
    return {'PORT': port, 'ADDRESS': instance.address, 'URL': url}


def split(address: str) -> tuple[str, str]:
    """Host and port: [::1]:80 is ::1 and 80."""
    host, _, port = address.rpartition(':')
    return host.strip('[]'), port

"""What tasks print, from CloudWatch, where their containers use the driver awslogs."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.targets.ecs.account import Account

_PAUSE: Final = 2.0


class Source(NamedTuple):
    """Streams of a group are named prefix/container/task."""

    group: str
    region: str
    prefix: str
    container: str


def find_source(definition: Mapping[str, Any], name: str) -> Source:
    """Of the named container, else of the first one that has any. Raises Trouble."""
    for container in definition.get('containerDefinitions') or ():
        if name and container.get('name') != name:
            continue
        logging = container.get('logConfiguration') or {}
        options = logging.get('options') or {}
        if logging.get('logDriver') == 'awslogs' and options.get('awslogs-stream-prefix'):
            return Source(
                options['awslogs-group'], options.get('awslogs-region', ''),
                options['awslogs-stream-prefix'], str(container['name']),
            )  # fmt: skip
    raise Trouble(
        'the lines of these tasks are not on CloudWatch, so Liftlock cannot read them',
        'Give the container the log driver awslogs, with awslogs-group and awslogs-stream-prefix',
    )


async def pause() -> None:
    await asyncio.sleep(_PAUSE)


class Reader:
    """Remembers how far it has read each stream."""

    def __init__(self, account: Account, source: Source) -> None:
        self._account = account
        self._source = source
        self._tokens: dict[str, str] = {}

    async def read(self, tasks: Iterable[Mapping[str, Any]]) -> AsyncIterator[str]:
        for task in tasks:
            id = str(task['taskArn']).rpartition('/')[2]
            async for line in self._read(id):
                yield f'{id} {line}'

    async def _read(self, id: str) -> AsyncIterator[str]:
        """Pages, until one has the token by which it was asked for: then there are no more."""
        source = self._source
        stream = f'{source.prefix}/{source.container}/{id}'
        while True:
            token = self._tokens.get(id)
            more = {'nextToken': token} if token else {}
            try:
                told = await self._account.call(
                    'logs', 'get_log_events', place=source.region, logGroupName=source.group,
                    logStreamName=stream, startFromHead=True, **more,
                )  # fmt: skip
            except Trouble as trouble:
                if 'ResourceNotFoundException' in str(trouble):
                    return  # it has not said anything yet
                raise
            for event in told.get('events') or ():
                yield str(event.get('message', ''))
            self._tokens[id] = str(told.get('nextForwardToken', ''))
            if self._tokens[id] in ('', token):
                return

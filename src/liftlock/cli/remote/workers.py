"""Workers of a server, and what waits for them."""

from collections.abc import Sequence
from typing import Any, Final

from liftlock.cli.remote.client import Client, quoted
from liftlock.errors import UserError

QUEUED: Final = ('run', 'job', 'name', 'repository', 'labels', 'priority', 'reason', 'since')
Rows = Sequence[dict[str, Any]]


def look(server: str, turned: Sequence[tuple[str, str]]) -> tuple[Rows, Rows]:
    """Workers and queue, after some were turned: (drain, its id). UserError where the server does
    everything by itself."""
    client = Client(server)
    for how, worker in turned:
        client.post(f'/workers/{quoted(worker)}/{how}', {})
    told = client.get('/workers')
    if told['slots']:
        raise UserError(
            f'{client.server} has no workers: it does {told["slots"]} jobs at a time by itself',
            'what waits stands on its page Runners',
        )
    waiting = [
        {name: one[name] for name in QUEUED}
        for one in client.get('/queue')['queue']
        if one['state'] == 'queued' and not one['worker']
    ]
    return told['workers'], waiting

"""Removing what carries a job's label: its containers, those of its steps, and their networks."""

from liftlock.runner.docker.create import LABEL
from liftlock.runner.docker.engine import Engine


async def remove(engine: Engine, tracking_id: str) -> list[str]:
    """Remove all of it, with the nameless volumes; what could not be removed, for the log."""
    mark = f'label={LABEL}={tracking_id}'
    wrong = []
    for kind, listing, removing in (
        ('container', ('ps', '--all', '--quiet'), ('rm', '--force', '--volumes')),
        ('network', ('network', 'ls', '--quiet'), ('network', 'rm')),
    ):
        ids = (await engine.ask(*listing, '--filter', mark)).text.split()
        if not ids:
            continue
        removed = await engine.ask(*removing, *ids)
        if removed.code:
            wrong.append(f'Cannot remove a {kind} of this job: {removed.reason}')
    return wrong

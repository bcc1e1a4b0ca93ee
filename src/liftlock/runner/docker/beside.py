"""Containers that steps themselves start, on this machine or from inside of a job's container."""

from collections.abc import Collection

from liftlock.runner.docker import leftovers
from liftlock.runner.docker.engine import Engine, find
from liftlock.runner.docker.relay import Relay


async def remove(engine: Engine, tracking_id: str, known: Collection[str] = ()) -> list[str]:
    """End those that are left; a line for the log about each. `known` are ids of others."""
    left = [one for one in await leftovers.find(engine, tracking_id) if one.id not in known]
    if not left:
        return []
    await engine.ask(*leftovers.removal(engine.podman), *(one.id for one in left))
    return [f'Remove orphan container: {one.name} ({one.image})' for one in left]


async def clean_up(relay: Relay, choice: str, tracking_id: str) -> list[str]:
    """The same at the end of a job without containers of its own, and with their networks."""
    engine = find('docker') or find(choice)
    if not relay.was_used or engine is None:
        return []
    lines = await remove(engine, tracking_id)
    return [*lines, *await leftovers.remove(engine, tracking_id)]

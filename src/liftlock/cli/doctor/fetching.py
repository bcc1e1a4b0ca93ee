"""What is behind every `uses:`: read from the work tree, or fetched as a run would.

So what cannot be had is known before a run wants it, and lies in the cache where it can.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from liftlock.cli import wiring
from liftlock.errors import UserError
from liftlock.language import reference as references
from liftlock.language.action import Action, Docker
from liftlock.language.parse import parse_action
from liftlock.language.reference import Reference
from liftlock.runner.actions.builtin import BUILTINS
from liftlock.runner.actions.resolve import GitActions

_FILES: Final = ('action.yml', 'action.yaml')
_DOCKERFILES: Final = ('Dockerfile', 'dockerfile')


async def fetch(
    uses: Iterable[str], top: Path, where: wiring.Place, say: Callable[[str], None]
) -> dict[str, Action | str | None]:
    """Each reference's action, or why it cannot be had; None for a stand-in, which needs no
    fetching, and for what a step may yet make."""
    actions = GitActions(where.cache, where.config.actions)
    wanted = sorted(uses)
    found = await asyncio.gather(*(_fetch(one, top, actions, say) for one in wanted))
    return dict(zip(wanted, found, strict=True))


async def _fetch(
    uses: str, top: Path, actions: GitActions, say: Callable[[str], None]
) -> Action | str | None:
    found = references.parse(uses)
    if found is None:
        return _read(top / uses.removeprefix('$/')) if uses.startswith(('./', '$/')) else None
    if _builtin_name(found) in BUILTINS:
        return None
    try:
        placed = await actions.find(f'{found.owner}/{found.repo}', found.ref, say)
    except (UserError, OSError) as error:
        return str(error)
    return _read(placed.directory / found.path)


def _builtin_name(found: Reference) -> str:
    return f'{found.name}/{found.path}'.rstrip('/').lower()


def _read(directory: Path) -> Action | None:
    for name in _FILES:
        try:
            text = (directory / name).read_text(encoding='utf-8-sig', errors='replace')
        except OSError:
            continue
        action, _ = parse_action(str(directory / name), text)
        return action
    if any((directory / name).is_file() for name in _DOCKERFILES):
        return Action(str(directory), '', Docker('Dockerfile'))
    return None

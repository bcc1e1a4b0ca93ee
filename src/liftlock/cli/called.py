"""The text of a called workflow: from the repository itself, or from another one, fetched once."""

import sys
from collections.abc import Mapping

from liftlock.errors import UserError


def read(reference: str, files: Mapping[str, str], state: str | None) -> str:
    """`reference` is a key of `Request.files`; `files` are those of the repository, by path.

    Raises UserError where there is no such file, or it cannot be fetched.
    """
    if '@' in reference:
        return _fetch(reference, state)
    if reference not in files:
        raise UserError(f'there is no workflow file {reference}', 'it is called by another one')
    return files[reference]


def _fetch(reference: str, state: str | None) -> str:
    import asyncio

    from liftlock.cli import wiring
    from liftlock.runner.actions.resolve import GitActions

    where = wiring.place(state)
    path, _, ref = reference.partition('@')
    owner, name, file = path.split('/', 2)
    actions = GitActions(where.cache, where.config.actions)
    found = asyncio.run(actions.find(f'{owner}/{name}', ref, _tell))
    text = found.directory / file
    if not text.is_file():
        raise UserError(f'there is no workflow file {file} in {owner}/{name} at {ref}')
    return text.read_bytes().decode('utf-8', 'surrogateescape')


def _tell(line: str) -> None:
    sys.stderr.write(f'{line}\n')

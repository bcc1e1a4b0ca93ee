"""Repositories by their names, in addresses."""

from typing import Annotated, Final

from fastapi import Depends, Path

from liftlock.errors import UserError
from liftlock.server.rest.asking import Call
from liftlock.server.rest.refusals import Missing
from liftlock.store import repositories
from liftlock.store.repositories import Repository

OF: Final = '/repositories/{owner:path}/{name}'
PART: Final = r'[A-Za-z0-9_][A-Za-z0-9_.-]*'
OWNER: Final = Path(
    max_length=200,
    pattern=rf'^{PART}(/{PART})*$',
    description='With the groups before it, if it is in some.',
)


async def named(
    owner: Annotated[str, OWNER],
    name: Annotated[str, Path(max_length=100, pattern=rf'^{PART}$')],
) -> str:
    return f'{owner}/{name}'


Name = Annotated[str, Depends(named)]


def find(call: Call, name: str) -> Repository:
    try:
        return repositories.named(call.store, name)
    except UserError as error:
        raise Missing(str(error), error.hint) from None

"""Who asks, tokens, and what was done."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from liftlock.server.rest.shapes.base import Moment, Page, Shape, Wish, Word, whole

Role = Literal['viewer', 'developer', 'maintainer', 'admin']
Scope = Literal[
    'runs:read',
    'runs:write',
    'deployments:read',
    'deployments:write',
    'secrets:read',
    'secrets:write',
    'hooks:read',
    'hooks:write',
    'admin',
]


class Grant(Shape):
    role: str
    repository: str
    environment: str


class Whoami(Shape):
    name: str
    role: Role
    address: str = Field(description='Where the request came from.')
    scopes: list[str] = Field(description='What the token is confined to; empty: to nothing.')
    grants: list[Grant] = Field(description='What he may beyond his role.')
    version: str = Field(description="The server's.")


class Token(Shape):
    id: int
    person: str
    role: Role
    label: str
    scopes: list[str]
    created: Moment
    used: Moment
    expires: Moment
    revoked: Moment


class Tokens(Shape):
    tokens: list[Token]


class NewToken(Wish):
    person: Annotated[Word, Field(min_length=1, examples=['mona'])]
    role: Role = 'developer'
    label: Word = ''
    days: Annotated[int, Field(ge=0, le=36500), BeforeValidator(whole)] = Field(
        default=0, description='Until it expires; 0: never.'
    )
    scopes: list[Scope] = Field(default=[], max_length=32)


class CreatedToken(Shape):
    token: str = Field(description='Shown this once.', examples=['llt_…'])


class Entry(Shape):
    seq: int
    at: Moment
    who: str
    what: str
    about: str
    detail: str
    address: str
    hash: str = Field(description='Covers this entry and the hash of the one before.')


class Audit(Page):
    entries: list[Entry]
    broken: int | None = Field(
        description='With `verify` the `seq` of the first entry that is not what it was; 0 if all '
        'are. Else null.'
    )

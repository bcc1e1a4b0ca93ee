"""Accounts of people, what they may beyond their role, and where they are logged in."""

from typing import Annotated, Literal

from pydantic import Field

from liftlock.server.rest.shapes.base import Moment, Shape, Wish, Word
from liftlock.server.rest.shapes.people import Grant, Role


class User(Shape):
    id: int
    name: str
    email: str
    role: Role
    issuer: str = Field(description="Of his OpenID; '': he comes otherwise.")
    subject: str
    created: Moment
    seen: Moment
    disabled: Moment
    password: bool = Field(description='He has one.')
    grants: list[Grant]


class Users(Shape):
    users: list[User]


class NewUser(Wish):
    name: Annotated[Word, Field(min_length=1, examples=['mona'])]
    role: Role = 'developer'
    email: Word = ''


class CreatedUser(User):
    link: str = Field(description='Below this server; by it the password is set. Shown this once.')


class ChangedUser(Wish):
    role: Role | None = None
    disabled: bool | None = None


class Link(Shape):
    link: str = Field(description='Below this server; good once, within three days.')


class NewGrant(Wish):
    role: Literal['deployer', 'developer', 'maintainer']
    repository: Annotated[
        Word, Field(min_length=1, description='Or a pattern.', examples=['octo/shop', 'octo/*'])
    ]
    environment: Word = Field(default='', description='Of a deployer, and of nobody else.')


class Grants(Shape):
    grants: list[Grant]


class Session(Shape):
    id: str
    person: str
    how: str = Field(description='token, link, password, oidc')
    created: Moment
    used: Moment
    expires: Moment
    address: str
    agent: str = Field(description='What his browser says it is.')


class Sessions(Shape):
    sessions: list[Session]

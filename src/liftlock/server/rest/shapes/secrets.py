"""Secrets, which can be set and never read, and variables, which can be both."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from liftlock.server.rest.shapes.base import WITHOUT_NUL, Moment, Shape, Wish

Kind = Literal['secret', 'variable']


class Secret(Shape):
    environment: str = Field(description="'' for the whole repository.")
    name: str
    at: Moment
    by: str


class Secrets(Shape):
    secrets: list[Secret]


class Variable(Secret):
    value: str


class Variables(Shape):
    variables: list[Variable]


class Happened(Shape):
    at: Moment
    fact: str = Field(description='set, removed')
    environment: str
    name: str
    by: str


class History(Shape):
    history: list[Happened]


class Value(Wish):
    value: Annotated[
        str, StringConstraints(min_length=1, max_length=49152, pattern=WITHOUT_NUL)
    ] = Field(description='At most 48 KiB.')

"""What the server was started with, and how each part of it is."""

from typing import Literal

from pydantic import ConfigDict, Field

from liftlock.server.rest.shapes.base import Moment, Shape


class Part(Shape):
    """Its figures stand beside."""

    model_config = ConfigDict(extra='allow')

    state: Literal['ok', 'degraded', 'down']
    reason: str


class Settings(Shape):
    version: str
    since: Moment
    address: str = Field(description="Where people reach it; '': as it is asked for.")
    store: str
    database: Literal['postgresql', 'sqlite']
    schema_version: int
    workers: bool = Field(description='Jobs are done by workers, not by this process.')
    secure: bool = Field(description='Cookies go by TLS alone.')
    kept: float = Field(description='Seconds that artifacts and logs are kept, unless told.')
    proxies: list[str]
    open_metrics: bool
    teams: dict[str, list[str]]
    health: dict[str, Part]

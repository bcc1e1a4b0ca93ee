"""Workers and what waits for them."""

from pydantic import Field

from liftlock.server.rest.shapes.base import Moment, Shape


class Task(Shape):
    run: int
    job: str
    attempt: int


class Worker(Shape):
    id: str
    machine: str
    version: str
    architecture: str
    labels: list[str]
    only_labels: bool = Field(description='It takes jobs for all of its labels only.')
    slots: int
    busy: int
    state: str = Field(description='ready, draining, resting')
    reason: str
    started: Moment
    seen: float = Field(description='So many seconds ago it was heard of.')
    jobs: list[Task]


class Workers(Shape):
    workers: list[Worker]
    slots: int = Field(description='Jobs at a time in the server itself; 0: workers do them.')


class Queued(Shape):
    run: int
    repository: str
    job: str
    name: str
    state: str = Field(description='queued, running')
    worker: str = Field(description="'' on a server without workers.")
    labels: list[str] = Field(description='What it asks of a worker.')
    priority: int
    reason: str = Field(description='Why it waits.')
    since: Moment


class Queue(Shape):
    queue: list[Queued]

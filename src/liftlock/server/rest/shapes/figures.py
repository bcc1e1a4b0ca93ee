"""How well it goes."""

from pydantic import Field

from liftlock.server.rest.shapes.base import Moment, Shape


class Figure(Shape):
    value: float | None = Field(description='null where there is nothing to compute it from.')
    counted: float
    among: float


class Delivering(Shape):
    """DORA's figures; durations in seconds, rates as shares."""

    repository: str
    environment: str
    frequency: Figure
    lead_time: Figure
    failure_rate: Figure
    recovery_time: Figure
    rework_rate: Figure
    open: int = Field(description='Failed changes that are not made good.')


class Span(Shape):
    """Seconds."""

    median: float | None
    p95: float | None


class Running(Shape):
    repository: str
    workflow: str
    name: str
    success: int
    failure: int
    other: int = Field(description='Cancelled, skipped.')
    first: int = Field(description='That succeeded at their first attempt.')
    duration: Span
    wait: Span
    success_rate: float | None


class Day(Shape):
    at: Moment = Field(description='Its begin, in UTC.')
    succeeded: int
    failed: int
    other: int


class Days(Shape):
    days: list[Day] = Field(description='Runs by the day on which they were made.')


class Performance(Shape):
    since: Moment
    until: Moment
    environments: list[Delivering]
    workflows: list[Running]

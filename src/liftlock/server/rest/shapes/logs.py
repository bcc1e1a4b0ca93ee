"""Logs: lines, and where something stands in them."""

from pydantic import Field

from liftlock.server.rest.shapes.base import Moment, Shape


class Line(Shape):
    number: int = Field(description='Within the whole log of the job, from 0.')
    step: int = Field(description='0: before the first one.')
    at: Moment
    text: str = Field(description='As it was written: with marks and colours.')


class Lines(Shape):
    lines: list[Line]
    count: int = Field(description='How many lines the log has now.')
    attempt: int
    over: bool = Field(description='No more will come.')


class Hit(Shape):
    step: int
    line: int = Field(description='Within the step, from 1: `#s3-L120` on the page of the log.')


class Hits(Shape):
    hits: list[Hit]
    more: bool = Field(description='There are more than are told.')

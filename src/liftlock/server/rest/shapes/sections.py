"""Parts of a run beside its jobs: where time went, its tests, its workflow file, its artifacts'
files; and how workflows do."""

from typing import Annotated

from pydantic import Field

from liftlock.server.rest.shapes.base import Moment, Page, Shape


class Attempt(Shape):
    number: int
    at: Moment
    conclusion: str = Field(description="'' while it goes on.")


class Span(Shape):
    """When a job waited, and ran."""

    key: str
    name: str
    state: str
    needs: list[str] = Field(description='Keys of the jobs before it.')
    queued: Moment = Field(description='When nothing held it back any longer.')
    started: Moment
    finished: Moment
    critical: bool = Field(description='Only if it is quicker, the run is.')


class Timeline(Shape):
    attempt: int
    attempts: list[Attempt]
    whole: float = Field(description='Seconds from the first job to the last.')
    waiting: float = Field(description='Seconds that jobs waited for a slot, added up.')
    path: float = Field(description='Seconds of the critical path.')
    jobs: list[Span]


class Outcome(Shape):
    run: int
    attempt: int
    commit: str
    state: str = Field(description='passed, failed, skipped')


class Case(Shape):
    """A test. `key` is what it is known by from run to run."""

    key: str
    suite: str
    name: str
    state: str = Field(description='passed, failed, skipped')
    seconds: float
    message: str
    file: str
    line: int
    flaky: bool = Field(description='On one commit it has both passed and failed.')
    history: list[Outcome] = Field(description='How it went lately, oldest first.')


class Counts(Shape):
    passed: int
    failed: int
    skipped: int


class Tests(Page):
    attempt: int
    counts: Counts
    files: int = Field(description='So many reports were read.')
    troubles: list[str] = Field(description='What was passed over, and why.')
    tests: list[Case] = Field(description='Failed ones first.')


class Said(Shape):
    """Where in the log an annotation was said."""

    job: str
    step: int
    line: int = Field(description='Within the step, from 1; 0: not found.')


class File(Shape):
    path: str
    text: str


class Entry(Shape):
    """A file in an artifact, or a folder: then `path` ends with a slash."""

    path: str
    name: str
    size: int = Field(description='Bytes.')
    files: int = Field(description='In a folder, whichever depth.')


class Entries(Shape):
    entries: list[Entry]


# --- workflows


class Last(Shape):
    run: int
    state: str = Field(description='A conclusion, a status, or interrupted.')


class Trend(Shape):
    """Of the newest runs that have ended."""

    runs: int
    succeeded: int
    failed: int
    other: int
    first: int = Field(description='That succeeded at their first attempt.')
    p50: float | None = Field(description='Seconds, of those that succeeded.')
    p95: float | None
    red: Moment = Field(description='Since when the newest runs fail.')


class Flow(Shape):
    """A workflow that has run."""

    repository: str
    workflow: str = Field(description='The path of its file.')
    name: str
    runs: int = Field(description='The number of its newest run, counted by workflow.')
    newest: int = Field(description='Its newest run.')
    figures: Trend
    last: list[Last] = Field(description='Newest first.')


class Flows(Shape):
    workflows: list[Flow]


class Test(Shape):
    key: str
    failures: int
    ran: int
    history: list[Outcome] = Field(description='Oldest first.')


class Flaky(Shape):
    reports: int = Field(description='Attempts of runs that reported tests.')
    tests: list[Test] = Field(description='The most often failed first.')


class Choices(Shape):
    """What the filters of runs could be set to, the most frequent first."""

    repositories: list[str]
    name: Annotated[list[str], Field(description='Of workflows.')]
    event: list[str]
    ref: list[str]
    actor: list[str]

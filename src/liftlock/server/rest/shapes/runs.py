"""Runs, their jobs and steps, and what they kept."""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from liftlock.server.rest.shapes.base import Moment, Page, Shape, Wish, Word

RUN: Final[JsonDict] = {
    'id': 12,
    'repository': 'octo/shop',
    'workflow': '.github/workflows/ci.yml',
    'number': 7,
    'name': 'CI',
    'title': 'Sell more things',
    'event': 'push',
    'ref': 'refs/heads/main',
    'sha': '1f0c9a6f3c4bb1d1a9bb0c0d6f0d6c2f8c6b7e10',
    'actor': 'mona',
    'status': 'completed',
    'conclusion': 'success',
    'attempt': 1,
    'created': 1790000000.0,
    'started': 1790000001.5,
    'finished': 1790000042.0,
    'interrupted': False,
}


class Run(Shape):
    model_config = ConfigDict(json_schema_extra={'examples': [RUN]})

    id: int
    repository: str = Field(description='owner/name')
    workflow: str = Field(description="The path of the workflow's file.")
    number: int = Field(description='Counted by workflow.')
    name: str = Field(description="The workflow's name.")
    title: str
    event: str
    ref: str
    sha: str
    actor: str
    status: Literal['queued', 'in_progress', 'completed']
    conclusion: Annotated[
        Literal['', 'success', 'failure', 'cancelled', 'skipped'],
        Field(description="'' until it has ended."),
    ]
    attempt: int
    created: Moment
    started: Moment
    finished: Moment
    interrupted: bool = Field(description='Nobody carries it out any more.')


class Runs(Page):
    runs: list[Run]


class Step(Shape):
    number: int
    name: str
    outcome: str = Field(description='Before `continue-on-error`.')
    conclusion: str
    message: str
    started: Moment
    finished: Moment


class Job(Shape):
    key: str = Field(
        description='The name in the file; `test[0]` in a matrix, `call/job` in a call.'
    )
    name: str
    state: str = Field(
        description='waiting, queued, running; then success, failure, cancelled, skipped'
    )
    message: str
    started: Moment
    finished: Moment
    steps: list[Step]


class Jobs(Shape):
    jobs: list[Job]


class Annotation(Shape):
    job: str
    number: int = Field(description='Of the step.')
    level: str = Field(description='error, warning, notice')
    message: str
    title: str
    file: str
    line: int
    end_line: int
    column: int
    end_column: int


class Summary(Shape):
    job: str
    number: int = Field(description='Of the step.')
    markdown: str


class Kept(Shape):
    """An artifact, in short."""

    name: str
    size: int
    files: int
    digest: str = Field(description='sha256:…')


class Report(Shape):
    job: str
    number: int = Field(description='Of the step.')
    type: str = Field(description='coverage, tests, sarif …')
    name: str
    digest: str = Field(description='sha256:…')
    size: int
    flags: list[str]
    root: str
    ref: str
    sha: str


class WholeRun(Run):
    jobs: list[Job]
    annotations: list[Annotation]
    summaries: list[Summary]
    artifacts: list[Kept]
    reports: list[Report]


class Artifact(Shape):
    id: int
    run: int
    attempt: int
    name: str
    digest: str = Field(description='SHA-256 of its bytes.')
    size: int = Field(description='Bytes.')
    files: int
    created: Moment
    expires: Moment
    mime: str


class Artifacts(Shape):
    artifacts: list[Artifact]


class Fact(Shape):
    """Something that happened. What else stands in it depends on its kind."""

    model_config = ConfigDict(extra='allow')

    seq: int
    at: Moment
    kind: str
    version: int = 1


class Facts(Shape):
    facts: list[Fact]
    more: bool = Field(description='There are more after the last of these.')


# --- what is asked for


class Cancel(Wish):
    force: bool = Field(default=False, description='At once: not even always() holds it up.')


class Rerun(Wish):
    """All jobs, unless something is chosen; and those that need them."""

    failed: bool = Field(default=False, description='Only the jobs that failed.')
    jobs: list[Word] = Field(default=[], max_length=100, description='Only these.')
    job: Word = Field(default='', description='Only this one.', examples=['test[0]'])
    from_step: Word = Field(
        default='', description='Go on at this step (name, id or number) of the one job.'
    )
    debug: bool = Field(default=False, description='Steps tell more.')

"""Environments, and what is delivered to them."""

from typing import Annotated, Any

from pydantic import Field

from liftlock.server.rest.shapes.base import Count, Moment, Page, Prose, Shape, Wish, Word


class Version(Shape):
    id: str = Field(description='The same for the same content.')
    name: str
    commit: str
    ref: str
    artifact: str
    image: str
    run: int
    sources: str


class Instance(Shape):
    id: str
    revision: str
    version: str
    alive: bool
    ready: bool | None
    address: str
    pid: int
    since: Moment
    restarts: int
    message: str
    cpu: float
    memory: int


class Pause(Shape):
    number: int
    reason: str
    until: Moment


class GoingBack(Shape):
    number: int
    cause: str
    reason: str


class Deploying(Shape):
    """What goes on."""

    number: int
    version: Version
    by: str
    phase: str
    started: Moment
    steps: list[str]
    step: int
    paused: Pause | None
    going_back: GoingBack | None
    analyses: list[dict[str, Any]]


class Waiting(Shape):
    number: int
    version: Version
    by: str
    phase: str
    since: Moment
    reason: str
    until: Moment
    approved_by: list[str]


class Held(Shape):
    by: str
    reason: str


class Frozen(Shape):
    reason: str
    until: Moment


class Environment(Shape):
    id: int
    environment: str
    repository: str
    state: str = Field(
        description='deploying, paused, going back, unhealthy, healthy, running, down or empty'
    )
    version: Version | None
    deployment: int | None
    since: float | None
    by: str | None
    healthy: bool | None
    health: str
    watched: bool = Field(description='Somebody carries out what is asked for, and looks.')
    address: str
    preview: str
    instances: list[Instance]
    traffic: dict[str, Any]
    deploying: Deploying | None
    queue: list[Waiting]
    kept: dict[str, float] = Field(description='Old revisions that still run, and until when.')
    held: Held | None
    frozen: list[Frozen]
    sync: str | None
    drift: str


class Environments(Shape):
    environments: list[Environment]


class Deployment(Shape):
    environment: str
    repository: str
    number: int
    kind: str
    version: str
    version_id: str
    commit: str
    ref: str
    artifact: str
    image: str
    sources: str
    settings: str
    origin: str
    by: str
    reason: str
    run: int
    job: str
    status: str
    conclusion: str
    message: str
    created: Moment
    started: Moment
    finished: Moment
    downtime: float = Field(description='Seconds without an instance.')
    took: float | None
    rollback: bool


class Deployments(Page):
    deployments: list[Deployment]


class Live(Shape):
    """What whoever watches over the environment sees just now."""

    watched: bool
    sight: dict[str, Any] | None
    groups: dict[str, dict[str, Any]]
    address: str
    preview: str


class Approval(Shape):
    """A deployment that waits."""

    environment: int = Field(description='Its id.')
    name: str
    repository: str
    number: int
    version: str
    commit: str
    by: str
    since: Moment
    reason: str
    until: Moment
    approved_by: list[str]
    yours: bool = Field(description='Your approval is asked for, and would count.')


class Approvals(Shape):
    approvals: list[Approval]


class Change(Shape):
    path: str
    lines: list[str] = Field(description='Of a unified diff.')


class Review(Shape):
    """What somebody should see before he approves."""

    number: int
    version: Version
    by: str
    kind: str
    reason: str
    run: int
    job: str
    since: Moment
    held: str
    before: Version | None = Field(description='What succeeded there last.')
    before_at: Moment
    commits: list[str] = Field(description='Between the two; not all, if there are many.')
    total: int = Field(description='How many commits there are.')
    changes: list[Change] = Field(description='Texts that have changed since then.')
    refused: str = Field(description="Why your approval would not count; '' if it would.")
    hint: str


class Asked(Shape):
    environment: int = Field(description='Its id.')
    number: int = Field(description='Of the deployment.')


class Withdrawing(Shape):
    environment: int = Field(description='Its id.')
    seq: int = Field(description='Of the fact that asks for it; Withdrawn follows when it is down.')


class Said(Asked):
    judgement: str = Field(description='allowed, refused or waiting')
    reason: str


# --- what is asked for

Which = Annotated[Count, Field(description='Of the deployment; 0: the one.')]


class Approve(Wish):
    number: Which = 0
    comment: Prose = ''
    bypass: bool = Field(
        default=False, description='Pass over freezes, timers and missing approvals.'
    )
    reason: Prose = Field(default='', description='Why, with `bypass`.')


class Reject(Wish):
    number: Which = 0
    comment: Prose = ''


class Promote(Wish):
    full: bool = Field(
        default=False, description='Leave out all pauses and analyses that are left.'
    )


class Abort(Wish):
    number: Which = 0
    reason: Prose = ''


class Rollback(Wish):
    to: Word = Field(default='', description='A version; without it the one before.')
    reason: Prose = ''


class Down(Wish):
    reason: Prose = ''


class Deploy(Wish):
    """One of `version`, `run` and `origin` says what; `image` alone says an image."""

    repository: Annotated[Word, Field(examples=['octo/shop'], min_length=1)]
    environment: Annotated[Word, Field(examples=['production'], min_length=1)]
    version: Word = Field(default='', description='One that was deployed before.')
    run: Count = Field(default=0, description='What this run has made.')
    origin: Word = Field(default='', description='What succeeded in this environment last.')
    image: Word = Field(default='', description='By its digest.')
    reason: Prose = ''
    fast: bool = Field(default=False, description='Leave out pauses and analyses.')

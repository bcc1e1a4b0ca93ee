"""Registered repositories, their workflows and events, and what forges have sent."""

from typing import Annotated, Any, Literal

from pydantic import Field

from liftlock.server.rest.shapes.base import (
    WITHOUT_NUL,
    Moment,
    Page,
    Prose,
    Shape,
    Wish,
    Word,
)

Forge = Literal['', 'github', 'gitea', 'forgejo', 'gitlab']
Forks = Literal['never', 'outsiders', 'first-time', 'always']
Link = Annotated[str, Field(max_length=2048, pattern=WITHOUT_NUL)]


class Repository(Shape):
    id: int
    name: str = Field(description='owner/name')
    url: str
    forge: Forge
    web: str
    branch: str = Field(description="The default branch; '': not known yet.")
    trusted: bool = Field(description='Its jobs may run on the host.')
    forks: Forks = Field(description='Whose pull requests from outside run unasked.')
    interval: float = Field(description='Seconds between two looks; 0: nobody looks by himself.')
    active: bool
    created: Moment
    by: str
    signed: bool = Field(description='It has a secret for webhooks.')
    known: bool = Field(description='It has a token for the forge.')


class Repositories(Shape):
    repositories: list[Repository]


class Changes(Wish):
    """What is left out stays as it is."""

    url: Link | None = None
    forge: Forge | None = None
    web: Link | None = None
    branch: Word | None = None
    trusted: bool | None = None
    forks: Forks | None = None
    interval: Annotated[float, Field(ge=0, le=86400 * 365)] | None = None
    active: bool | None = None
    secret: Word | None = Field(default=None, description="Of webhooks; '' removes it.")
    token: Prose | None = Field(default=None, description="For the forge; '' removes it.")


class NewRepository(Changes):
    name: Annotated[Word, Field(min_length=1, examples=['octo/shop'])]
    url: Annotated[Link, Field(min_length=1, examples=['https://github.com/octo/shop.git'])]


class Input(Shape):
    name: str
    type: str = Field(description='string, boolean, number, choice, environment')
    description: str
    required: bool
    default: Any = None
    options: list[str]


class Workflow(Shape):
    path: str
    name: str
    dispatched: bool = Field(description='It may be started by hand.')
    inputs: list[Input]
    events: list[str]
    mistake: str = Field(description='Why it cannot be read.')
    disabled: str = Field(description="By whom; '': it is not.")


class Workflows(Shape):
    workflows: list[Workflow]


class Filter(Shape):
    filter: str
    passed: bool
    found: str


class Decision(Shape):
    """What became of a workflow, and why."""

    workflow: str
    name: str
    decision: str = Field(description='started, skipped, refused, held')
    reason: str
    filters: list[Filter]
    run: int = Field(description='0: none.')


class Taken(Shape):
    """What came of an event."""

    event: int = Field(description='Under which it is written down.')
    status: str = Field(description='begun, held, done, failed, rejected')
    said: str
    runs: list[int]
    decisions: list[Decision]


class Event(Shape):
    id: int
    repository: int
    delivery: str
    event: str
    ref: str
    sha: str
    head: str
    actor: str
    at: Moment
    status: str = Field(description='begun, held, done, failed, rejected')
    said: str
    author: str = Field(description='Of a pull request from outside.')
    number: int
    approved: str = Field(description='By whom.')


class Events(Page):
    events: list[Event]


class Why(Event):
    decisions: list[Decision]
    warning: str = Field(description='While it waits for an approval: what to look at first.')


class Held(Shape):
    events: list[Why]


class Slot(Shape):
    at: Moment
    state: str = Field(description='due, started, missed, skipped, failed')
    reason: str
    decided: Moment


class Schedule(Shape):
    id: int
    repository: int
    workflow: str
    name: str
    cron: str
    timezone: str
    seen: Moment
    disabled: bool
    slots: list[Slot] = Field(description='The last ones.')
    missed: int = Field(description='How many slots did not fire.')
    coming: list[Moment] = Field(description='When it fires next.')


class Schedules(Shape):
    schedules: list[Schedule]


class Delivery(Shape):
    """What a forge has sent."""

    id: int
    repository: int
    delivery: str
    event: str
    at: Moment
    address: str
    status: str = Field(description='waiting, done, ignored, failed, refused')
    said: str
    finished: Moment
    replays: int


class Deliveries(Page):
    deliveries: list[Delivery]


class WholeDelivery(Delivery):
    headers: dict[str, str]
    body: str
    events: list[int] = Field(description='What it was taken in as.')


class Author(Shape):
    """Whose pull requests run without being asked about."""

    author: str
    by: str
    at: Moment


class Authors(Shape):
    authors: list[Author]


class Settings(Shape):
    """Of triggers."""

    statuses: bool = Field(description='The forge is told what becomes of commits.')
    status_name: str = Field(description='Of the status for all jobs together.')
    badges: bool = Field(description='Everybody may see them.')
    catch_up: float = Field(
        description='So many seconds late a slot of a schedule is made good; 0: never.'
    )


class Status(Shape):
    """What a forge is told of a commit."""

    id: int
    repository: int
    name: str = Field(description='owner/name')
    sha: str
    context: str
    state: str
    description: str
    path: str = Field(description='Of the page here.')
    revision: int
    told: int = Field(description='The revision that the forge has accepted.')
    changed: Moment
    tries: int = Field(description='That failed.')
    due: Moment
    trouble: str
    given_up: bool


class Statuses(Shape):
    statuses: list[Status]


class Count(Shape):
    count: int


class Turned(Shape):
    workflow: str
    disabled: str = Field(description="By whom; '': it is not.")


# --- what is asked for


class Dispatch(Wish):
    workflow: Annotated[Word, Field(min_length=1, examples=['ci.yml'])] = Field(
        description='Its path, its file or its name.'
    )
    ref: Word = Field(default='', description="A branch or a tag; '': the default branch.")
    inputs: dict[str, str | bool | float] = Field(
        default={}, max_length=25, description='As people write them, or of their types.'
    )


class Send(Wish):
    event_type: Annotated[Word, Field(min_length=1, max_length=100, examples=['deploy'])]
    client_payload: dict[str, Any] = Field(default={}, max_length=10)


class ApproveFork(Wish):
    always: bool = Field(default=False, description='Whatever the author sends from now on, too.')


class Turn(Wish):
    workflow: Annotated[Word, Field(min_length=1, examples=['.github/workflows/ci.yml'])] = Field(
        description='Its path.'
    )


class ChangedSettings(Wish):
    """What is left out stays as it is."""

    statuses: bool | None = None
    status_name: Annotated[Word, Field(min_length=1)] | None = None
    badges: bool | None = None
    catch_up: Annotated[float, Field(ge=0, le=86400 * 366)] | None = None

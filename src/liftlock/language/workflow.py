"""The nouns of a workflow file, as their author wrote them.

A field typed `Literal` is fixed when the file is read; a `Token` may hold expressions and is
resolved when its contexts are known: by the plan (names, conditions of jobs, matrix, runs-on,
concurrency, environment) or by the runner (everything of a step, env, outputs, containers).
"""

from collections.abc import Mapping as Dict
from typing import TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.source import Span
from liftlock.language.template import Computed, Literal, Mapping, Token

# --- steps


class Run(NamedTuple):
    script: Token
    shell: Token | None = None
    working_directory: Token | None = None


class Uses(NamedTuple):
    """`reference` is `./path`, `$/path`, `owner/repo[/path]@ref` or `docker://image`."""

    reference: Literal
    inputs: Mapping | None = None


class Wait(NamedTuple):
    """`wait: [ids]`; an empty tuple is `wait-all: true`."""

    ids: tuple[Literal, ...] = ()


class Cancel(NamedTuple):
    ids: tuple[Literal, ...]


class Parallel(NamedTuple):
    steps: tuple['Step', ...]


class Step(NamedTuple):
    """`id` is the author's, or generated with a leading `__` (then it stays out of `steps`)."""

    id: str
    does: Run | Uses | Wait | Cancel | Parallel
    span: Span
    name: Token | None = None
    condition: Computed | None = None  # with `success() && (…)` put around where GitHub does
    env: Token | None = None
    continue_on_error: Token | None = None
    timeout_minutes: Token | None = None
    background: bool = False


# --- jobs


class Strategy(NamedTuple):
    """`computed` is `strategy: ${{ … }}`, which gives a mapping with the keys of the others."""

    matrix: Token | None = None
    fail_fast: Token | None = None
    max_parallel: Token | None = None
    computed: Computed | None = None


class Defaults(NamedTuple):
    """`defaults.run`. A job's replaces the workflow's as a whole.

    `computed` is `run: ${{ … }}`, which gives a mapping with the keys of the others.
    """

    shell: Token | None = None
    working_directory: Token | None = None
    computed: Computed | None = None


class Concurrency(NamedTuple):
    """`group` may be an expression that gives the whole mapping: `concurrency: ${{ … }}`."""

    group: Token
    cancel_in_progress: Token | None = None
    queue: str = 'single'  # or 'max'


class Permissions(NamedTuple):
    """`everything` is 'read' or 'write' (read-all, write-all); else what is not listed is none."""

    everything: str = ''
    scopes: tuple[tuple[str, str], ...] = ()


class Environment(NamedTuple):
    """`name` may be an expression that gives the whole mapping: `environment: ${{ … }}`."""

    name: Token
    url: Token | None = None
    deployment: Token | None = None


class Snapshot(NamedTuple):
    image_name: Token
    version: Token | None = None
    condition: Computed | None = None


class Job(NamedTuple):
    """A job with steps of its own."""

    id: Literal
    runs_on: Token
    steps: tuple[Step, ...]
    span: Span
    name: Token | None = None
    needs: tuple[Literal, ...] = ()
    condition: Computed | None = None
    strategy: Strategy = Strategy()
    env: Token | None = None
    defaults: Defaults | None = None
    permissions: Permissions | None = None
    concurrency: Concurrency | None = None
    environment: Environment | None = None
    container: Token | None = None
    services: Token | None = None
    outputs: Mapping | None = None
    timeout_minutes: Token | None = None
    cancel_timeout_minutes: Token | None = None
    continue_on_error: Token | None = None
    snapshot: Snapshot | None = None


class Call(NamedTuple):
    """A job that `uses:` a reusable workflow. `secrets` is a mapping, or the literal `inherit`."""

    id: Literal
    uses: Literal
    span: Span
    name: Token | None = None
    needs: tuple[Literal, ...] = ()
    condition: Computed | None = None
    strategy: Strategy = Strategy()
    permissions: Permissions | None = None
    concurrency: Concurrency | None = None
    inputs: Mapping | None = None
    secrets: Token | None = None


AnyJob: TypeAlias = Job | Call

# --- events


class Input(NamedTuple):
    """An input of a dispatch or a call: string, boolean, number, choice or environment."""

    name: Literal
    type: str = 'string'
    required: bool = False
    default: Token | None = None
    options: tuple[str, ...] = ()
    description: str = ''


class Secret(NamedTuple):
    name: Literal
    required: bool = False
    description: str = ''


class Output(NamedTuple):
    name: Literal
    value: Token
    description: str = ''


class Schedule(NamedTuple):
    cron: Literal
    timezone: Literal | None = None


class Trigger(NamedTuple):
    """One event under `on:`. A filter that is None was not given; patterns keep their order."""

    event: Literal
    types: tuple[Literal, ...] | None = None
    branches: tuple[Literal, ...] | None = None
    branches_ignore: tuple[Literal, ...] | None = None
    tags: tuple[Literal, ...] | None = None
    tags_ignore: tuple[Literal, ...] | None = None
    paths: tuple[Literal, ...] | None = None
    paths_ignore: tuple[Literal, ...] | None = None
    workflows: tuple[Literal, ...] | None = None  # workflow_run
    names: tuple[Literal, ...] | None = None  # image_version
    versions: tuple[Literal, ...] | None = None  # image_version
    schedules: tuple[Schedule, ...] = ()
    inputs: tuple[Input, ...] = ()
    secrets: tuple[Secret, ...] = ()
    outputs: tuple[Output, ...] = ()


class Workflow(NamedTuple):
    """One file. `path` is relative to the repository's root. Jobs and triggers keep file order."""

    path: str
    on: Dict[str, Trigger]
    jobs: Dict[str, AnyJob]
    name: str = ''
    description: str = ''
    run_name: Token | None = None
    permissions: Permissions | None = None
    env: Token | None = None
    defaults: Defaults | None = None
    concurrency: Concurrency | None = None

"""What a run consists of: a pure function of what was submitted.

The plan itself is never stored. `Request` is, with every file it was made from; whoever needs the
plan again (a resumed run, another machine) makes it again and gets the same one.
"""

from collections.abc import Mapping

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.language.template import Token
from liftlock.language.workflow import Job, Permissions, Workflow
from liftlock.plan.event import Event


class Request(NamedTuple):
    """Everything that a plan is made from. Secrets are not in it; their names may be.

    `deploys` is what `liftlock.yml` says under that key; a job in a called workflow is `call/job`.
    `files` maps a path in the repository (`.github/workflows/ci.yml`), or a remote reference
    (`owner/repo/.github/workflows/x.yml@ref`), to the text that was read. `inputs` are as they
    were given (strings from a command line will do): the plan checks and types them.
    """

    event: Event
    workflow: str  # path of the workflow file, a key of `files`
    files: Mapping[str, str]
    run_id: int
    run_number: int
    inputs: Mapping[str, Value] = {}
    vars: Mapping[str, str] = {}
    env: Mapping[str, str] = {}  # --env: below the workflow's own
    only_jobs: tuple[str, ...] = ()  # job ids; their needs come along
    matrix: tuple[tuple[str, str], ...] = ()  # keep only legs with these values
    environments: Mapping[str, Mapping[str, str]] = {}  # vars by environment
    debug: bool = False
    deploys: Mapping[str, str] = {}  # environments of jobs that name none, by the job's id


class Group(NamedTuple):
    """A concurrency group, evaluated. Names compare without regard to case."""

    name: str
    cancel_in_progress: bool = False
    queue: str = 'single'  # or 'max'


class Passed(NamedTuple):
    """What one call hands on: its `secrets:` as written, and what its expressions may see.

    `secrets` is None (nothing is handed on), the literal `inherit`, or a mapping.
    """

    secrets: Token | None
    contexts: dict[str, Value]


class JobPlan(NamedTuple):
    """One job that is ready to be started: every name, number and label is decided.

    `key` is unique in the run and stable: `build`, `test[2]` for a leg of a matrix, and
    `deploy/smoke` for a job of a called workflow. `contexts` are those that the plan knows:
    github (without what only a step knows), needs, strategy, matrix, inputs, vars.
    """

    key: str
    name: str  # as GitHub shows it: `test (3.11, linux)`, `deploy / smoke`
    job: Job
    workflow: Workflow  # the file in which the job stands, for its env and defaults
    contexts: dict[str, Value]
    labels: tuple[str, ...]
    calls: tuple[Passed, ...] = ()  # one a call on the way in, outermost first
    timeout_minutes: int = 360
    cancel_timeout_minutes: int = 5
    continue_on_error: bool = False
    concurrency_group: str = ''
    cancel_in_progress: bool = False
    queue: str = 'single'
    environment: str = ''
    request_env: Mapping[str, str] = {}
    runner_group: str = ''  # `runs-on: {group: …}`
    permissions: Permissions | None = None  # of its token; None: what the repository grants
    deployment: bool = True  # `environment.deployment: false`: it only uses the environment


class Plan(NamedTuple):
    """One run of one workflow. Jobs are expanded as the run goes on (see `progress`).

    `workflows` holds every file that is called, by the key of `Request.files` it was read from.
    `contexts` are those of the whole workflow: github, inputs, vars.
    """

    request: Request
    workflow: Workflow
    name: str  # `name:`, else the path
    title: str  # `run-name:`, else the commit's subject or what GitHub shows for the event
    workflows: Mapping[str, Workflow]
    contexts: dict[str, Value]
    concurrency: Group | None = None  # of the whole run

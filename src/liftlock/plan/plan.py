"""What a run consists of: a pure function of what was submitted.

The plan itself is never stored. `Request` is, with every file it was made from; whoever needs the
plan again (a resumed run, another machine) makes it again and gets the same one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from liftlock.language.expressions.values import Value
from liftlock.language.workflow import Job, Workflow
from liftlock.plan.event import Event


class Request(NamedTuple):
    """Everything that a plan is made from. Secrets are not in it; their names may be.

    `files` maps a path in the repository (`.github/workflows/ci.yml`), or a remote reference
    (`owner/repo/.github/workflows/x.yml@ref`), to the text that was read.
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
    # one entry a call on the way in, outermost first: the call's `secrets:`; empty = all secrets
    calls: tuple[str, ...] = ()
    timeout_minutes: int = 360
    cancel_timeout_minutes: int = 5
    continue_on_error: bool = False
    concurrency_group: str = ''
    cancel_in_progress: bool = False
    queue: str = 'single'
    environment: str = ''
    request_env: Mapping[str, str] = {}

"""Everything that can happen to a run. State is the fold of these; nothing else changes it.

A fact is a past participle. It is written once, with a time, in the transaction that makes it
true, and never changed. `wire.py` turns facts into JSON and back; unknown kinds are tolerated.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple

STAND_IN: Final = 'stand-in'  # where an action of our own comes from


class RunSubmitted(NamedTuple):
    """`request` is the digest of the stored Request; secrets are not in it."""

    workflow: str  # path
    name: str  # the workflow's name
    title: str  # run-name, or the commit's subject
    event: str
    ref: str
    sha: str
    actor: str
    request: str


class RunRestarted(NamedTuple):
    """Somebody asked for another attempt. The jobs named start again; the others keep their end."""

    attempt: int
    jobs: tuple[str, ...]
    from_step: str = ''


class StopRequested(NamedTuple):
    """`job` is '' for the whole run."""

    job: str
    reason: str
    force: bool = False


class RunFinished(NamedTuple):
    conclusion: str


class JobQueued(NamedTuple):
    """Nothing in the plan holds the job back any longer."""

    job: str
    name: str
    labels: tuple[str, ...]


class JobBlocked(NamedTuple):
    """The job is ready but waits; the reason is for people. Said again when the reason changes."""

    job: str
    reason: str


class JobClaimed(NamedTuple):
    """A worker took the job. Facts that come with an older token are refused.

    `place` is where it will run: host, sandbox, docker or `docker:IMAGE`.
    """

    job: str
    attempt: int
    token: int
    worker: str
    place: str = ''


class JobSkipped(NamedTuple):
    job: str
    name: str
    reason: str


class JobFinished(NamedTuple):
    """`conclusion` is success, failure or cancelled. `message` says why when no step does."""

    job: str
    conclusion: str
    outputs: Mapping[str, str]
    message: str = ''
    url: str = ''


class JobLost(NamedTuple):
    """The worker went silent. `again`: somebody asked that the job be started anew although it
    had begun; otherwise it starts again only if none of its steps had started."""

    job: str
    reason: str
    again: bool = False


class StepStarted(NamedTuple):
    """`number` counts from 1 in the order of starting, over pre, main and post. A step that is
    `skipped` has its place among the others, and ends in the same moment."""

    job: str
    number: int
    id: str
    name: str
    stage: str = 'main'
    skipped: bool = False


class StepFinished(NamedTuple):
    """`outcome` before and `conclusion` after continue-on-error."""

    job: str
    number: int
    outcome: str
    conclusion: str
    message: str = ''


class Annotated(NamedTuple):
    """`level` is error, warning or notice. Numbers are 0 where not given."""

    job: str
    number: int
    level: str
    message: str
    title: str = ''
    file: str = ''
    line: int = 0
    end_line: int = 0
    column: int = 0
    end_column: int = 0


class Summarized(NamedTuple):
    """A step wrote Markdown to its summary; secrets are already hidden."""

    job: str
    number: int
    markdown: str


class ActionResolved(NamedTuple):
    job: str
    uses: str
    commit: str  # or a digest; '' for a stand-in
    source: str  # where it came from, or STAND_IN


class ArtifactStored(NamedTuple):
    job: str
    name: str
    digest: str
    size: int
    files: int


class ReportRecorded(NamedTuple):
    """A step handed in a report for people and gates to read; its bytes are kept by their digest.

    `type` is coverage, tests or sarif; `name` its path, in the workspace if it lies there. `root`
    is what the job called the directory to which paths in it are relative. `ref` and `sha` are
    '' where it tells of what the run is about.
    """

    job: str
    number: int
    type: str
    name: str
    digest: str
    size: int
    flags: tuple[str, ...] = ()  # Codecov's flags, or the category of code scanning
    root: str = ''
    ref: str = ''
    sha: str = ''


class Attested(NamedTuple):
    """Something was signed: about so many subjects, by a predicate of that type (a URI). `digest`
    is the SHA-256 of the bundle that is kept."""

    job: str
    predicate_type: str
    subjects: int
    digest: str


class Unknown(NamedTuple):
    """A fact of a kind that this version does not know: kept as it is, and otherwise ignored."""

    kind: str
    data: Mapping[str, Value]


RunFact: TypeAlias = RunSubmitted | RunRestarted | StopRequested | RunFinished
JobFact: TypeAlias = JobQueued | JobBlocked | JobClaimed | JobSkipped | JobFinished | JobLost
StepFact: TypeAlias = (
    StepStarted
    | StepFinished
    | Annotated
    | Summarized
    | ActionResolved
    | ArtifactStored
    | ReportRecorded
    | Attested
)
Fact: TypeAlias = RunFact | JobFact | StepFact | Unknown


class Stamped(NamedTuple):
    """A fact as it was written. `at` is seconds since 1970; `seq` counts up within a store."""

    seq: int
    run: int
    at: float
    fact: Fact

"""Everything that can happen to an environment. Its state is the fold of these facts.

An environment has one stream of facts, in one order, whoever wrote them: people say what they
want, the one controller that holds the environment says what became of it. `number` names the
deployment; numbers count up within an environment.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.rollout.sight import Routes
from liftlock.rollout.version import Version

# Why a deployment was asked for.
DEPLOY: Final = 'deploy'
ROLLBACK: Final = 'rollback'
PROMOTION: Final = 'promotion'  # the same version, from another environment
SYNC: Final = 'sync'
JOB: Final = 'job'  # a workflow's job deploys by its own commands


class DeploymentRequested(NamedTuple):
    """`settings` is the digest of the stored text with which it is made. `fast` skips pauses and
    analyses. `origin` is the environment it is promoted from; `job` and `run` name who deploys."""

    number: int
    kind: str
    version: Version
    settings: str
    by: str
    reason: str = ''
    fast: bool = False
    origin: str = ''
    run: int = 0
    job: str = ''


class Approved(NamedTuple):
    """Holds for this commit and these settings only."""

    number: int
    by: str
    commit: str
    settings: str
    comment: str = ''


class Rejected(NamedTuple):
    number: int
    by: str
    comment: str = ''


class ProtectionBypassed(NamedTuple):
    """Somebody let it through although a rule would hold it. The reason is for the audit."""

    number: int
    by: str
    reason: str


class DeploymentHeld(NamedTuple):
    """It waits, and for what. Said again when that changes. `until` is 0 where only people help."""

    number: int
    reason: str
    until: float = 0.0


class DeploymentAllowed(NamedTuple):
    """Its protection is satisfied; it may start when it is first in line."""

    number: int
    message: str = ''


class Adopted(NamedTuple):
    """What was there before Liftlock's first deployment, as far as it can be gone back to."""

    revision: str
    version: Version


class DeploymentStarted(NamedTuple):
    """`revision` is what it runs as, `stable` what had the traffic before ('' for the first).

    `steps` are the names of the course's steps: were they others, their numbers would mean nothing.
    """

    number: int
    revision: str
    stable: str
    steps: tuple[str, ...]


class StepStarted(NamedTuple):
    number: int
    step: int
    name: str


class StepFinished(NamedTuple):
    number: int
    step: int
    name: str
    message: str = ''


class ScaleSet(NamedTuple):
    """How many instances of a revision there shall be, from now on."""

    number: int
    revision: str
    instances: int


class RoutesSet(NamedTuple):
    """Where traffic shall go, from now on."""

    number: int
    routes: Routes


class Shifted(NamedTuple):
    """The router has confirmed it. `took` is seconds since it was set."""

    number: int
    routes: Routes
    took: float


class Prepared(NamedTuple):
    number: int
    revision: str
    message: str = ''


class OperationStarted(NamedTuple):
    """Something that must not be done twice is about to be done. `operation` names it within the
    deployment: hook:before_switch, apply:r12."""

    number: int
    operation: str


class OperationFinished(NamedTuple):
    """`id` is the provider's. `output` is the end of what it said, without secrets."""

    number: int
    operation: str
    ok: bool
    message: str = ''
    output: str = ''
    id: str = ''


class Paused(NamedTuple):
    """It goes on when somebody promotes, or at `until` if that is not 0."""

    number: int
    reason: str
    until: float = 0.0


class Promoted(NamedTuple):
    """Somebody lets it go on; `full` skips all that is left of pauses and analyses."""

    number: int
    by: str
    full: bool = False


class AbortRequested(NamedTuple):
    number: int
    by: str
    reason: str = ''


class RollbackStarted(NamedTuple):
    """From here on the deployment goes back. `cause` is person, health, analysis, hook, tests,
    deadline, condition or error."""

    number: int
    cause: str
    reason: str


class AnalysisStarted(NamedTuple):
    """`stage` says where in the course: prePromotion, postPromotion, step-3, background, tests."""

    number: int
    stage: str
    analysis: str


class Measured(NamedTuple):
    """One measurement. `phase` is successful, failed, inconclusive or error; `value` None where
    there was none. Counts are of the window that was measured, and 0 where nothing is counted.

    `weight` is '' for a vote; `open` where counting only begins, `small` where too little was
    counted for a vote and it goes into the next, `gross` where it decides alone.
    """

    number: int
    stage: str
    analysis: str
    phase: str
    value: float | None = None
    requests: int = 0
    errors: int = 0
    baseline_requests: int = 0
    baseline_errors: int = 0
    message: str = ''
    weight: str = ''


class AnalysisFinished(NamedTuple):
    """`phase` as of a measurement, or stopped: nobody needs it any more."""

    number: int
    stage: str
    analysis: str
    phase: str
    message: str = ''


class Noticed(NamedTuple):
    """Worth telling: an instance died and was replaced, a probe failed, drift was seen."""

    number: int
    level: str  # notice, warning, error
    message: str


class DeploymentFinished(NamedTuple):
    """`conclusion` is success, failure (nothing had changed, or nothing to go back to),
    rolled_back, rejected, cancelled or superseded. `downtime` is seconds without an instance.
    `url` is where a job says that it has deployed to. `returned` is how many seconds it took until
    users had the old version again."""

    number: int
    conclusion: str
    message: str = ''
    downtime: float = 0.0
    url: str = ''
    returned: float = 0.0


class RevisionKept(NamedTuple):
    """An old version stays, ready to take over, until then. 0.0: for good."""

    revision: str
    until: float


class RevisionRetired(NamedTuple):
    revision: str


class HealthChanged(NamedTuple):
    healthy: bool
    message: str = ''


class AutomationHeld(NamedTuple):
    """Nothing is deployed by itself until somebody releases it: a person has gone back."""

    by: str
    reason: str


class AutomationReleased(NamedTuple):
    by: str


class WithdrawRequested(NamedTuple):
    """Everything that runs there is to be taken down. The history remains."""

    by: str
    reason: str = ''


class Withdrawn(NamedTuple):
    """It is down."""


class DriftSeen(NamedTuple):
    """What runs is not what the repository says; '' when it is again."""

    message: str


class AlertRaised(NamedTuple):
    """A condition of `alerts:` has held for its time. `notify` names the channels to be told."""

    alert: str
    severity: str  # critical, warning, info
    message: str
    notify: tuple[str, ...] = ()


class AlertCleared(NamedTuple):
    """It holds no longer, or nobody asks for it any more. `lasted` is seconds since the raising."""

    alert: str
    severity: str
    message: str
    lasted: float
    notify: tuple[str, ...] = ()


class AlertTold(NamedTuple):
    """A channel has taken in what the fact `of` (its `seq`) says; or it is given up: `failed`."""

    of: int
    channel: str
    failed: str = ''


class Unknown(NamedTuple):
    """A fact of a kind that this version does not know: kept as it is, and otherwise ignored."""

    kind: str
    data: Mapping[str, Value]


Fact: TypeAlias = (
    DeploymentRequested
    | Approved
    | Rejected
    | ProtectionBypassed
    | DeploymentHeld
    | DeploymentAllowed
    | Adopted
    | DeploymentStarted
    | StepStarted
    | StepFinished
    | ScaleSet
    | RoutesSet
    | Shifted
    | Prepared
    | OperationStarted
    | OperationFinished
    | Paused
    | Promoted
    | AbortRequested
    | RollbackStarted
    | AnalysisStarted
    | Measured
    | AnalysisFinished
    | Noticed
    | DeploymentFinished
    | RevisionKept
    | RevisionRetired
    | HealthChanged
    | AutomationHeld
    | AutomationReleased
    | WithdrawRequested
    | Withdrawn
    | DriftSeen
    | AlertRaised
    | AlertCleared
    | AlertTold
    | Unknown
)


class Stamped(NamedTuple):
    """A fact as it was written. `at` is seconds since 1970; `seq` counts up within a store."""

    seq: int
    environment: int
    at: float
    fact: Fact

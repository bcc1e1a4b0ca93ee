"""One deployment as its facts tell it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout.analysis import Tally, take
from liftlock.rollout.phases import Phase, move
from liftlock.rollout.version import Version

STOP: Final = 'stop the old version'  # the step after which nobody answers for a while


class Trial(NamedTuple):
    """One analysis of a deployment. `phase` is '' while it goes on."""

    started: float
    tally: Tally = Tally()
    phase: str = ''
    finished: float = 0.0
    message: str = ''


class Deployment(NamedTuple):
    """`step` is the number of the step that is due, `step_at` when it was started, or 0.0."""

    request: f.DeploymentRequested
    requested_at: float
    phase: Phase = Phase.WAITING
    approvals: tuple[tuple[f.Approved, float], ...] = ()
    rejected: f.Rejected | None = None
    bypass: f.ProtectionBypassed | None = None
    held: str = ''
    held_until: float = 0.0
    started_at: float = 0.0
    revision: str = ''
    stable: str = ''
    steps: tuple[str, ...] = ()
    step: int = 0
    step_at: float = 0.0
    moved_at: float = 0.0  # the last time that there was progress
    prepared: Mapping[str, str] = {}  # what was done for it, by revision
    operations: Mapping[str, f.OperationFinished | None] = {}
    trials: Mapping[tuple[str, str], Trial] = {}
    paused: f.Paused | None = None
    promoted_at: float = 0.0
    full: bool = False
    abort: f.AbortRequested | None = None
    back: f.RollbackStarted | None = None
    back_at: float = 0.0
    restored_at: float = 0.0  # when the old revision had all the traffic again
    gone_at: float = 0.0  # when the old version was stopped
    served_at: float = 0.0  # when the new one got traffic for the first time
    finished_at: float = 0.0
    conclusion: str = ''
    message: str = ''
    downtime: float = 0.0
    returned: float = 0.0
    url: str = ''

    @property
    def number(self) -> int:
        return self.request.number

    @property
    def version(self) -> Version:
        return self.request.version

    @property
    def active(self) -> bool:
        return self.phase in (Phase.PROGRESSING, Phase.PAUSED, Phase.RETURNING)


def advance(deployment: Deployment, fact: f.Fact, at: float) -> Deployment:
    """The deployment after the fact, which is one of its own."""
    phase = move(deployment.phase, fact)
    change = _CHANGES.get(type(fact))
    changed = change(deployment, fact, at) if change else {}
    return deployment._replace(phase=phase, **changed)


Changes = dict[str, Any]


def _approved(deployment: Deployment, fact: f.Approved, at: float) -> Changes:
    return {'approvals': (*deployment.approvals, (fact, at))}


def _rejected(deployment: Deployment, fact: f.Rejected, at: float) -> Changes:
    return {'rejected': fact}


def _bypassed(deployment: Deployment, fact: f.ProtectionBypassed, at: float) -> Changes:
    return {'bypass': fact}


def _held(deployment: Deployment, fact: f.DeploymentHeld, at: float) -> Changes:
    return {'held': fact.reason, 'held_until': fact.until}


def _allowed(deployment: Deployment, fact: f.DeploymentAllowed, at: float) -> Changes:
    return {'held': '', 'held_until': 0.0}


def _started(deployment: Deployment, fact: f.DeploymentStarted, at: float) -> Changes:
    return {
        'started_at': deployment.started_at or at,
        'revision': fact.revision,
        'stable': fact.stable,
        'steps': fact.steps,
        'step': 0,
        'step_at': 0.0,
        'moved_at': at,
        'held': '',
    }


def _step_started(deployment: Deployment, fact: f.StepStarted, at: float) -> Changes:
    gone = at if fact.name == STOP else deployment.gone_at
    return {'step': fact.step, 'step_at': at, 'moved_at': at, 'gone_at': gone}


def _step_finished(deployment: Deployment, fact: f.StepFinished, at: float) -> Changes:
    return {'step': fact.step + 1, 'step_at': 0.0, 'moved_at': at, 'paused': None}


def _moved(deployment: Deployment, fact: f.Fact, at: float) -> Changes:
    return {'moved_at': at}


def _shifted(deployment: Deployment, fact: f.Shifted, at: float) -> Changes:
    served, restored = deployment.served_at, deployment.restored_at
    if fact.routes.weight(deployment.revision) and not served:
        served = at
    if deployment.back and fact.routes.weight(deployment.stable) == 100 and not restored:
        restored = at
    return {'moved_at': at, 'served_at': served, 'restored_at': restored}


def _prepared(deployment: Deployment, fact: f.Prepared, at: float) -> Changes:
    prepared = {**deployment.prepared, fact.revision: fact.message}
    return {'prepared': prepared, 'moved_at': at}


def _operation_started(deployment: Deployment, fact: f.OperationStarted, at: float) -> Changes:
    return {'operations': {**deployment.operations, fact.operation: None}, 'moved_at': at}


def _operation_finished(deployment: Deployment, fact: f.OperationFinished, at: float) -> Changes:
    return {'operations': {**deployment.operations, fact.operation: fact}, 'moved_at': at}


def _paused(deployment: Deployment, fact: f.Paused, at: float) -> Changes:
    return {'paused': fact}


def _promoted(deployment: Deployment, fact: f.Promoted, at: float) -> Changes:
    full = deployment.full or fact.full
    return {'promoted_at': at, 'full': full, 'paused': None, 'moved_at': at}


def _abort_requested(deployment: Deployment, fact: f.AbortRequested, at: float) -> Changes:
    return {'abort': deployment.abort or fact}


def _rollback_started(deployment: Deployment, fact: f.RollbackStarted, at: float) -> Changes:
    if deployment.back is not None:
        return {}
    return {
        'back': fact,
        'back_at': at,
        'steps': (),
        'step': 0,
        'step_at': 0.0,
        'moved_at': at,
        'paused': None,
    }


def _analysis_started(deployment: Deployment, fact: f.AnalysisStarted, at: float) -> Changes:
    return _trial(deployment, fact.stage, fact.analysis, Trial(at))


def _measured(deployment: Deployment, fact: f.Measured, at: float) -> Changes:
    trial = deployment.trials.get((fact.stage, fact.analysis), Trial(at))
    now = trial._replace(tally=take(trial.tally, fact, at))
    return _trial(deployment, fact.stage, fact.analysis, now)


def _analysis_finished(deployment: Deployment, fact: f.AnalysisFinished, at: float) -> Changes:
    trial = deployment.trials.get((fact.stage, fact.analysis), Trial(at))
    now = trial._replace(phase=fact.phase, finished=at, message=fact.message)
    return {**_trial(deployment, fact.stage, fact.analysis, now), 'moved_at': at}


def _trial(deployment: Deployment, stage: str, analysis: str, trial: Trial) -> Changes:
    return {'trials': {**deployment.trials, (stage, analysis): trial}}


def _finished(deployment: Deployment, fact: f.DeploymentFinished, at: float) -> Changes:
    if deployment.phase is Phase.ENDED:
        return {}
    return {
        'finished_at': at,
        'conclusion': fact.conclusion,
        'message': fact.message,
        'downtime': fact.downtime,
        'returned': fact.returned,
        'url': fact.url,
        'held': '',
        'held_until': 0.0,
        'paused': None,
    }


_CHANGES: Final[Mapping[type[Any], Callable[[Deployment, Any, float], Changes]]] = {
    f.Approved: _approved,
    f.Rejected: _rejected,
    f.ProtectionBypassed: _bypassed,
    f.DeploymentHeld: _held,
    f.DeploymentAllowed: _allowed,
    f.DeploymentStarted: _started,
    f.StepStarted: _step_started,
    f.StepFinished: _step_finished,
    f.ScaleSet: _moved,
    f.RoutesSet: _moved,
    f.Shifted: _shifted,
    f.Prepared: _prepared,
    f.OperationStarted: _operation_started,
    f.OperationFinished: _operation_finished,
    f.Paused: _paused,
    f.Promoted: _promoted,
    f.AbortRequested: _abort_requested,
    f.RollbackStarted: _rollback_started,
    f.AnalysisStarted: _analysis_started,
    f.Measured: _measured,
    f.AnalysisFinished: _analysis_finished,
    f.DeploymentFinished: _finished,
}

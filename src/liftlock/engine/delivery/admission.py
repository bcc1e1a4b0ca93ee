"""Whether a deployment may start: what the gates' rules say, told as facts."""

from collections.abc import Iterator, Mapping, Sequence

from liftlock.gates import protection
from liftlock.gates.protection import Allowed, Asked, Known, Refused, Waiting
from liftlock.gates.verdict import Verdict
from liftlock.language.settings import model
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import fold
from liftlock.store import deliveries
from liftlock.store.database import Store

FAST = 'a rollback needs no approval'


def judge(
    one: Deployment,
    settings: model.Environment,
    known: Known,
    now: float,
) -> f.Fact | None:
    """The fact that says what became of its protection; None where nothing has changed.

    Taking a bad version back waits for nobody: neither reviewers nor a freeze may keep it.
    """
    request = one.request
    if request.kind == f.ROLLBACK:
        return f.DeploymentAllowed(one.number, FAST)
    asked = Asked(
        commit=request.version.commit,
        ref=request.version.ref,
        settings=request.settings,
        at=one.requested_at,
        by=request.by,
    )
    rules = settings.protection, settings.freeze
    match protection.judge(*rules, asked, _said(one), known, now):
        case Allowed(message):
            return f.DeploymentAllowed(one.number, message)
        case Refused(reason):
            return f.DeploymentFinished(one.number, 'rejected', reason)
        case Waiting(_, until) as waiting if (waiting.reason, until) != (one.held, one.held_until):
            return f.DeploymentHeld(one.number, waiting.reason, until)
    return None


def _said(one: Deployment) -> protection.Said:
    approvals = tuple(
        protection.Approval(fact.by, fact.commit, fact.settings) for fact, _ in one.approvals
    )
    rejection = (
        protection.Rejection(one.rejected.by, one.rejected.comment) if one.rejected else None
    )
    bypass = protection.Bypass(one.bypass.by, one.bypass.reason) if one.bypass else None
    return protection.Said(approvals, rejection, bypass)


def known(
    store: Store,
    repository: str,
    one: Deployment,
    settings: model.Environment,
    teams: Mapping[str, Sequence[str]] = {},
    verdicts: tuple[Verdict, ...] = (),
) -> Known:
    """What the rules need to know of other places."""
    return Known(teams, verdicts, tuple(_missing(store, repository, one, settings)))


def _missing(
    store: Store, repository: str, one: Deployment, settings: model.Environment
) -> Iterator[str]:
    """Environments in which this very version has not succeeded."""
    for word in settings.needs:
        place = deliveries.environment(store, repository, word.text)
        there = fold(deliveries.facts(store, place.id))
        if not there.revision_of(one.version) and not _by_job(there.deployments, one):
            yield word.text


def _by_job(deployments: Mapping[int, Deployment], one: Deployment) -> bool:
    return any(
        each.conclusion == 'success' and each.version.id == one.version.id
        for each in deployments.values()
    )

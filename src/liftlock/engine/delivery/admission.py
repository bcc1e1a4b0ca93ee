"""Whether a deployment may start: what the gates' rules say, told as facts."""

from collections.abc import Iterator, Mapping, Sequence

from liftlock.errors import UserError
from liftlock.gates import protection
from liftlock.gates.protection import Allowed, Asked, Judgement, Known, Refused, Waiting
from liftlock.gates.verdict import Verdict
from liftlock.language.settings import model
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import fold
from liftlock.rollout.version import Version
from liftlock.store import deliveries, runs
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
    if one.request.kind == f.ROLLBACK:
        return f.DeploymentAllowed(one.number, FAST)
    match judgement(one, settings, known, now):
        case Allowed(message):
            return f.DeploymentAllowed(one.number, message)
        case Refused(reason):
            return f.DeploymentFinished(one.number, 'rejected', reason)
        case Waiting(_, until) as waiting if (waiting.reason, until) != (one.held, one.held_until):
            return f.DeploymentHeld(one.number, waiting.reason, until)
    return None


def judgement(
    one: Deployment,
    settings: model.Environment,
    known: Known,
    now: float,
    authors: tuple[str, ...] = (),
) -> Judgement:
    """`authors` pushed the commit, besides those that are known."""
    request = one.request
    asked = Asked(
        commit=request.version.commit,
        ref=request.version.ref,
        settings=request.settings,
        at=one.requested_at,
        by=request.by,
    )
    known = known._replace(authors=(*known.authors, *authors))
    return protection.judge(settings.protection, settings.freeze, asked, _said(one), known, now)


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
    teams: Mapping[str, Sequence[str]],
    verdicts: tuple[Verdict, ...],
) -> Known:
    """What the rules need to know of other places. `verdicts` are those of the gates, which nobody
    may forget: see `gating`."""
    missing = tuple(_missing(store, repository, one, settings))
    return Known(teams, verdicts, missing, authors(store, one))


def authors(store: Store, one: Deployment) -> tuple[str, ...]:
    """Who pushed the commit, as far as the run that made the version tells."""
    number = one.request.run or one.version.run
    if not number:
        return ()
    try:
        return (runs.find(store, str(number)).actor,)
    except UserError:  # it is not there any more
        return ()


def _missing(
    store: Store, repository: str, one: Deployment, settings: model.Environment
) -> Iterator[str]:
    """Environments in which this very version has not succeeded."""
    for word in settings.needs:
        place = deliveries.environment(store, repository, word.text)
        there = fold(deliveries.facts(store, place.id))
        succeeded = (there.deployments[number].version for number in there.successes)
        if not any(_same(version, one.version) for version in succeeded):
            yield word.text


def _same(one: Version, other: Version) -> bool:
    """What a job deploys is known by its commit alone."""
    if one.id == other.id:
        return True
    bare = not (one.artifact or one.image) or not (other.artifact or other.image)
    return bare and one.commit != '' and one.commit == other.commit

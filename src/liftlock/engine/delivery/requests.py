"""What people ask of environments, and why it sometimes cannot be done. Each becomes a fact."""

from typing import Final

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import SUCCESS, Environment, fold
from liftlock.rollout.phases import Phase
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place

SUPERSEDED: Final = 'superseded'  # a newer one took its place before it began


class Wish(NamedTuple):
    """Why something is deployed, besides what and where."""

    by: str
    kind: str = f.DEPLOY
    reason: str = ''
    fast: bool = False
    origin: str = ''


def deploy(store: Store, blueprint: Blueprint, version: Version, wish: Wish) -> tuple[Place, int]:
    """Write down that the version is to be deployed; the environment and the number it got. What
    somebody deploys himself ends the time in which nothing is deployed by itself."""
    settings = blueprints.environment(blueprint)
    if settings.target is None:
        raise UserError(
            f'{blueprint.environment} has no target in liftlock.yml, so nothing can be deployed '
            'to it from here',
            'add target:, or let a workflow job with this environment deploy',
        )
    place = deliveries.environment(store, blueprint.repository, blueprint.environment)
    digest = deliveries.keep(store, blueprints.dump(blueprint))
    draft = f.DeploymentRequested(
        0,
        wish.kind,
        version,
        digest,
        wish.by,
        wish.reason,
        wish.fast,
        wish.origin,
        run=version.run,
    )
    number = _number(deliveries.request(store, place.id, draft))
    release(store, place, wish.by)
    return place, number


def release(store: Store, place: Place, by: str) -> bool:
    """Let things be deployed by themselves again; whether they were held."""
    if fold(deliveries.facts(store, place.id)).held is None:
        return False
    deliveries.append(store, place.id, [f.AutomationReleased(by)])
    return True


def retry(store: Store, place: Place, by: str) -> int:
    """The last deployment again, which did not succeed, with its recorded settings."""
    environment = fold(deliveries.facts(store, place.id))
    ended = [
        one
        for one in environment.deployments.values()
        if one.phase is Phase.ENDED and one.request.kind != f.JOB and one.conclusion != SUPERSEDED
    ]
    if not ended:
        raise UserError(f'no deployment to {place.name} has ended', f'liftlock status {place.name}')
    last = ended[-1]
    if last.conclusion == SUCCESS:
        raise UserError(
            f'#{last.number} to {place.name} has succeeded: there is nothing to retry',
            'an earlier version again: liftlock deploy --version NAME',
        )
    number = again(store, place, last, by, f'retry of #{last.number}')
    if last.request.kind != f.ROLLBACK:
        release(store, place, by)
    return number


def again(store: Store, place: Place, one: Deployment, by: str, reason: str, kind: str = '') -> int:
    """A deployment once more, as it was asked for."""
    wish = one.request._replace(
        number=0, by=by, reason=reason, kind=kind or one.request.kind, job=''
    )
    return _number(deliveries.request(store, place.id, wish))


class Back(NamedTuple):
    """What goes back: a deployment that was going on (`aborted`), or a new one."""

    number: int
    aborted: bool


def rollback(store: Store, place: Place, to: str, by: str, reason: str) -> Back:
    """Go back to a version that succeeded here: the one before, unless `to` names another. What
    goes on is taken back, and that is all where nothing is named."""
    environment = fold(deliveries.facts(store, place.id))
    active = environment.active
    going = active if active is not None and active.request.kind != f.JOB else None
    if going is not None:
        why = reason or 'rolled back'
        facts = [
            f.AbortRequested(going.number, by, why),
            *_held(environment, going.version, by, why),
        ]
        deliveries.append(store, place.id, facts)
        if not to:
            return Back(going.number, aborted=True)
    wish = _earlier(environment, place, to)._replace(number=0, by=by, reason=reason)
    number = _number(deliveries.request(store, place.id, wish))
    if going is None:
        why = reason or f'rolled back to {wish.version.name}'
        deliveries.append(store, place.id, _held(environment, environment.current, by, why))
    return Back(number, aborted=False)


def _held(environment: Environment, left: Version | None, by: str, why: str) -> list[f.Fact]:
    """Nothing is deployed by itself from now on, nor what waits to be; nor does the version come
    back that is `left`."""
    called_off = (
        f.AbortRequested(one.number, by, why)
        for one in (*environment.waiting, *environment.line)
        if one.request.kind == f.SYNC or (left is not None and one.version.id == left.id)
    )
    return [*called_off, f.AutomationHeld(by, why)]


def _earlier(environment: Environment, place: Place, to: str) -> f.DeploymentRequested:
    """What asks for it, but for who does and why."""
    last, current = environment.last, environment.current
    found = find(environment, place, to) if to else environment.before()
    if found is not None:
        version, settings = found.version, found.request.settings
    elif environment.adopted is not None and last is not None and not to:
        version, settings = environment.adopted, last.request.settings
    else:
        raise UserError(
            f'{place.name} has no earlier version to go back to', 'liftlock deployments shows all'
        )
    if current is not None and current.id == version.id and environment.active is None:
        raise UserError(f'{version.name} is what runs in {place.name} already')
    return f.DeploymentRequested(0, f.ROLLBACK, version, settings, '')


def promote(store: Store, place: Place, by: str, *, full: bool) -> int:
    """Let the paused deployment go on; with `full`, leave out all pauses and analyses."""
    environment = fold(deliveries.facts(store, place.id))
    active = environment.active
    if active is None or active.phase is Phase.RETURNING:
        raise UserError(*_nothing_to_promote(environment, place))
    if active.phase is not Phase.PAUSED and not full:
        raise UserError(
            f'#{active.number} is not paused: {_doing(active)}',
            'to leave out what is still to come: liftlock promote --full',
        )
    deliveries.append(store, place.id, [f.Promoted(active.number, by, full)])
    return active.number


def abort(store: Store, place: Place, by: str, reason: str, number: int = 0) -> int:
    """Take back what goes on, or what waits."""
    environment = fold(deliveries.facts(store, place.id))
    candidates = [
        one
        for one in environment.deployments.values()
        if one.phase is not Phase.ENDED and (not number or one.number == number)
    ]
    found = environment.active if not number else next(iter(candidates), None)
    found = found or (candidates[-1] if candidates else None)
    if found is None:
        raise UserError(
            f'no deployment to {place.name} goes on or waits',
            f'to go back to the version before: liftlock rollback {place.name}',
        )
    if found.phase is Phase.RETURNING:
        raise UserError(f'#{found.number} goes back already')
    deliveries.append(store, place.id, [f.AbortRequested(found.number, by, reason)])
    return found.number


def down(store: Store, place: Place, by: str, reason: str) -> int:
    """The fact's `seq`. Take down what runs; what waits or goes on has to be called off first."""
    environment = fold(deliveries.facts(store, place.id))
    busy = environment.active or next(iter((*environment.line, *environment.waiting)), None)
    if busy is not None:
        raise UserError(
            f'#{busy.number} to {place.name} goes on or waits',
            f'take it back first: liftlock abort {place.name}',
        )
    managed = [one for one in environment.deployments.values() if one.request.kind != f.JOB]
    if not any(one.revision for one in managed):
        raise UserError(f'nothing was ever started in {place.name} from here')
    (asked,) = deliveries.append(store, place.id, [f.WithdrawRequested(by, reason)])
    return asked.seq


def find(environment: Environment, place: Place, text: str) -> Deployment:
    """The last success here of what somebody calls it: a version's name or id, the beginning of
    its commit, or `#` and the number of a deployment."""
    known = [environment.deployments[number] for number in environment.successes]
    for one in reversed(known):
        version = one.version
        names = (version.name, version.id, f'#{one.number}')
        if text in names or (len(text) >= 6 and version.commit.startswith(text)):
            return one
    were = list(dict.fromkeys(one.version.name for one in reversed(known)))
    hint = f'there were: {", ".join(were[:10])}' if were else 'nothing has succeeded there yet'
    raise UserError(f'{place.name} never had a version "{text}"', hint)


def _number(stamped: f.Stamped) -> int:
    assert isinstance(stamped.fact, f.DeploymentRequested)
    return stamped.fact.number


def _doing(one: Deployment) -> str:
    return one.steps[one.step] if one.step < len(one.steps) else one.phase.value


def _nothing_to_promote(environment: Environment, place: Place) -> tuple[str, str]:
    waiting = environment.waiting
    if waiting:
        return (
            f'#{waiting[0].number} waits: {waiting[0].held or "for its protection"}',
            f'approve it with: liftlock approve {place.name}',
        )
    return f'no deployment to {place.name} is paused', f'see: liftlock status {place.name}'

"""The way back where jobs deploy: the job that brought the earlier version is run once more.

It runs on its own run's sources, with its workflow as it was then, and alone: what needed it keeps
its results. Its deployment waits for nobody; and it is not gone back from by itself.
"""

from typing import TYPE_CHECKING

from liftlock.engine.delivery import jobs, requests
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import Environment, fold
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place

if TYPE_CHECKING:
    from liftlock.engine.inline import Inline
    from liftlock.engine.submission import Terms


class Return(NamedTuple):
    """`to` is the deployment whose job brings the environment back to what it was."""

    place: Place
    to: Deployment
    reason: str

    @property
    def run(self) -> int:
        return self.to.request.run

    @property
    def job(self) -> str:
        return self.to.request.job


def due(store: Store, run: int) -> list[Return]:
    """What has to be gone back from by itself after a run: what its jobs have deployed and what
    was not well, where `rollback:` says so, nobody has come since, and there is a way back."""
    found = []
    for place in deliveries.environments(store):
        environment = fold(deliveries.facts(store, place.id))
        last = environment.deployments.get(max(environment.deployments, default=0))
        if last is None or (last.request.kind, last.request.run) != (f.JOB, run):
            continue
        if last.back is None or last.request.fast or not _goes_back(store, last):
            continue
        before = _before(environment, last)
        if before is not None:
            found.append(Return(place, before, f'{last.version.name}: {last.back.reason}'))
    return found


def _goes_back(store: Store, one: Deployment) -> bool:
    from liftlock.engine.delivery import blueprint as blueprints

    known: Blueprint = blueprints.load(deliveries.text(store, one.request.settings))
    found = jobs.declared(known.settings, known.environment)
    return found is not None and found.rollback is not None


def _before(environment: Environment, one: Deployment) -> Deployment | None:
    """The last success of another version, if a job had brought it."""
    for number in reversed(environment.successes):
        earlier = environment.deployments[number]
        if earlier.version.id != one.version.id:
            return earlier if earlier.request.kind == f.JOB else None
    return None


def find(store: Store, place: Place, to: str, reason: str) -> Return | None:
    """To the version before, unless `to` names another; None where Liftlock itself had deployed
    it. UserError if there is none."""
    environment = fold(deliveries.facts(store, place.id))
    earlier = requests.find(environment, place, to) if to else _present_or_before(environment)
    if earlier is None or earlier.request.kind != f.JOB:
        return None
    active = environment.active
    if active is not None:
        raise UserError(
            f'job "{active.request.job}" of run {active.request.run} deploys to {place.name}',
            f'stop it first: liftlock abort {place.name}',
        )
    last = environment.deployments[max(environment.deployments)]
    if last.version.id == earlier.version.id and last.conclusion == 'success':
        raise UserError(f'{earlier.version.name} is what was deployed to {place.name} last')
    return Return(place, earlier, reason or 'rollback')


def _present_or_before(environment: Environment) -> Deployment | None:
    """A job that has failed may have left anything; then the way back leads to what was there."""
    tried = [one for one in environment.deployments.values() if one.started_at]
    failed = bool(tried) and tried[-1].conclusion not in ('', 'success')
    return environment.last if failed else environment.before()


def begin(engine: 'Inline', store: Store, back: Return, terms: 'Terms') -> int:
    """Have the job run again by whoever then carries its run out; the deployment's number.
    UserError if it cannot be."""
    engine.rerun(back.run, terms.secrets, jobs=(back.job,), alone=True)
    return _ask(store, back, terms.by)


def _ask(store: Store, back: Return, by: str) -> int:
    """Ask for the deployment that the job, when it is run again, takes for its own."""
    to = back.to.request
    wanted = f.DeploymentRequested(
        0, f.JOB, to.version, to.settings, by, f'back: {back.reason}', fast=True, run=to.run,
        job=to.job,
    )  # fmt: skip
    stamped = deliveries.request(store, back.place.id, wanted)
    assert isinstance(stamped.fact, f.DeploymentRequested)
    return stamped.fact.number

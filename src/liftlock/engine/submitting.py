"""From a plan, and the files it was made from, to what the engine is handed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from liftlock.engine import confinement, declared, locks
from liftlock.engine.locks import Held
from liftlock.engine.submission import Retention, Submission
from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.language.settings.sandbox import Sandbox
from liftlock.plan import environments, repository
from liftlock.plan.event import Event
from liftlock.plan.plan import Plan
from liftlock.runner.snapshot import Snapshot

if TYPE_CHECKING:
    from liftlock.language.settings.model import Settings


class Manner(NamedTuple):
    """How a run is to be carried out. `sandbox` goes before what the repository's own
    `liftlock.yml` says; `cause` is what made the run: the same one makes no second."""

    secrets: tuple[str, ...] = ()  # names of those given by hand
    allow_missing_runners: bool = False
    otherwise: str = 'host'
    real_actions: bool = False
    sandbox: Sandbox | None = None
    cause: str = ''


def submission(
    plan: Plan,
    files: Mapping[str, str],
    snapshot: Snapshot,
    manner: Manner,
    settings: 'Settings | None',
) -> Submission:
    """`files` are the repository's, by path; `settings` what `declared.read` gave for them."""
    said = settings.sandbox if settings else Sandbox()
    keep = kept(
        snapshot,
        locks.held(files, plan.workflow.path),
        plan.request.event,
        said if manner.sandbox is None else manner.sandbox,
        real_actions=manner.real_actions,
    )
    return Submission(
        request=plan.request,
        name=plan.name,
        title=plan.title,
        keep=keep,
        secrets=manner.secrets,
        allow_missing_runners=manner.allow_missing_runners,
        otherwise=manner.otherwise,
        settings=declared.deliveries(files, environments.named(plan)),
        retention=_retention(settings),
        retries=_retries(settings),
        cause=manner.cause,
    )


def kept(
    snapshot: Snapshot, held: Held, event: Event, confined: Sandbox, *, real_actions: bool
) -> Mapping[str, Value]:
    """What is needed again to build the world of the run when somebody takes it up later."""
    return {
        'sources': str(snapshot.store),
        'commit': snapshot.commit,
        'repository': repository.uri(snapshot.url, event.repository),
        'uncommitted': snapshot.dirty,
        'sandbox': confinement.dump(confined),
        'real_actions': real_actions,
        'pins': None if held.pins is None else dict(held.pins),
        'images': None if held.images is None else dict(held.images),
    }


def _retries(settings: 'Settings | None') -> dict[str, int]:
    """By job; of those whose runner is lost."""
    said = settings.retry if settings else {}
    return {job: one.times for job, one in said.items() if 'lost-runner' in one.on}


def _retention(settings: 'Settings | None') -> Retention:
    """What nothing is said about is kept as on GitHub."""
    said = settings.retention._asdict() if settings else {}
    known = {name: said[name] for name in Retention._fields if said.get(name)}
    return Retention(**known)

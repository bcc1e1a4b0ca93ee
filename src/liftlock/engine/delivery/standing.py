"""How an environment stands: what its facts tell, and what its supervisor sees just now."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import calls
from liftlock.engine.delivery.calls import Silent
from liftlock.engine.delivery.lodge import Lodge
from liftlock.errors import UserError
from liftlock.gates import freezes
from liftlock.gates.freezes import Frozen
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout import facts as f
from liftlock.rollout import wire
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import Environment
from liftlock.rollout.sight import Group, Sight
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place


class Live(NamedTuple):
    """What the supervisor answers. `watched`: there is one."""

    watched: bool = False
    sight: Sight | None = None
    groups: Mapping[str, Group] = {}
    address: str = ''
    preview: str = ''


class Standing(NamedTuple):
    """`facts` are all of them, in order; `frozen` are the freezes that hold now. `follows`: it is
    compared with git all the time."""

    place: Place
    environment: Environment
    facts: tuple[f.Stamped, ...] = ()
    live: Live = Live()
    frozen: tuple[Frozen, ...] = ()
    follows: bool = False

    @property
    def version(self) -> Version | None:
        return self.environment.current

    @property
    def running(self) -> bool:
        """Whether something shall run there."""
        return any(self.environment.wanted.values())

    @property
    def sync(self) -> str:
        """`in sync` or `out of sync`, as when somebody looked last; '' where nobody does."""
        if not self.follows:
            return ''
        return 'out of sync' if self.environment.drift else 'in sync'

    def version_of(self, revision: str) -> str:
        version = self.environment.versions.get(revision)
        return version.name if version else '?'


def word(standing: Standing) -> str:
    """deploying, paused, going back, unhealthy, healthy, running, down or empty. Running: nobody
    knows how it is."""
    environment = standing.environment
    active = environment.active
    if active is not None:
        return WORDS[active.phase.value]
    if environment.healthy is False:
        return 'unhealthy'
    last = environment.last
    if last is None:
        return 'empty'
    if last.revision and not environment.stable:  # somebody took it down
        return 'down'
    return 'healthy' if environment.healthy else 'running'


WORDS = {'progressing': 'deploying', 'paused': 'paused', 'returning': 'going back'}


class Looking:
    """Looks again and again, and reads each fact once."""

    def __init__(self, store: Store, see: Callable[[Lodge, Place], Live] | None = None) -> None:
        """`see` asks the supervisor, if not as everybody does: by waiting for its answer."""
        self._store = store
        self._see = see or live
        self._lodge = Lodge(store.directory)
        self._known: dict[int, Standing] = {}
        self._settings: dict[str, model.Environment] = {}

    def look(self, places: Iterable[Place], now: float) -> list[Standing]:
        return [self._look(place, now) for place in places]

    def _look(self, place: Place, now: float) -> Standing:
        known = self._known.get(place.id) or Standing(place, Environment())
        new = deliveries.facts(self._store, place.id, known.environment.seq)
        for stamped in new:
            known.environment.take(stamped)
        standing = known._replace(
            facts=(*known.facts, *new),
            live=self._see(self._lodge, place),
            frozen=freezes.frozen(self._newest(known.environment).freeze, now),
            follows=self._follows(known.environment),
        )
        self._known[place.id] = standing
        return standing

    def _newest(self, environment: Environment) -> model.Environment:
        """The newest settings, if they can still be read."""
        number = max(environment.deployments, default=0)
        return self._of(environment, number)

    def _follows(self, environment: Environment) -> bool:
        last = environment.last
        if last is None or not environment.stable:
            return False
        return self._of(environment, last.number).sync is not None

    def _of(self, environment: Environment, number: int) -> model.Environment:
        one = environment.deployments.get(number)
        digest = one.request.settings if one else ''
        if digest not in self._settings:
            try:
                text = deliveries.text(self._store, digest)
                found = blueprints.environment(blueprints.load(text))
            except (KeyError, ValueError, UserError):
                found = model.Environment()
            self._settings[digest] = found
        return self._settings[digest]


def live(lodge: Lodge, place: Place) -> Live:
    try:
        answer = calls.ask(lodge, {'do': 'look', 'environment': place.id})
    except Silent:
        return Live()
    except UserError:  # nothing runs there, or nothing that Liftlock could look at
        return Live(watched=True)
    sight = wire.record_of(Sight, answer['sight'])
    groups = {name: wire.record_of(Group, one) for name, one in answer.get('groups', {}).items()}
    return Live(True, sight, groups, answer.get('address', ''), answer.get('preview', ''))


# --- as JSON


def record(standing: Standing) -> dict[str, Any]:
    """Everything that `liftlock status` shows, for programs."""
    place, environment, seen = standing.place, standing.environment, standing.live
    last = environment.last
    return {
        'environment': place.name,
        'repository': place.repository,
        'state': word(standing),
        'version': _version(environment.current),
        'deployment': last.number if last else None,
        'since': (last.served_at or last.finished_at) if last else None,
        'by': last.request.by if last else None,
        'healthy': environment.healthy,
        'health': environment.health_message,
        'watched': seen.watched,
        'address': seen.address,
        'preview': seen.preview,
        'instances': _instances(standing),
        'traffic': wire.plain(environment.routes),
        'deploying': _deploying(environment.active),
        'queue': [_waiting(one) for one in (*environment.line, *environment.waiting)],
        'kept': environment.kept,
        'held': environment.held._asdict() if environment.held else None,
        'frozen': [one._asdict() for one in standing.frozen],
        'sync': standing.sync or None,
        'drift': environment.drift,
        'alerts': [{**one.fact._asdict(), 'since': one.at} for one in environment.alerts.values()],
    }


def _version(version: Version | None) -> dict[str, Any] | None:
    return {'id': version.id, **version._asdict()} if version else None


def _instances(standing: Standing) -> list[dict[str, Any]]:
    found = standing.live.sight.instances if standing.live.sight else ()
    return [{**one._asdict(), 'version': standing.version_of(one.revision)} for one in found]


def _deploying(one: Deployment | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        'number': one.number,
        'version': _version(one.version),
        'by': one.request.by,
        'phase': one.phase.value,
        'started': one.started_at,
        'steps': one.steps,
        'step': one.step,
        'paused': one.paused._asdict() if one.paused else None,
        'going_back': one.back._asdict() if one.back else None,
        'analyses': [
            {'stage': stage, 'analysis': name, **wire.plain(trial)}
            for (stage, name), trial in one.trials.items()
        ],
    }


def _waiting(one: Deployment) -> dict[str, Any]:
    return {
        'number': one.number,
        'version': _version(one.version),
        'by': one.request.by,
        'phase': one.phase.value,
        'since': one.requested_at,
        'reason': one.held,
        'until': one.held_until,
        'approved_by': [approval.by for approval, _ in one.approvals],
    }


def deployment_record(one: deliveries.Deployment, place: Place) -> dict[str, Any]:
    """`took` is None until it has ended, or where it never started."""
    told = one._asdict()
    told |= {'environment': place.name, 'repository': place.repository}
    took = one.finished - one.started if one.started and one.finished else None
    return {**told, 'took': took, 'rollback': one.kind == f.ROLLBACK}

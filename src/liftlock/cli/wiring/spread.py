"""Introduces what spreads work over machines: loaded where the store is on PostgreSQL."""

import os
import platform
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from liftlock import VERSION
from liftlock.cli import stored, wiring
from liftlock.cli.wiring import Place, Works
from liftlock.engine import labels, trusted
from liftlock.engine.inline import Inline
from liftlock.engine.spread import warden
from liftlock.engine.spread.bells import Bells
from liftlock.engine.spread.carrying import Ground
from liftlock.engine.spread.driver import Spread
from liftlock.engine.spread.duty import Bay, Seal
from liftlock.engine.spread.post import Mail
from liftlock.engine.spread.station import Station
from liftlock.engine.spread.warden import Warden
from liftlock.engine.spread.yard import Limits, Yard
from liftlock.engine.submission import Terms
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import sealing
from liftlock.store.database import Store
from liftlock.store.workers import Card

PURPOSE = 'secrets of a task, given by hand'


class Means(NamedTuple):
    """What a worker is given. `works`: where its jobs' directories are; None is with the logs."""

    labels: Sequence[str] = ()
    picky: bool = False
    slots: int = 0
    works: Path | None = None
    machine: str = ''


class Fleet(NamedTuple):
    """Works whose engine spreads jobs over workers, and this process among those. `terms` are
    those on which runs are carried out here."""

    works: Works
    station: Station
    store: Store
    engine: Inline
    terms: Callable[[int, str], Terms]


def limits() -> Limits:
    """How long silence may last, in seconds, can be said for tests: LIFTLOCK_GRACE."""
    grace = float(os.environ.get('LIFTLOCK_GRACE') or Limits().grace)
    if grace < 1:
        raise UserError('LIFTLOCK_GRACE is too short', 'give a second at least')
    return Limits(beat=grace / 10, fence=grace * 0.6, grace=grace)


def guard(where: Place) -> Warden:
    """A process that ends what a dead or frozen worker leaves. Before anything has a thread."""
    return warden.fork(partial(wiring.end_leftovers, where), limits().fence)


def spread(works: Works, means: Means, watched: Warden | None = None) -> Fleet:
    """UserError where the database cannot be used."""
    where, store = works.place, works.store
    if not where.database:
        raise UserError(
            'work is spread over machines by PostgreSQL, and none is named',
            'liftlock --database postgresql://… --state DIR worker; see docs/workers.md',
        )
    mail = _mail(where.database, store)
    yard, bells = Yard(store, mail, limits()), Bells(1.0)
    seal = Seal(partial(_close, where), partial(_open, where))
    hands = works.engine.hands
    engine = Spread(Ground(yard, bells, seal), hands, teams=where.config.teams)
    works = works._replace(engine=engine)
    own = {**where.config.labels, **{label.lower(): labels.HOST for label in means.labels}}
    bay = Bay(
        yard=yard,
        hands=hands,
        terms=partial(terms, works),
        otherwise=partial(trusted.otherwise, store),
        labels=own,
        works=means.works or store.directory,
        seal=seal,
        watched=watched,
    )
    card = Card(
        id='',
        machine=means.machine or socket.gethostname(),
        pid=os.getpid(),
        version=VERSION,
        arch=platform.machine(),
        labels=tuple(sorted(own)),
        picky=means.picky,
        slots=means.slots,
    )
    return Fleet(works, Station(bay, card, bells), store, engine, partial(terms, works))


def terms(works: Works, run: int, who: str = '') -> Terms:
    """Of runs that nobody stands beside: a job that had begun is not started again by itself."""
    return stored.again(works, run, Terms(), who)._replace(restart_lost=False)


def _mail(database: str, store: Store) -> Mail:
    try:
        import procrastinate  # noqa: F401
    except ImportError:
        raise UserError(
            'work over machines needs more than is installed', "pip install 'liftlock[postgres]'"
        ) from None
    mail = Mail(database)
    mail.prepare(store)
    return mail


def _close(where: Place, text: str) -> str:
    return sealing.make_key(wiring.key_file(where)).seal(text, PURPOSE).hex()


def _open(where: Place, sealed: str) -> str:
    try:
        return sealing.read_key(wiring.key_file(where)).open(bytes.fromhex(sealed), PURPOSE)
    except ValueError as error:
        raise UserError(
            f'secrets that were given by hand cannot be read here: {error}',
            'give this machine the key of the others: LIFTLOCK_KEY_FILE',
        ) from None

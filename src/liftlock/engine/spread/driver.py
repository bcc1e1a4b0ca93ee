"""The driver of many machines: PostgreSQL, and workers.

    engine = Spread(ground, hands)

It does what `Inline` does, and promises the same (`tests/contract/test_drivers.py`); but jobs are
done by workers, and a run belongs to a process for as long as that one says that it lives.
"""

from collections.abc import Mapping, Sequence

from liftlock.engine.carrying import Bench, Carrying, Session
from liftlock.engine.inline import Inline
from liftlock.engine.past import History
from liftlock.engine.spread.carrying import Ground, SpreadCarrying
from liftlock.engine.submission import Hands
from liftlock.plan.facts import StopRequested
from liftlock.store import inbox, tasks


class Spread(Inline):
    shared = True

    def __init__(
        self,
        ground: Ground,
        hands: Hands,
        *,
        teams: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(ground.yard.store, hands, slots=1, teams=teams)
        self._ground = ground

    def _carrying(self, bench: Bench, history: History, session: Session) -> Carrying:
        return SpreadCarrying(bench, history, session, self._ground)

    def _send(self, run: int, fact: StopRequested) -> None:
        with self._store.transaction() as sql:
            inbox.put(sql, run, fact)
            self._ground.yard.post.ring(sql, run)

    def _end_jobs(self, run: int, history: History) -> None:
        with self._store.transaction() as sql:
            for worker in tasks.revoke(sql, run):
                self._ground.yard.post.bring(sql, worker)

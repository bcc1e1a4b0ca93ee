"""Schedules of the default branches' workflows, and what became of every slot whose time has come.

A slot is a row, unique by schedule and time: whoever writes it down first has decided it. It is
written together with up to when its schedule has been looked at, so that no slot is lost and none
decided twice, whatever is killed in between.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.plan.slots import Slot
from liftlock.store.database import Store
from liftlock.store.sql import Sql

SLACK: Final = 1.0  # seconds that a clock is put back without anybody minding


class Declared(NamedTuple):
    """One entry of an `on.schedule`. `timezone` is '' for UTC."""

    workflow: str
    name: str
    cron: str
    timezone: str


class Schedule(NamedTuple):
    """`seen` is up to when its slots have been decided; `disabled`: nobody wants it to fire."""

    id: int
    repository: int
    workflow: str
    name: str
    cron: str
    timezone: str
    seen: float
    disabled: bool = False


class Due(NamedTuple):
    """A slot that is to start something. `tries` have failed."""

    schedule: Schedule
    at: float
    reason: str
    tries: int


class Past(NamedTuple):
    """A slot as a page shows it. state: due, started, missed, skipped, failed"""

    schedule: int
    at: float
    state: str
    reason: str
    decided: float


COLUMNS: Final = """
SELECT s.id, s.repository, s.workflow, s.name, s.cron, s.timezone, s.seen,
       EXISTS (SELECT 1 FROM disabled_workflows d
               WHERE d.repository = s.repository AND d.workflow = s.workflow)"""
FROM: Final = """
FROM schedules s JOIN repositories r ON r.id = s.repository"""


def declare(store: Store, repository: int, found: Iterable[Declared], now: float) -> None:
    """What the files of the default branch say now. A schedule that is new, or there again, begins
    with the present."""
    wanted = set(found)
    with store.transaction() as sql:
        rows = sql.execute(
            'SELECT id, workflow, name, cron, timezone, gone FROM schedules WHERE repository = ?',
            (repository,),
        ).fetchall()
        there = {(row[1], row[3], row[4]): row for row in rows}
        for one in wanted:
            row = there.pop((one.workflow, one.cron, one.timezone), None)
            if row is None:
                _insert(sql, repository, one, now)
            elif row[5] or row[2] != one.name:
                sql.execute(
                    'UPDATE schedules SET name = ?, seen = CASE WHEN gone = 1 THEN ? ELSE seen END,'
                    ' gone = 0 WHERE id = ?',
                    (one.name, now, row[0]),
                )
        for row in there.values():
            sql.execute('UPDATE schedules SET gone = 1 WHERE id = ? AND gone = 0', (row[0],))


def _insert(sql: Sql, repository: int, one: Declared, now: float) -> None:
    sql.execute(
        'INSERT INTO schedules (repository, workflow, name, cron, timezone, seen)'
        ' VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (repository, workflow, cron, timezone) DO NOTHING',
        (repository, *one, now),
    )


def active(store: Store) -> list[Schedule]:
    """Those of repositories that take events in, disabled ones among them."""
    return _select(store, 'WHERE s.gone = 0 AND r.active = 1 ORDER BY r.name, s.workflow, s.id')


def of_repository(store: Store, repository: int) -> list[Schedule]:
    return _select(
        store, 'WHERE s.gone = 0 AND s.repository = ? ORDER BY s.workflow, s.id', (repository,)
    )


def decide(store: Store, schedule: Schedule, slots: Sequence[Slot], now: float) -> None:
    """Write slots down, and that the schedule has been looked at up to now."""
    with store.transaction() as sql:
        for slot in slots:
            sql.execute(
                'INSERT INTO slots (schedule, at, state, reason, decided) VALUES (?, ?, ?, ?, ?)'
                ' ON CONFLICT (schedule, at) DO NOTHING',
                (schedule.id, *slot, now),
            )
        sql.execute('UPDATE schedules SET seen = ? WHERE id = ?', (now, schedule.id))


def turn_back(store: Store, now: float) -> bool:
    """The clock may have been put back: what was missed in what is the future again was not, and
    schedules are looked at from now on. What has fired stays so. True if it was put back."""
    with store.reading() as sql:
        ahead = sql.execute('SELECT MAX(seen) FROM schedules').fetchone()[0]
    if ahead is None or ahead <= now + SLACK:
        return False
    with store.transaction() as sql:
        sql.execute("DELETE FROM slots WHERE at > ? AND state IN ('missed', 'due')", (now,))
        sql.execute('UPDATE schedules SET seen = ? WHERE seen > ?', (now, now))
    return True


def due(store: Store, now: float) -> list[Due]:
    """Slots that are to start something; oldest first."""
    query = f"""
        {COLUMNS}, t.at, t.reason, t.tries {FROM} JOIN slots t ON t.schedule = s.id
        WHERE t.state = 'due' AND t.at <= ? AND t.decided <= ? ORDER BY t.at, s.id"""
    with store.reading() as sql:
        rows = sql.execute(query, (now, now)).fetchall()
    return [Due(_read(row[:8]), *row[8:]) for row in rows]


def end(store: Store, slot: Due, state: str, reason: str, now: float) -> None:
    with store.transaction() as sql:
        sql.execute(
            'UPDATE slots SET state = ?, reason = ?, decided = ? WHERE schedule = ? AND at = ?',
            (state, reason, now, slot.schedule.id, slot.at),
        )


def put_off(store: Store, slot: Due, reason: str, until: float) -> None:
    """Another try, then."""
    with store.transaction() as sql:
        sql.execute(
            'UPDATE slots SET tries = tries + 1, reason = ?, decided = ?'
            ' WHERE schedule = ? AND at = ?',
            (reason, until, slot.schedule.id, slot.at),
        )


def past(store: Store, schedule: int, limit: int = 20, *, bad: bool = False) -> list[Past]:
    """Newest first; `bad`: those that did not start what they should have."""
    which = "AND state IN ('missed', 'skipped', 'failed')" if bad else ''
    query = f"""
        SELECT schedule, at, state, reason, decided FROM slots
        WHERE schedule = ? {which} ORDER BY at DESC LIMIT ?"""  # noqa: S608 - our own words
    with store.reading() as sql:
        return [Past(*row) for row in sql.execute(query, (schedule, limit)).fetchall()]


def count(store: Store, schedule: int, state: str) -> int:
    query = 'SELECT COUNT(*) FROM slots WHERE schedule = ? AND state = ?'
    with store.reading() as sql:
        return int(sql.execute(query, (schedule, state)).fetchone()[0])


def forget(sql: Sql, before: float) -> None:
    """What became of slots long ago."""
    sql.execute("DELETE FROM slots WHERE at < ? AND state != 'due'", (before,))


# --- workflows that nothing starts


def disable(store: Store, repository: int, workflow: str, by: str, now: float) -> None:
    with store.transaction() as sql:
        sql.execute(
            'INSERT INTO disabled_workflows (repository, workflow, "by", at) VALUES (?, ?, ?, ?)'
            ' ON CONFLICT (repository, workflow) DO NOTHING',
            (repository, workflow, by, now),
        )


def enable(store: Store, repository: int, workflow: str) -> None:
    with store.transaction() as sql:
        sql.execute(
            'DELETE FROM disabled_workflows WHERE repository = ? AND workflow = ?',
            (repository, workflow),
        )


def disabled(store: Store, repository: int) -> dict[str, str]:
    """By whom, by the path of the workflow."""
    query = 'SELECT workflow, "by" FROM disabled_workflows WHERE repository = ?'
    with store.reading() as sql:
        return dict(sql.execute(query, (repository,)).fetchall())


def _select(store: Store, which: str, given: tuple[int, ...] = ()) -> list[Schedule]:
    with store.reading() as sql:
        rows = sql.execute(f'{COLUMNS} {FROM} {which}', given).fetchall()
    return [_read(row) for row in rows]


def _read(row: tuple[int, int, str, str, str, str, float, int]) -> Schedule:
    return Schedule(*row[:7], bool(row[7]))

"""Concurrency groups between the processes of one store. The rules are `plan.concurrency`'s."""

import json
from collections.abc import Callable

from liftlock.plan import concurrency, wire
from liftlock.plan.concurrency import Change, Line
from liftlock.plan.facts import StopRequested
from liftlock.plan.plan import Group
from liftlock.store.database import Store
from liftlock.store.sql import Sql


def arrive(
    store: Store, repository: str, who: str, group: Group, gone: Callable[[int], bool]
) -> Line:
    """Stand in line for the group, and return the line.

    `who` is `<run>` or `<run>/<job's key>`. Those whose place is taken, or who must make room,
    are told so in their inbox. `gone(run)`: nobody carries that run out, so it holds up nobody.
    """
    name = concurrency.key(group)
    with store.transaction() as sql:
        line = _without(_read(sql, repository, name), who, gone)
        change = concurrency.arrive(line, who, group)
        _write(sql, repository, name, change.line)
        _tell(sql, group.name, who, change)
    return change.line


def look(store: Store, repository: str, who: str, name: str, gone: Callable[[int], bool]) -> Line:
    """The line as it stands, for somebody who is in it already, or was until a newcomer came."""
    with store.transaction() as sql:
        before = _read(sql, repository, name.lower())
        line = _without(before, who, gone)
        if line != before:
            _write(sql, repository, name.lower(), line)
    return line


def leave(store: Store, repository: str, who: str, name: str) -> None:
    """Make room; whoever is next sees that it is first when it looks again."""
    with store.transaction() as sql:
        line = _read(sql, repository, name.lower())
        _write(sql, repository, name.lower(), concurrency.leave(line, who).line)


def held(store: Store, repository: str, run: int) -> set[tuple[str, str]]:
    """(who, name) of the groups that this run, its calls and its jobs have."""
    with store.reading() as sql:
        rows = sql.execute('SELECT running, name FROM lines WHERE repository = ?', (repository,))
        return {(who, name) for who, name in rows if who and run_of(who) == run}


def run_of(who: str) -> int:
    return int(who.partition('/')[0])


def _without(line: Line, who: str, gone: Callable[[int], bool]) -> Line:
    """The line without those whom nobody carries out any more."""
    for other in (line.running, *line.pending):
        if other and other != who and gone(run_of(other)):
            line = concurrency.leave(line, other).line
    return line


def _read(sql: Sql, repository: str, name: str) -> Line:
    row = sql.execute(
        'SELECT running, pending FROM lines WHERE repository = ? AND name = ?', (repository, name)
    ).fetchone()
    return Line(row[0], tuple(json.loads(row[1]))) if row else Line()


def _write(sql: Sql, repository: str, name: str, line: Line) -> None:
    if line == Line():
        sql.execute('DELETE FROM lines WHERE repository = ? AND name = ?', (repository, name))
        return
    sql.execute(
        'INSERT INTO lines (repository, name, running, pending) VALUES (?, ?, ?, ?)'
        ' ON CONFLICT (repository, name)'
        ' DO UPDATE SET running = excluded.running, pending = excluded.pending',
        (repository, name, line.running, json.dumps(line.pending)),
    )


def _tell(sql: Sql, group: str, newcomer: str, change: Change) -> None:
    reason = f'a newer request for the concurrency group "{group}" came: run {run_of(newcomer)}'
    for who in (*change.cancelled, change.stopped):
        if who:
            job = who.partition('/')[2]
            body = wire.dump(StopRequested(job, reason))
            sql.execute('INSERT INTO inbox (run, body) VALUES (?, ?)', (run_of(who), body))

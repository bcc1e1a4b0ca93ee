"""Word to workers by Procrastinate, whatever becomes of those who hear it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import postgres
from liftlock.engine.spread.post import Mail
from liftlock.store import workers
from liftlock.store.database import Store, open_store
from liftlock.store.workers import Card


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with (
        postgres.database() as database,
        contextlib.closing(open_store(tmp_path / 'state', database)) as opened,
    ):
        yield opened


def queues(store: Store) -> list[str]:
    with store.reading() as sql:
        rows = sql.execute('SELECT queue_name FROM procrastinate_jobs ORDER BY id')
        return [row[0] for row in rows]


def test_a_frozen_worker_that_has_a_word_in_its_hand_holds_up_nobody(store: Store) -> None:
    mail = Mail(store.database)
    mail.prepare(store)
    for name in ('frozen', 'gone', 'alive'):
        workers.register(store, Card(name, 'vm', 1, '1', 'x86_64'))
        with store.transaction() as sql:
            mail.bring(sql, name)
    with psycopg.connect(store.database) as frozen:
        frozen.execute("DELETE FROM procrastinate_jobs WHERE queue_name = 'w-frozen'")
        with store.transaction() as sql:
            sql.execute("SET LOCAL lock_timeout = '2s'")
            assert workers.bury(sql, 'gone', 0)
            assert workers.bury(sql, 'frozen', 0)
            mail.clear(sql)
        frozen.rollback()  # it is put out
    assert queues(store) == ['w-frozen', 'w-alive']
    with store.transaction() as sql:
        mail.clear(sql)
    assert queues(store) == ['w-alive']

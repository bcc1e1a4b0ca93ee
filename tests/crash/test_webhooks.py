"""A server that is killed again and again while forges send: each delivery makes its run once.

A forge that got no answer sends the same delivery again, as people do by the button of its page.
`LIFTLOCK_CRASH=1` plays it again with one protection taken out at a time, to see it fail; and so
with the test that has whoever takes an event in die between any two writes.
"""

import http.client
import os
import random
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

import postgres
from e2e.intake.test_taking import (
    test_who_dies_between_two_writes_leaves_no_run_out_and_none_twice as dies_between_two_writes,
)
from liftlock.engine.intake import starting
from liftlock.engine.intake.intake import Intake
from liftlock.store import intakes
from senders import Sender, Sent
from serving import Project, Server

SEED = 20_261_130
PUSHES = 8
WORKFLOW = """
on: push
jobs: {build: {runs-on: ubuntu-latest, steps: [{run: sleep 0.3}]}}
"""
PATIENCE = 60.0
long = pytest.mark.skipif(
    not os.environ.get('LIFTLOCK_CRASH'), reason='LIFTLOCK_CRASH=1 takes protections out'
)
# What a server runs first, by the protection that is gone then.
MUTANTS: Final = {
    'it is written down before it is answered': """
import threading, time
from liftlock.store import hooks
receive = hooks.receive
def answered(store, sent):
    threading.Timer(0.5, receive, (store, sent)).start()
    return hooks.Hook(0, sent.repository, sent.delivery, sent.event, 0.0, '', '', '', 0.0, 0), True
hooks.receive = answered
""",
    'an id is taken once': """
import uuid
from liftlock.store import hooks
receive = hooks.receive
hooks.receive = lambda store, sent: receive(store, sent._replace(delivery=uuid.uuid4().hex))
""",
    'who starts looks what waits': """
from liftlock.server.hooks.processing import Processing
look, looks = Processing._look, []
def look_later(self):
    if looks:
        look(self)
    looks.append(1)
Processing._look = look_later
""",
    'who starts goes on with runs': """
from liftlock.store import served
served.left = lambda store: []
""",
}


class Elsewhere(Project):
    """A project whose store is on PostgreSQL."""

    def __init__(self, directory: Path, url: str) -> None:
        self.url = url
        super().__init__(directory)

    def start(self, *words: str) -> 'subprocess.Popen[str]':
        return super().start('--database', self.url, *words)


def test_every_delivery_makes_its_run_once_however_often_the_server_is_killed(
    tmp_path: Path,
) -> None:
    assert play(Project(tmp_path), PATIENCE) == {'success'}


@long
@pytest.mark.parametrize('seed', [1, 2, 3])
def test_on_postgresql_too_where_jobs_that_had_begun_are_lost(tmp_path: Path, seed: int) -> None:
    with postgres.database() as url:
        ended = play(Elsewhere(tmp_path, url), PATIENCE, seed, LIFTLOCK_GRACE='3')
    assert ended <= {'success', 'failure'}


@long
@pytest.mark.parametrize('protection', MUTANTS)
def test_it_fails_where_a_protection_is_gone(tmp_path: Path, protection: str) -> None:
    (tmp_path / 'sitecustomize.py').write_text(MUTANTS[protection])
    with pytest.raises(AssertionError):
        play(Project(tmp_path), 15.0, PYTHONPATH=str(tmp_path))


def play(project: Project, patience: float, seed: int = SEED, **env: str) -> set[str]:
    """How the runs have ended. `env` is what servers are started with besides."""
    chance = random.Random(seed)
    sender = Sender(project, project.directory / 'forge', 'gitea', '--trusted')
    sender.write('.github/workflows/ci.yml', WORKFLOW)
    commits = [sender.commit(f'push {number}') for number in range(PUSHES)]
    sender.push('main')
    waiting = [
        sender.pushed(before, after)
        for before, after in zip((sender.first, *commits), commits, strict=False)
    ]
    project.homes |= env
    while waiting:
        with serving(project, kill=True) as server:
            for _ in range(chance.randint(2, 4)):
                if waiting and taken(sender, server, waiting[0], chance):
                    waiting.pop(0)
            if waiting:  # die somewhere between the answer and the end, at last right behind it
                time.sleep(chance.uniform(0.0, 0.3))
    with serving(project, kill=False):
        end = time.monotonic() + patience
        while not settled(project):
            assert time.monotonic() < end, ask(project, 'SELECT status, said FROM hooks')
            time.sleep(0.1)
    runs = ask(project, "SELECT sha, status, conclusion FROM runs WHERE repository = 'octo/gitea'")
    assert sorted(run[:2] for run in runs) == sorted((commit, 'completed') for commit in commits)
    assert ask(project, 'SELECT DISTINCT status, said FROM hooks') == [('done', '1 run')]
    return {run[2] for run in runs}


def taken(sender: Sender, server: Server, sent: Sent, chance: random.Random) -> bool:
    """Whether the forge got an answer: sometimes it does not wait for it."""
    if chance.random() < 0.3:
        connection = http.client.HTTPConnection(server.address.partition('//')[2], timeout=30)
        connection.request('POST', f'/hooks/{sender.number}', sent.body, sent.headers)
        time.sleep(chance.uniform(0.0, 0.1))  # so that it is mostly taken all the same
        connection.close()
        return False
    return sender.send(server, sent).status in (200, 202)


@contextmanager
def serving(project: Project, *, kill: bool) -> Iterator[Server]:
    server = Server(project)
    try:
        yield server
    finally:
        if kill:
            server.kill()
        else:
            server.end()


def settled(project: Project) -> bool:
    waiting = ask(project, "SELECT 1 FROM hooks WHERE status = 'waiting'")
    begun = ask(project, "SELECT 1 FROM intakes WHERE status = 'begun'")
    return not (waiting or begun or ask(project, "SELECT 1 FROM runs WHERE status != 'completed'"))


def ask(project: Project, query: str) -> list[Any]:
    if isinstance(project, Elsewhere):
        import psycopg

        with psycopg.connect(project.url) as session:
            return session.execute(query.encode()).fetchall()
    path = Path(project.homes['XDG_STATE_HOME'], 'liftlock/liftlock.db')
    with closing(sqlite3.connect(f'file:{path}?mode=ro', uri=True)) as database:
        return database.execute(query).fetchall()


# --- between any two writes


def many_of_a_cause(patched: pytest.MonkeyPatch) -> None:
    submit = starting.submit
    patched.setattr(starting, 'submit', lambda *given: submit(*given[:-1], uuid.uuid4().hex))


def many_of_a_delivery(patched: pytest.MonkeyPatch) -> None:
    begin = intakes.begin

    def anew(store: Any, draft: intakes.Draft) -> intakes.Intake:
        return begin(store, draft._replace(delivery=uuid.uuid4().hex))

    patched.setattr(intakes, 'begin', anew)


def nobody_carries(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Intake, '_carried', lambda *given: len(given) > 0)


def forgotten(patched: pytest.MonkeyPatch) -> None:
    """What was begun is taken for done."""
    begin = intakes.begin

    def begun(store: Any, draft: intakes.Draft) -> intakes.Intake:
        known = intakes.of_delivery(store, draft.repository, draft.delivery)
        return known[0]._replace(status='done') if known else begin(store, draft)

    patched.setattr(intakes, 'begin', begun)
    of = intakes.of
    patched.setattr(intakes, 'of', lambda store, number: of(store, number)._replace(status='done'))


@long
@pytest.mark.parametrize('mutant', [many_of_a_cause, many_of_a_delivery, nobody_carries, forgotten])
def test_who_dies_between_two_writes_does_harm_where_a_protection_is_gone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        dies_between_two_writes(tmp_path, monkeypatch)

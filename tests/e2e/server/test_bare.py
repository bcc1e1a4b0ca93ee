"""Pushes to a bare repository, by a real git, that a real server hears of by the hook."""

import json
import os
import re
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving import Project, Server

Wait = Callable[[Callable[[], object]], None]
WORKFLOWS = {
    'ci.yml': """
name: CI
on: [push, merge_group]
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: echo building}]}
  test:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          test ! -e broken || { echo '::error file=a.py,line=3::It is broken'; exit 1; }
""",
    'after.yml': """
name: After
on: {workflow_run: {workflows: [CI], types: [completed], branches: [main]}}
jobs:
  after:
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ github.event.workflow_run.conclusion }} ${{ github.event.workflow_run.id }}"
""",
}


class Place:
    """A bare repository, a work tree, and a server that is there or not."""

    def __init__(self, directory: Path, *words: str) -> None:
        self.project = Project(directory)
        self.bare = directory / 'shop.git'
        self.work = directory / 'work'
        self.run('git', 'init', '--quiet', '--bare', '--initial-branch=main', str(self.bare))
        self.run('git', 'init', '--quiet', '--initial-branch=main', str(self.work))
        self.git('remote', 'add', 'origin', str(self.bare))
        for name, text in WORKFLOWS.items():
            self.write(f'.github/workflows/{name}', text)
        self.commit('Sell things')
        with socket.create_server(('127.0.0.1', 0)) as free:
            self.port = str(free.getsockname()[1])
        self.server: Server | None = None
        # Trusted: whoever runs the tests may have no bubblewrap.
        self.project.liftlock(
            'repository', 'add', 'octo/shop', '--url', str(self.bare), '--trusted'
        )
        self.told = self.install(*words)

    def install(self, *words: str) -> str:
        server = f'http://127.0.0.1:{self.port}'
        return self.project.liftlock(
            'hooks', 'install', '--bare', str(self.bare), '--server', server, *words
        )

    def begin(self) -> None:
        self.server = Server(self.project, '--port', self.port)

    def end(self) -> None:
        if self.server:
            self.server.end()
        self.server = None

    def run(self, *words: str, cwd: Path | None = None) -> 'subprocess.CompletedProcess[str]':
        return subprocess.run(
            words, cwd=cwd, env={**os.environ, 'USER': 'mona'}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip

    def git(self, *words: str) -> str:
        who = ('-c', 'user.name=Mona', '-c', 'user.email=mona@localhost')
        done = self.run('git', *who, *words, cwd=self.work)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def write(self, path: str, text: str) -> None:
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message: str) -> None:
        self.git('add', '--all')
        self.git('commit', '--quiet', '--allow-empty', '--message', message)

    def push(self, *words: str) -> str:
        return self.run('git', 'push', *words, cwd=self.work).stdout

    def ask(self, query: str) -> list[Any]:
        state = Path(self.project.homes['XDG_STATE_HOME'], 'liftlock/liftlock.db')
        with closing(sqlite3.connect(f'file:{state}?mode=ro', uri=True)) as database:
            return database.execute(query).fetchall()

    def runs(self) -> list[Any]:
        return self.ask('SELECT name, event, ref, conclusion FROM runs ORDER BY id')

    def spooled(self) -> int:
        return len(list((self.bare / 'liftlock/spool').glob('*.json')))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    try:
        yield made
    finally:
        made.end()


def test_a_pusher_sees_what_his_push_starts_and_waits_for_the_end_if_he_likes(
    place: Place, eventually: Wait
) -> None:
    assert 'octo/shop' in place.told
    assert f'warning: http://127.0.0.1:{place.port} cannot be reached' in place.told
    place.begin()
    assert 'warning' not in place.install()
    said = place.push('-o', 'ci.wait', 'origin', 'main')
    assert re.search(rf'remote: CI: http://127.0.0.1:{place.port}/runs/1\b', said), said
    assert 'remote:   + build: success' in said
    assert 'remote: Liftlock: main is green' in said
    # Whoever hears of it, hears of it once.
    eventually(lambda: len(place.runs()) == 2 and place.runs()[1][3] == 'success')
    assert place.runs()[1][:2] == ('After', 'workflow_run')
    assert 'success 1' in place.project.liftlock('logs', '2')
    place.write('broken', 'x')
    place.commit('Break it')
    said = place.push('-o', 'ci.wait', 'origin', 'main:topic')
    assert re.search(r'remote:   x test: failure  http://\S+/runs/3/jobs/test', said), said
    assert 'remote:       a.py:3: It is broken' in said
    assert 'remote: Liftlock: topic is red: CI failure' in said
    assert '[new branch]' in said  # it is there all the same
    assert [run[1] for run in place.runs()] == ['push', 'workflow_run', 'push']
    place.commit('Say nothing [skip ci]')
    said = place.push('-o', 'ci.wait', 'origin', 'main:silent')
    assert 'nothing starts for silent: the commit message says [skip ci]' in said
    assert 'ci.skip' in place.push('-o', 'ci.skip', 'origin', 'main:quiet')
    assert len(place.ask('SELECT 1 FROM hooks')) == 3


def test_what_is_pushed_while_the_server_is_away_is_told_once_when_it_is_back(
    place: Place, eventually: Wait
) -> None:
    assert 'cannot be reached' in place.push('origin', 'main')
    place.push('origin', 'main:one')
    assert place.spooled() == 2
    assert 'cannot be reached' in place.project.liftlock(
        'hooks', 'flush', '--bare', str(place.bare)
    )
    place.begin()
    place.push('origin', 'main:two')
    assert place.spooled() == 0
    assert '0 sent, 0 left' in place.project.liftlock('hooks', 'flush', '--bare', str(place.bare))
    pushed = [f'refs/heads/{name}' for name in ('main', 'one', 'two')]
    eventually(lambda: [run[2] for run in place.runs() if run[1] == 'push'] == pushed)


def test_a_letter_that_was_sent_but_not_removed_is_taken_in_once(
    place: Place, eventually: Wait
) -> None:
    place.push('origin', 'main')
    (letter,) = (place.bare / 'liftlock/spool').glob('*.json')
    text = letter.read_text()
    place.begin()
    place.project.liftlock('hooks', 'flush', '--bare', str(place.bare))
    letter.write_text(text)  # as after a `kill -9` between the two
    assert '1 sent, 0 left' in place.project.liftlock('hooks', 'flush', '--bare', str(place.bare))
    eventually(lambda: place.runs() and place.runs()[0][3] == 'success')
    assert len([run for run in place.runs() if run[1] == 'push']) == 1


def test_a_gate_lets_a_push_through_when_its_merge_group_is_green(
    place: Place, eventually: Wait
) -> None:
    place.install('--gate', 'main')
    said = place.push('origin', 'main')
    assert 'main is not taken' in said  # nobody is there who could say that it is green
    assert '[remote rejected]' in said
    place.begin()
    said = place.push('origin', 'main')
    assert 'remote:   + test: success' in said, said
    assert '[new branch]' in said
    place.write('broken', 'x')
    place.commit('Break it')
    said = place.push('origin', 'main')
    assert 'main is not taken: is red: CI failure' in said, said
    assert '[remote rejected]' in said
    assert '[new branch]' in place.push('origin', 'main:topic')  # which has no gate
    bare = place.run('git', '--git-dir', str(place.bare), 'log', '--format=%s', 'main').stdout
    assert bare.split('\n')[0] == 'Sell things'
    eventually(lambda: all(run[3] for run in place.runs()))
    started = [run[1] for run in place.runs() if run[0] == 'CI']
    assert started == ['merge_group', 'push', 'merge_group', 'push']


def test_hooks_that_are_there_are_kept_and_run_first(place: Place) -> None:
    bare = str(place.bare)
    place.project.liftlock('hooks', 'uninstall', '--bare', bare)
    assert not (place.bare / 'liftlock').exists()
    assert not (place.bare / 'hooks/post-receive').exists()
    theirs = place.bare / 'hooks/post-receive'
    theirs.write_text('#!/bin/sh\nwhile read old new ref; do echo "theirs: $ref"; done\n')
    theirs.chmod(0o755)
    said = place.install()
    assert 'there is a hook already' in said
    assert '--chain' in said
    assert 'theirs' in theirs.read_text()
    place.install('--chain')
    place.install('--chain')  # again, as after an upgrade
    said = place.push('origin', 'main')
    assert 'theirs: refs/heads/main' in said
    assert 'cannot be reached' in said
    said = place.project.liftlock('hooks', 'uninstall', '--bare', bare)
    assert 'has 1 letter not sent yet' in said
    place.project.liftlock('hooks', 'uninstall', '--bare', bare, '--force')
    assert 'theirs' in theirs.read_text()


def test_the_secret_is_for_the_owner_alone_and_a_wrong_one_is_refused(place: Place) -> None:
    settings = place.bare / 'liftlock/settings.json'
    assert settings.stat().st_mode & 0o777 == 0o600
    told = json.loads(settings.read_text())
    settings.write_text(json.dumps({**told, 'secret': 'guessed'}))
    place.begin()
    said = place.push('origin', 'main')
    assert 'the server answered 401' in said
    assert place.spooled() == 1  # it may be put right
    assert place.runs() == []
    place.install()
    place.push('origin', 'main:other')
    assert place.spooled() == 0


def test_the_server_is_the_one_that_other_commands_ask(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('LIFTLOCK_SERVER', 'http://127.0.0.1:9/')
    words = ('hooks', 'install', '--bare', str(place.bare), '--gate', 'main')
    said = place.project.liftlock(*words)
    assert 'tells http://127.0.0.1:9 of every push to octo/shop' in said
    assert 'every push to main is refused' in said
    settings = json.loads((place.bare / 'liftlock/settings.json').read_text())
    assert settings['server'] == 'http://127.0.0.1:9'
    assert f'tells http://127.0.0.1:{place.port} of' in place.install()  # what is said goes first


def test_what_is_no_bare_repository_is_refused(place: Place) -> None:
    said = place.project.liftlock('hooks', 'install', '--bare', str(place.work))
    assert 'is no bare repository' in said
    assert 'is not a directory' in place.project.liftlock('hooks', 'flush', '--bare', '/nowhere')


def test_a_repository_can_be_registered_on_a_server_by_a_token_of_it(
    place: Place, tmp_path: Path
) -> None:
    place.project.liftlock('repository', 'remove', 'octo/shop')
    place.begin()
    token = tmp_path / 'token'
    token.write_text(place.project.liftlock('token', 'create', 'mona', '--role', 'admin'))
    words = ('--token-file', str(token), '--name', 'octo/anew')
    said = place.install(*words)
    assert 'every push to octo/anew' in said, said
    assert 'is registered there already' in place.install(*words)
    place.project.liftlock('repository', 'set', 'octo/anew', '--trusted')
    assert 'main is green' in place.push('-o', 'ci.wait', 'origin', 'main')

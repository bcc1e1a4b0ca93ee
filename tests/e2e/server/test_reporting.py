"""A forge is told of commits by a real server, also by one that is killed all the time; badges, and
the pages of it all."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reporting import TOKEN, Forge, forge
from senders import Sender
from serving import Person, Project, Server

Wait = Callable[[Callable[[], object]], None]
NIGHTLY = """
name: Nightly
on: {schedule: [{cron: '17 3 * * *', timezone: Europe/Berlin}]}
jobs: {sweep: {runs-on: ubuntu-latest, steps: [{run: echo swept}]}}
"""


class Place:
    def __init__(self, directory: Path, there: Forge) -> None:
        self.forge = there
        self.project = Project(directory)
        there.name = f'octo/{there.kind}'
        token = directory / 'token'
        token.write_text(TOKEN)
        words = ('--trusted', '--web', there.web, '--token', str(token))
        self.sender = Sender(self.project, directory / 'forge', there.kind, *words)
        self.admin = self.project.liftlock('token', 'create', 'mona', '--role', 'admin').strip()
        self.viewer = self.project.liftlock('token', 'create', 'vera', '--role', 'viewer').strip()
        self.begin()

    def begin(self) -> None:
        self.server = Server(self.project)

    def push(self, message: str) -> str:
        """A commit, told by a webhook."""
        before = self.sender.git('rev-parse', 'main')
        commit = self.sender.commit(message)
        self.sender.push('main')
        sent = self.sender.pushed(before, commit)
        path = f'/hooks/{self.sender.number}'
        answer = self.server.ask('POST', path, sent.body, sent.headers)
        assert answer.status == 202, answer.text
        return commit

    def ask(self, query: str) -> list[Any]:
        state = Path(self.project.homes['XDG_STATE_HOME'], 'liftlock/liftlock.db')
        with closing(sqlite3.connect(f'file:{state}?mode=ro', uri=True)) as database:
            return database.execute(query).fetchall()


@pytest.fixture(scope='module')
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with forge('gitea') as there:
        made = Place(tmp_path_factory.mktemp('place'), there)
        try:
            yield made
        finally:
            made.server.end()


def test_a_forge_is_told_how_a_push_went(place: Place, eventually: Wait) -> None:
    commit = place.push('Sell more')
    green = {'liftlock': 'success', 'build': 'success'}
    eventually(lambda: place.forge.states(commit) == green)
    assert place.forge.urls['build'] == f'{place.server.address}/runs/1/jobs/build'


def test_a_server_that_is_killed_all_the_time_tells_the_right_end_of_every_commit(
    place: Place, eventually: Wait
) -> None:
    commits = []
    for number in range(4):
        commits.append(place.push(f'Change {number}'))
        if number % 2:  # as soon as the run is there, else at once
            eventually(lambda: place.ask(f"SELECT 1 FROM runs WHERE sha = '{commits[-1]}'"))
        place.server.kill()
        place.begin()
    green = {'liftlock': 'success', 'build': 'success'}
    eventually(lambda: all(place.forge.states(commit) == green for commit in commits))
    shas = ', '.join(f"'{commit}'" for commit in commits)
    query = f'SELECT COUNT(*), COUNT(DISTINCT sha) FROM runs WHERE sha IN ({shas})'
    assert place.ask(query) == [(4, 4)]


def test_a_badge_is_shown_to_everybody_only_when_somebody_has_said_so(
    place: Place, eventually: Wait
) -> None:
    commit = place.push('Sell more, and say so')
    eventually(lambda: place.forge.states(commit).get('liftlock') == 'success')
    path = '/badge/octo/gitea/ci.yml.svg'
    stranger, mona = Person(place.server), Person(place.server, place.admin)
    assert stranger.get(path).status == 404
    assert stranger.get('/badge/octo/unknown/ci.yml.svg').status == 404
    assert 'CI: passing' in mona.get(path).text
    page = f'/repositories/{place.sender.number}/triggers'
    given = {'statuses': '1', 'status_name': 'liftlock', 'badges': '1', 'catch_up': '12'}
    assert mona.act(page, page, **given).status == 303
    shown = stranger.get(path)
    assert (shown.status, shown.headers['content-type']) == (200, 'image/svg+xml')
    assert shown.headers['cross-origin-resource-policy'] == 'cross-origin'
    assert 'CI: passing' in shown.text
    again = stranger.get(path, **{'if-none-match': shown.headers['etag']})
    assert (again.status, again.text) == (304, '')
    assert 'no status' in stranger.get(f'{path}?branch=nobodys').text
    assert 'no status' in stranger.get(f'{path}?event=schedule').text
    assert 'value="12"' in mona.get(page).text


def test_schedules_of_the_default_branch_are_shown(place: Place, eventually: Wait) -> None:
    mona = Person(place.server, place.admin)
    place.sender.write('.github/workflows/nightly.yml', NIGHTLY)
    place.push('Sweep at night')
    eventually(lambda: 'Nightly' in mona.get('/schedules').text)
    shown = mona.get('/schedules').text
    assert '17 3 * * *' in shown
    assert 'Europe/Berlin' in shown
    assert len(re.findall(r'\d\d \w{3} \d{4}, 0[12]:17:00 UTC', shown)) == 5  # by the time of year


def test_what_was_told_is_shown_to_maintainers(place: Place, eventually: Wait) -> None:
    commit = place.push('Sell more, and tell')
    eventually(lambda: place.forge.states(commit).get('liftlock') == 'success')
    mona, vera = Person(place.server, place.admin), Person(place.server, place.viewer)
    assert 'knows it' in mona.get('/statuses').text
    assert vera.get('/statuses').status == 403
    page = f'/repositories/{place.sender.number}/triggers'
    assert vera.get(page).status == 403
    given = {'status_name': 'x', 'catch_up': '1'}
    assert mona.act(page, page, **given, statuses='1').status == 303
    refused = mona.act(page, page, status_name='x', catch_up='often')
    assert refused.status == 303
    assert 'no number of hours' in mona.get(page).text


def test_a_token_that_is_wrong_is_told_on_a_page_and_made_good_by_a_button(
    place: Place, eventually: Wait, tmp_path: Path
) -> None:
    mona = Person(place.server, place.admin)
    place.forge.fail = lambda count: (401, {}, '{"message": "Bad credentials"}')
    commit = place.push('Nobody hears of it')
    eventually(lambda: 'answered 401: Bad credentials' in mona.get('/statuses').text)
    eventually(lambda: not place.ask('SELECT 1 FROM runs WHERE status != "completed"'))
    place.forge.fail = lambda count: None
    address = f'/repositories/{place.sender.number}/statuses'
    eventually(
        lambda: (
            mona.act('/statuses', address).status == 303
            and place.forge.states(commit).get('build') == 'success'
        )
    )

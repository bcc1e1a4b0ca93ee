"""Webhooks of four forges, sent to a real server about real repositories: runs come of them."""

import hashlib
import hmac
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from senders import ZERO, Sender
from serving import Person, Project, Server

FORGES = ('github', 'gitea', 'forgejo', 'gitlab')
Wait = Callable[[Callable[[], object]], None]


class Place:
    """A server with a repository on each forge."""

    def __init__(self, directory: Path) -> None:
        self.project = Project(directory)
        self.senders = {
            forge: Sender(self.project, directory / forge, forge, '--trusted') for forge in FORGES
        }
        self.server = Server(self.project)
        self.token = self.project.liftlock('token', 'create', 'mona', '--role', 'admin').strip()

    def ask(self, query: str, *given: Any) -> list[Any]:
        state = Path(self.project.homes['XDG_STATE_HOME'], 'liftlock/liftlock.db')
        with closing(sqlite3.connect(f'file:{state}?mode=ro', uri=True)) as database:
            return database.execute(query, given).fetchall()

    def runs(self, sender: Sender) -> list[Any]:
        """(id, workflow's name, event, sha, status, conclusion), oldest first."""
        query = """SELECT id, name, event, sha, status, conclusion FROM runs
                   WHERE repository = ? ORDER BY id"""
        return self.ask(query, sender.name)

    def settled(self, sender: Sender) -> bool:
        """Whether everything that came has been looked at, and every run has ended."""
        waiting = self.ask("SELECT 1 FROM hooks WHERE status = 'waiting'")
        return not waiting and all(run[4] == 'completed' for run in self.runs(sender))

    def outcome(self, delivery: int) -> tuple[str, str]:
        (row,) = self.ask('SELECT status, said FROM hooks WHERE id = ?', delivery)
        return row[0], row[1]

    def log(self, run: int) -> str:
        return self.project.liftlock('logs', str(run))


@pytest.fixture(scope='module')
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp('place'))
    try:
        yield made
    finally:
        made.server.end()


@pytest.fixture(params=FORGES)
def sender(place: Place, request: pytest.FixtureRequest) -> Sender:
    return place.senders[request.param]


def number_of(answer: Any) -> int:
    assert answer.status == 202, answer
    return int(answer.json['delivery'])


def test_a_push_is_answered_at_once_and_its_run_sees_what_was_pushed(
    place: Place, sender: Sender, eventually: Wait
) -> None:
    before = sender.git('rev-parse', 'main')
    after = sender.commit(f'Sell more on {sender.forge}')
    sender.push('main')
    known = len(place.runs(sender))
    sent = sender.pushed(before, after)
    delivery = number_of(sender.send(place.server, sent))
    eventually(lambda: len(place.runs(sender)) > known and place.settled(sender))
    run = place.runs(sender)[-1]
    assert run[1:] == ('CI', 'push', after, 'completed', 'success')
    assert f'told: Sell more on {sender.forge} by mona' in place.log(run[0])
    assert place.outcome(delivery) == ('done', '1 run')
    again = sender.send(place.server, sent)
    assert (again.status, again.json['delivery']) == (200, delivery)
    time_passes(place, sender, eventually)
    assert len(place.runs(sender)) == known + 1


def time_passes(place: Place, sender: Sender, eventually: Wait) -> None:
    """Send something else, and wait until that was looked at: deliveries keep their order."""
    marker = sender.send(place.server, sender.sign('marker', {'object_kind': 'marker'}))
    number = number_of(marker)
    eventually(lambda: place.outcome(number)[0] == 'ignored')


def test_what_is_signed_wrongly_is_refused_and_told_without_its_body(
    place: Place, sender: Sender
) -> None:
    sent = sender.pushed(sender.first, sender.first)
    answer = sender.send(place.server, sent._replace(body=sent.body + b' '))
    assert (answer.status, answer.json) == (401, {'error': 'its signature is wrong'})
    query = 'SELECT status, body, headers FROM hooks WHERE repository = ? ORDER BY id DESC LIMIT 1'
    ((status, body, headers),) = place.ask(query, int(sender.number))
    assert (status, body) == ('refused', '')
    assert 'signature' not in headers
    assert 'user-agent' in headers


def test_an_id_that_is_used_again_with_another_body_brings_nothing(
    place: Place, sender: Sender, eventually: Wait
) -> None:
    id = f'used-twice-by-{sender.forge}'
    first = sender.sign('marker', {'object_kind': 'marker'}, id)
    delivery = number_of(sender.send(place.server, first))
    other = sender.sign('push', json.loads(sender.pushed(ZERO, sender.first).body), id)
    answer = sender.send(place.server, other)
    assert (answer.status, answer.json['delivery']) == (200, delivery)
    eventually(lambda: place.outcome(delivery)[0] == 'ignored')
    ((body,),) = place.ask('SELECT body FROM hooks WHERE id = ?', delivery)
    assert body.encode() == first.body
    assert place.ask('SELECT COUNT(*) FROM hooks WHERE delivery = ?', id) == [(1,)]


@pytest.mark.parametrize('name', ['octo/elsewhere', 'octo', ''])
def test_what_is_signed_for_one_repository_says_nothing_of_another(
    place: Place, eventually: Wait, name: str
) -> None:
    sender = place.senders['github']
    payload = json.loads(sender.pushed(ZERO, sender.first).body)
    payload['repository']['full_name'] = name
    known = len(place.ask('SELECT 1 FROM intakes'))
    delivery = number_of(sender.send(place.server, sender.sign('push', payload)))
    eventually(lambda: place.outcome(delivery)[0] == 'ignored')
    assert f'not {sender.name}' in place.outcome(delivery)[1]
    assert len(place.ask('SELECT 1 FROM intakes')) == known


STRANGE = (b'[' * 100_000, b'{"ref": "\\ud800", "sender": {"login": "\\u0000"}}', b'\xff\xfe', b'')


@pytest.mark.parametrize('body', STRANGE, ids=['deep', 'odd letters', 'no text', 'nothing'])
def test_a_body_that_is_strange_does_no_harm(place: Place, eventually: Wait, body: bytes) -> None:
    sender = place.senders['github']
    if body.startswith(b'{'):
        body = body[:-1] + f', "repository": {{"full_name": "{sender.name}"}}}}'.encode()
    digest = hmac.new(sender.secret.encode(), body, hashlib.sha256).hexdigest()
    told = {**sender.sign('push', {}).headers, 'X-Hub-Signature-256': f'sha256={digest}'}
    answer = place.server.ask('POST', f'/hooks/{sender.number}', body, told)
    delivery = number_of(answer)
    eventually(lambda: place.outcome(delivery)[0] in ('failed', 'done'))
    time_passes(place, sender, eventually)
    assert place.ask("SELECT 1 FROM intakes WHERE status = 'begun'") == []


def test_who_does_not_say_how_much_is_not_listened_to(place: Place) -> None:
    sender = place.senders['github']
    sent = sender.pushed(sender.first, sender.first)
    chunks = iter([sent.body])  # which http.client sends as such
    answer = place.server.ask('POST', f'/hooks/{sender.number}', chunks, sent.headers)
    assert answer.status == 411


def test_a_branch_that_is_deleted_starts_nothing_and_says_so(
    place: Place, sender: Sender, eventually: Wait
) -> None:
    known = len(place.runs(sender))
    delivery = number_of(
        sender.send(place.server, sender.pushed(sender.first, ZERO, 'refs/heads/old'))
    )
    eventually(lambda: place.outcome(delivery)[0] != 'waiting')
    said = 'refs/heads/old was deleted, which starts nothing'
    assert place.outcome(delivery) == ('done', said)
    assert len(place.runs(sender)) == known


def test_a_pull_request_of_a_fork_waits_then_runs_without_secrets(
    place: Place, sender: Sender, eventually: Wait
) -> None:
    value = Path(place.project.directory, 'value')
    value.write_text('hunter2-is-secret')
    place.project.liftlock(
        'secret', 'set', 'PASSWORD', '--repo', sender.name, '--from-file', str(value)
    )
    assert 'PASSWORD' in place.project.liftlock('secret', 'list', '--repo', sender.name)
    head = sender.propose(7, 'src/app.py', 'print()')
    known = len(place.runs(sender))
    delivery = number_of(sender.send(place.server, sender.proposed(7, head)))
    eventually(lambda: place.outcome(delivery)[0] == 'done')
    held = 'mallory comes for the first time: a maintainer must approve this commit'
    assert place.outcome(delivery) == ('done', held)
    assert len(place.runs(sender)) == known
    ((intake,),) = place.ask(
        "SELECT id FROM intakes WHERE repository = ? AND status = 'held'", int(sender.number)
    )
    viewer = place.project.liftlock('token', 'create', 'vi', '--role', 'developer').strip()
    developer = Person(place.server, viewer)
    developer.act('/approvals', f'/approvals/{intake}/approve')
    assert 'may not do this' in developer.get('/approvals').text
    assert 'Approve or reject it' not in developer.get(f'/why/{intake}').text
    assert len(place.runs(sender)) == known
    admin = Person(place.server, place.token)
    for page in ('/why', f'/why/{intake}'):  # lead there
        assert f'href="/approvals#p{intake}"' in admin.get(page).text
        assert f'{page}/approve' not in admin.get(page).text
    assert admin.act('/approvals', f'/why/{intake}/approve').status in (404, 405)
    admin.act('/approvals', f'/approvals/{intake}/approve')
    eventually(lambda: len(place.runs(sender)) == known + 1 and place.settled(sender))
    _, name, event, sha, _, conclusion = place.runs(sender)[-1]
    assert (name, event) == ('CI', 'pull_request')
    assert sha != head  # what merging would make
    ((body,),) = place.ask(
        'SELECT body FROM requests JOIN runs ON request = digest WHERE id = ?',
        place.runs(sender)[-1][0],
    )
    assert json.loads(body)['otherwise'] == 'confined'  # though the repository is trusted
    log = place.log(place.runs(sender)[-1][0])
    if conclusion == 'success':  # where there is no bubblewrap, it must not have run at all
        assert 'number: 7 at refs/pull/7/merge' in log
        assert 'it has none' in log.splitlines()
    assert 'it has secrets' not in log.splitlines()


def test_the_next_push_to_it_has_to_be_approved_again(
    place: Place, sender: Sender, eventually: Wait
) -> None:
    head = sender.propose(8, 'src/one.py', 'one')
    number_of(sender.send(place.server, sender.proposed(8, head)))
    newer = sender.propose(8, '.github/workflows/evil.yml', 'on: pull_request\njobs: {}\n')
    delivery = number_of(sender.send(place.server, sender.proposed(8, newer, 'synchronize')))
    eventually(lambda: place.outcome(delivery)[0] == 'done')
    query = """SELECT id, head, status, said FROM intakes WHERE repository = ? AND number = 8
               AND event = 'pull_request' ORDER BY id"""
    (_, _, first, why), (intake, at, second, _) = place.ask(query, int(sender.number))
    assert (first, why) == ('rejected', f'{newer[:12]} has come since')
    assert (at, second) == (newer, 'held')
    page = Person(place.server, place.token).get(f'/why/{intake}').text
    assert 'Look closely: it changes .github/workflows/evil.yml' in page
    Person(place.server, place.token).act('/approvals', f'/approvals/{intake}/reject')
    assert place.ask(query, int(sender.number))[1][2] == 'rejected'


def test_the_page_says_why_each_workflow_ran_or_did_not(place: Place, eventually: Wait) -> None:
    sender = place.senders['github']
    before = sender.git('rev-parse', 'main')
    sender.write('src/why', 'why')
    after = sender.commit('Why? [skip ci]')
    sender.push('main')
    delivery = number_of(sender.send(place.server, sender.pushed(before, after)))
    eventually(lambda: place.outcome(delivery)[0] == 'done')
    person = Person(place.server, place.token)
    page = person.get(f'/why?repository={sender.name}&sha={after[:8]}').text
    assert 'the commit message says [skip ci]' in page
    assert 'no changed file matches paths: docs/**' in page
    assert 'the commit message says [skip ci]' in person.get('/why').text  # of all repositories
    shown = person.get(f'/deliveries/{delivery}').text
    assert 'x-github-event' in shown
    assert after in shown
    assert 'x-hub-signature' not in shown.lower()


def test_a_delivery_is_replayed_as_one_of_its_own(place: Place, eventually: Wait) -> None:
    sender = place.senders['gitea']
    before = sender.git('rev-parse', 'main')
    after = sender.commit('Again')
    sender.push('main')
    delivery = number_of(sender.send(place.server, sender.pushed(before, after)))
    eventually(lambda: place.settled(sender))
    known = len(place.runs(sender))
    person = Person(place.server, place.token)
    moved = person.act(f'/deliveries/{delivery}', f'/deliveries/{delivery}/replay')
    new = int(re.search(r'/deliveries/(\d+)', moved.headers['location'])[1])  # type: ignore[index]
    eventually(lambda: place.outcome(new)[0] == 'done' and place.settled(sender))
    assert len(place.runs(sender)) == known + 1
    assert place.ask('SELECT replays FROM hooks WHERE id = ?', new) == [(delivery,)]


def test_what_failed_is_tried_again_when_the_forge_sends_it_again(
    place: Place, eventually: Wait
) -> None:
    sender = place.senders['forgejo']
    before = sender.git('rev-parse', 'main')
    after = sender.commit('Later')
    sender.push('main')
    sent, away = sender.pushed(before, after), sender.bare.with_suffix('.away')
    known = len(place.runs(sender))
    sender.bare.rename(away)
    delivery = number_of(sender.send(place.server, sent))
    eventually(lambda: place.outcome(delivery)[0] == 'failed')
    assert 'git cannot fetch octo/forgejo' in place.outcome(delivery)[1]
    away.rename(sender.bare)
    assert number_of(sender.send(place.server, sent)) == delivery
    eventually(lambda: place.outcome(delivery)[0] == 'done' and place.settled(sender))
    assert len(place.runs(sender)) == known + 1


def test_a_repository_is_registered_and_changed_on_its_pages(place: Place) -> None:
    person = Person(place.server, place.token)
    moved = person.act(
        '/repositories',
        '/repositories',
        name='octo/page',
        url='https://git.example/octo/page.git',
        forge='gitea',
        forks='outsiders',
        active='1',
    )
    address = moved.headers['location']
    page = person.get(address).text
    secret = re.search(r'shown this once: (\S+?)<', page)
    assert secret, page
    assert f'/hooks/{address.rpartition("/")[2]}' in page
    assert secret[1] not in person.get(address).text
    person.act(
        address, address, name='octo/page', url='https://u:p@git.example/x.git', forks='never'
    )
    assert 'the address has a name or a password in it' in person.get(address).text
    maintainer = place.project.liftlock('token', 'create', 'max', '--role', 'maintainer').strip()
    other = Person(place.server, maintainer)
    for url in ('/srv/git/x.git', ' /srv/git/x.git', 'file:///srv/git/x.git', ' FILE:///srv/x'):
        other.act(address, address, name='octo/page', url=url, forks='never')
        assert 'for admins' in other.get(address).text, url


def test_nobody_waits_for_what_is_unknown_inactive_or_too_large(place: Place) -> None:
    sender = place.senders['forgejo']
    sent = sender.pushed(sender.first, sender.first)
    assert place.server.ask('POST', '/hooks/999', sent.body, sent.headers).status == 404
    place.project.liftlock('repository', 'set', sender.name, '--inactive')
    assert sender.send(place.server, sent).status == 404
    place.project.liftlock('repository', 'set', sender.name, '--active')
    headers = {**sent.headers, 'content-length': str(26 * 1024 * 1024)}
    answer = place.server.ask('POST', f'/hooks/{sender.number}', b'', headers)
    assert answer.status == 413


def test_a_form_brings_the_same(place: Place, eventually: Wait) -> None:
    sender = place.senders['github']
    payload = json.loads(sender.pushed(sender.first, ZERO, 'refs/heads/form').body)
    sent = sender.sign('push', payload)
    body = urlencode({'payload': sent.body}).encode()
    digest = hmac.new(sender.secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        **sent.headers,
        'content-type': 'application/x-www-form-urlencoded',
        'X-Hub-Signature-256': f'sha256={digest}',
    }
    answer = place.server.ask('POST', f'/hooks/{sender.number}', body, headers)
    delivery = number_of(answer)
    eventually(lambda: place.outcome(delivery)[0] == 'done')
    assert place.outcome(delivery)[1] == 'refs/heads/form was deleted, which starts nothing'


def test_what_was_answered_and_not_looked_at_survives_a_kill(
    tmp_path: Path, eventually: Wait
) -> None:
    """The fetch of the mirror hangs, so the server dies between the answer and the run."""
    project = Project(tmp_path)
    sender = Sender(project, tmp_path / 'forge', 'github', '--trusted')
    place = Place.__new__(Place)
    place.project = project
    after = sender.commit('Kept')
    sender.push('main')
    place.server = Server(project)
    try:
        pipe = blocked(sender)
        deliveries = [
            number_of(sender.send(place.server, sender.pushed(sender.first, after)))
            for _ in range(2)
        ]
        eventually(lambda: place.ask("SELECT 1 FROM intakes WHERE status = 'begun'"))
        place.server.kill()
        assert {place.outcome(one)[0] for one in deliveries} == {'waiting'}
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))  # lets go of what it had started
        pipe.unlink()
        place.server = Server(project)
        eventually(lambda: len(place.runs(sender)) == 2 and place.settled(sender))
        assert [run[3] for run in place.runs(sender)] == [after, after]
        place.server.kill()  # and once more: nothing of it happens twice
        place.server = Server(project)
        time_passes(place, sender, eventually)
        assert len(place.runs(sender)) == 2
    finally:
        place.server.end()


def blocked(sender: Sender) -> Path:
    """Git waits for ever when it reads this file of the repository: a pipe without a writer."""
    pipe = sender.bare / 'objects' / 'info' / 'alternates'
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    return pipe

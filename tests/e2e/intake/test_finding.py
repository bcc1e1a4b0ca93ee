"""What an event is about, found out by git in a mirror: commits, changed files, merges."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

from forge import NAME, OWNER, TOKEN, open_forge
from liftlock.engine.intake import finding, mirror
from liftlock.engine.intake.finding import Found
from liftlock.engine.intake.mirror import Access, Mirror, environment
from liftlock.plan.event import Event
from liftlock.store.repositories import Repository

ZERO = '0' * 40
Answer = TypeVar('Answer')


class Origin:
    """A repository of which there is a mirror."""

    def __init__(self, directory: Path) -> None:
        self.work = directory / 'work'
        self.work.mkdir()
        self.git('init', '--quiet', '--initial-branch=main')
        self.first = self.commit('one', a='1')
        self.second = self.commit('two', b='2')
        self.mirror = Mirror(directory / 'mirror.git', Access(str(self.work)))

    def git(self, *words: str, given: str = '') -> str:
        who = ('-c', 'user.name=Mona', '-c', 'user.email=mona@localhost')
        done = subprocess.run(
            ('git', *who, *words), cwd=self.work, check=True, capture_output=True, text=True,
            input=given,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, message: str, **files: str) -> str:
        for name, text in files.items():
            (self.work / name).write_text(text)
        self.git('add', '--all')
        self.git('commit', '--quiet', '--allow-empty', '--message', message)
        return self.git('rev-parse', 'HEAD')

    def find(self, event: Event, *specs: str) -> Found:
        repository = Repository(1, 'octo/shop', str(self.work), branch='main')

        async def look() -> Found:
            assert await self.mirror.fetch(*specs) == ''
            return await finding.find(self.mirror, repository, event)

        return run(look())

    def pushed(self, before: str, after: str, ref: str = 'refs/heads/main') -> Found:
        return self.find(
            Event('push', {'before': before, 'after': after}, ref, '', 'octo/shop', 'mona')
        )

    def proposed(self, head: str, name: str = 'pull_request', **more: Any) -> Found:
        base = {'ref': 'main', 'sha': self.git('rev-parse', 'main')}
        request = {'number': 7.0, 'head': {'sha': head}, 'base': base, **more}
        payload: dict[str, Any] = {'action': 'opened', 'number': 7.0, 'pull_request': request}
        self.git('update-ref', 'refs/pull/7/head', head)
        event = Event(name, payload, '', '', 'octo/shop', 'mona', base_ref='main')
        return self.find(event, finding.pull_spec('github', 7))


def run(asked: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(asked)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


def test_a_push_changes_what_differs_between_its_two_commits(origin: Origin) -> None:
    found = origin.pushed(origin.first, origin.second)
    assert (found.event.sha, found.event.changed, found.message) == (origin.second, ('b',), 'two')
    payload: Any = found.event.payload
    assert [one['message'] for one in payload['commits']] == ['two']
    assert payload['head_commit']['added'] == ['b']
    assert (payload['created'], payload['forced']) == (False, False)


def test_the_first_push_of_all_changes_everything(origin: Origin) -> None:
    assert origin.pushed(ZERO, origin.second).event.changed == ('a', 'b')


def test_a_new_branch_changes_what_it_has_beyond_the_default_one(origin: Origin) -> None:
    origin.git('checkout', '--quiet', '-b', 'topic', origin.first)
    head = origin.commit('three', c='3')
    found = origin.pushed(ZERO, head, 'refs/heads/topic')
    assert found.event.changed == ('c',)
    assert found.event.payload['created'] is True


def test_a_new_branch_without_a_commit_of_its_own_changes_what_its_last_one_did(
    origin: Origin,
) -> None:
    origin.git('branch', 'same', origin.second)
    assert origin.pushed(ZERO, origin.second, 'refs/heads/same').event.changed == ('b',)


def test_a_force_push_is_compared_with_what_it_pushed_over(origin: Origin) -> None:
    origin.pushed(origin.first, origin.second)
    origin.git('reset', '--quiet', '--hard', origin.first)
    other = origin.commit('other', c='3')
    found = origin.pushed(origin.second, other)
    assert (found.event.changed, found.event.payload['forced']) == (('b', 'c'), True)


def test_where_the_commit_before_is_gone_filters_for_paths_let_through(origin: Origin) -> None:
    assert origin.pushed('d' * 40, origin.second).event.changed is None


def test_so_they_do_with_more_than_a_thousand_commits(origin: Origin) -> None:
    lines = [f'reset refs/heads/main\nfrom {origin.second}\n']
    lines += [
        f'commit refs/heads/main\ncommitter M <m@x> {1_700_000_000 + number} +0000\ndata 1\nx\n'
        for number in range(1001)
    ]
    origin.git('fast-import', '--quiet', '--force', given=''.join(lines))
    head = origin.git('rev-parse', 'main')
    assert origin.pushed(origin.second, head).event.changed is None
    assert origin.pushed(origin.git('rev-parse', 'main~999'), head).event.changed == ()


def test_an_annotated_tag_is_its_commit(origin: Origin) -> None:
    origin.git('tag', '--annotate', '--message', 'Spring', 'v1')
    after = origin.git('rev-parse', 'v1')
    found = origin.pushed(ZERO, after, 'refs/tags/v1')
    payload: Any = found.event.payload
    assert after != origin.second
    assert (found.event.sha, found.event.changed) == (origin.second, None)
    assert (payload['after'], payload['commits']) == (after, [])
    assert payload['head_commit']['id'] == origin.second


def test_what_is_deleted_or_gone_says_so(origin: Origin) -> None:
    deleted = origin.pushed(origin.first, ZERO, 'refs/heads/old')
    assert deleted.said == 'refs/heads/old was deleted, which starts nothing'
    gone = origin.pushed(origin.first, 'd' * 40)
    assert gone.said == 'dddddddddddd is not in the repository any more'


def test_a_pull_request_is_what_merging_would_make(origin: Origin) -> None:
    origin.git('checkout', '--quiet', '-b', 'topic', origin.first)
    head = origin.commit('Propose', c='3')
    found = origin.proposed(head)
    assert (found.event.ref, found.head) == ('refs/pull/7/merge', head)
    assert (found.event.changed, found.message) == (('c',), 'Propose')
    parents = run(origin.mirror.log('', found.event.sha))
    assert parents[0].message == f'Merge {head} into {origin.second}'
    assert run(origin.mirror.changed(origin.first, found.event.sha)) == ('b', 'c')
    assert origin.proposed(head).event.sha == found.event.sha  # nobody else's clock is in it


def test_a_pull_request_with_a_conflict_says_so(origin: Origin) -> None:
    origin.git('checkout', '--quiet', '-b', 'topic', origin.first)
    head = origin.commit('Propose', b='another')
    told = 'the pull request conflicts with main: there is no merge that could run'
    assert origin.proposed(head).said == told


def test_one_that_is_merged_by_now_still_has_its_changes(origin: Origin) -> None:
    base = {'ref': 'main', 'sha': origin.second}
    origin.git('checkout', '--quiet', '-b', 'topic', origin.first)
    head = origin.commit('Propose', c='3')
    origin.git('checkout', '--quiet', 'main')
    origin.git('merge', '--quiet', '--no-edit', 'topic')
    found = origin.proposed(head, base=base, merged=True)
    assert (found.said, found.event.changed) == ('', ('c',))


def test_for_the_target_of_a_pull_request_the_default_branch_counts(origin: Origin) -> None:
    origin.git('checkout', '--quiet', '-b', 'topic', origin.first)
    head = origin.commit('Propose', c='3')
    found = origin.proposed(head, 'pull_request_target')
    assert (found.event.ref, found.event.sha) == ('refs/heads/main', origin.second)
    assert found.event.changed == ('c',)


def test_a_schedule_runs_the_default_branch(origin: Origin) -> None:
    event = Event('schedule', {'schedule': '0 0 * * *'}, '', '', 'octo/shop', 'mona')
    found = origin.find(event)
    assert (found.event.ref, found.event.sha) == ('refs/heads/main', origin.second)


def test_a_release_runs_its_tag(origin: Origin) -> None:
    origin.git('tag', 'v1', origin.first)
    event = Event('release', {'release': {'tag_name': 'v1'}}, '', '', 'octo/shop', 'mona')
    found = origin.find(event)
    assert (found.event.ref, found.event.sha) == ('refs/tags/v1', origin.first)


def test_the_default_branch_is_asked_for(origin: Origin) -> None:
    assert run(origin.mirror.head()) == 'main'


def test_git_runs_no_program_for_an_address(origin: Origin, tmp_path: Path) -> None:
    """`ext::` would."""
    evil = Mirror(tmp_path / 'evil.git', Access(f'ext::sh -c "touch {tmp_path}/ran"'))
    assert "transport 'ext' not allowed" in run(evil.fetch())
    assert not (tmp_path / 'ran').exists()


def test_a_token_is_told_by_the_environment_to_its_own_host_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv('GIT_SSH_COMMAND', raising=False)
    told = environment(Access('https://me@git.example/o/r.git', 'gitlab', 'tok'))
    assert told['GIT_CONFIG_KEY_1'] == 'credential.https://git.example/.helper'
    assert (told['LIFTLOCK_GIT_USER'], told['LIFTLOCK_GIT_TOKEN']) == ('oauth2', 'tok')
    assert 'tok' not in told['GIT_CONFIG_VALUE_1']
    for url in ('/srv/git/r.git', 'git@git.example:o/r.git'):
        assert 'GIT_CONFIG_COUNT' not in environment(Access(url, 'gitlab', 'tok'))


def test_locks_that_a_killed_git_left_behind_are_cleared(
    origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, 'PAUSES', (0.01,))
    assert origin.pushed(origin.first, origin.second).said == ''
    third = origin.commit('three', c='3')
    lock = origin.mirror.directory / 'refs/heads/main.lock'
    lock.touch()
    assert '.lock' in run(origin.mirror.fetch())  # somebody may hold it
    os.utime(lock, (1.0, 1.0))
    assert origin.pushed(origin.second, third).event.sha == third
    assert not lock.exists()


@pytest.mark.parametrize('kind', ['github', 'gitea', 'gitlab'])
def test_a_private_repository_is_fetched_with_the_token_of_its_forge(
    tmp_path: Path, kind: str
) -> None:
    origin = Origin(tmp_path)
    with open_forge(kind, tmp_path / 'forge') as forge:
        origin.git('push', '--quiet', str(forge.bare), 'main')
        url = f'{forge.url}/{OWNER}/{NAME}.git'
        stranger = Mirror(tmp_path / 'stranger.git', Access(url, kind, 'wrong'))
        assert run(stranger.fetch()).startswith('fatal: ')
        assert run(stranger.commit('refs/heads/main')) == ''
        known = Mirror(tmp_path / 'known.git', Access(url, kind, TOKEN))
        assert run(known.head()) == 'main'
        assert run(known.fetch()) == ''
        assert run(known.commit('refs/heads/main')) == origin.second
        assert TOKEN not in (known.directory / 'config').read_text()


class Elsewhere(BaseHTTPRequestHandler):
    """Sends git on to `beyond`, or has what everybody may read; `heard`: who logged in."""

    beyond = ''
    asks = False  # who comes to log in, before it sends on
    root = Path()
    heard: list[str]

    def do_GET(self) -> None:
        word = self.headers.get('Authorization', '')
        self.heard.append(word)
        body = self.rfile.read(int(self.headers.get('Content-Length', '0')))
        if self.asks and not word:
            self._send(401, b'', {'WWW-Authenticate': 'Basic realm="forge"'})
        elif self.beyond:
            self._send(302, b'', {'Location': self.beyond + self.path})
        else:
            fields, answer = serve_git(self.root, self, body)
            self._send(200, answer, fields)

    do_POST = do_GET

    def _send(self, status: int, body: bytes, fields: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, text in {**fields, 'Content-Length': str(len(body))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def serve_git(root: Path, asked: Elsewhere, body: bytes) -> tuple[dict[str, str], bytes]:
    path, _, query = asked.path.partition('?')
    env = {
        **os.environ,
        'GIT_PROJECT_ROOT': str(root),
        'GIT_HTTP_EXPORT_ALL': '1',
        'PATH_INFO': path,
        'QUERY_STRING': query,
        'REQUEST_METHOD': asked.command,
        'CONTENT_TYPE': asked.headers.get('Content-Type', ''),
        'HTTP_CONTENT_ENCODING': asked.headers.get('Content-Encoding', ''),
        'GIT_PROTOCOL': asked.headers.get('Git-Protocol', ''),
    }
    done = subprocess.run(
        ('git', 'http-backend'), env=env, input=body, capture_output=True, check=False
    )
    head, _, answer = done.stdout.partition(b'\r\n\r\n')
    return dict(line.split(': ', 1) for line in head.decode().split('\r\n') if line), answer


@contextmanager
def elsewhere(root: Path, beyond: str = '', *, asks: bool = False) -> Iterator[tuple[int, Any]]:
    """Its port, and what it heard."""
    told = {'root': root, 'beyond': beyond, 'asks': asks, 'heard': []}
    handler: Any = type('Told', (Elsewhere,), told)
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
    thread.start()
    try:
        yield server.server_address[1], handler.heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize('host', ['localhost', '127.0.0.1'])
def test_a_token_does_not_go_where_the_forge_sends_git_on_to(
    origin: Origin, tmp_path: Path, host: str
) -> None:
    """git would send on a header that is set for the forge, with the second request."""
    with (
        elsewhere(tmp_path) as (port, strangers),
        elsewhere(tmp_path, f'http://{host}:{port}') as (first, _),
    ):
        access = Access(f'http://127.0.0.1:{first}/work/.git', 'gitea', TOKEN)
        sent_on = Mirror(tmp_path / 'sent.git', access)
        assert run(sent_on.head()) == 'main'
        assert run(sent_on.fetch()) == ''
        assert run(sent_on.commit('refs/heads/main')) == origin.second
    assert len(strangers) > 2
    assert not any(strangers)


def test_nor_if_the_forge_wants_a_log_in_first_or_the_other_one_does(
    origin: Origin, tmp_path: Path
) -> None:
    with (
        elsewhere(tmp_path, asks=True) as (port, strangers),
        elsewhere(tmp_path, f'http://localhost:{port}', asks=True) as (first, known),
        elsewhere(tmp_path, f'http://localhost:{port}') as (second, _),
    ):
        for number in (first, second):
            access = Access(f'http://127.0.0.1:{number}/work/.git', 'gitea', TOKEN)
            assert 'fatal: ' in run(Mirror(tmp_path / f'{number}.git', access).fetch())
    assert known[-1].startswith('Basic ')
    assert len(strangers) == 2
    assert not any(strangers)

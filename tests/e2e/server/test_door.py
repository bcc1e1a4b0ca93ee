"""Who gets in, and what nobody else can have done in his name."""

import contextlib
import re
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

import pytest

import postgres
from liftlock.server.patience import MOST
from serving import Person, Project, Server, Site


@pytest.mark.parametrize('path', ['/', '/runs', '/runs/1', '/deployments', '/audit', '/tokens'])
def test_nobody_reads_a_page_without_logging_in(site: Site, path: str) -> None:
    answer = site.server.ask('GET', path)
    assert answer.status == 303
    assert answer.headers['location'].startswith('/login')


@pytest.mark.parametrize('path', ['/api/v1/runs', '/api/v1/environments', '/metrics', '/events'])
def test_no_program_reads_without_a_token(site: Site, path: str) -> None:
    assert site.server.ask('GET', path).status == 401
    wrong = {'authorization': 'Bearer llt_guessed'}
    assert site.server.ask('GET', path, None, wrong).status == 401


def test_health_is_told_to_everybody(site: Site) -> None:
    assert site.server.ask('GET', '/health').json['status'] == 'ok'
    assert site.server.ask('GET', '/health/database').json['status'] == 'ok'


def test_the_link_of_the_first_start_lets_in_once(site: Site, person: Person) -> None:
    path = f'/login/{site.code}'
    for _ in range(2):  # looking at it does not use it up
        form = person.get(path)
        assert 'once' in form.text
    entered = person.post('/login', {'csrf': person.csrf(form), 'code': site.code})
    assert entered.status == 303
    assert person.get('/').status == 200
    again = Person(site.server)
    form = again.get('/login')
    refused = again.post('/login', {'csrf': again.csrf(form), 'code': site.code})
    assert refused.status == 403


def test_the_cookie_is_out_of_reach_of_scripts(site: Site, person: Person) -> None:
    answer = person.log_in(site.token)
    cookie = next(
        one for one in answer.headers.get_all('set-cookie') if one.startswith('liftlock_session=')
    )
    assert 'HttpOnly' in cookie
    assert 'SameSite=lax' in cookie


def test_logging_in_leads_where_somebody_wanted_to_go_but_never_elsewhere(
    site: Site, person: Person
) -> None:
    assert person.get('/runs/1?attempt=1').headers['location'].endswith('/runs/1%3Fattempt%3D1')
    form = person.get('/login?next=/runs/1')
    given = {'csrf': person.csrf(form), 'token': site.token}
    assert person.post('/login', {**given, 'next': '/runs/1'}).headers['location'] == '/runs/1'
    other = Person(site.server)
    given['csrf'] = other.csrf(other.get('/login'))
    elsewhere = other.post('/login', {**given, 'next': '//evil.example/'})
    assert elsewhere.headers['location'] == '/'


def test_every_page_forbids_scripts_of_others(site: Site, admin: Person) -> None:
    for path in ('/', '/runs/1', '/runs/1/jobs/build'):
        page = admin.get(path)
        policy = page.headers['content-security-policy']
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert 'unsafe' not in policy
        assert '<script>' not in page.text
        assert ' style=' not in page.text
        assert ' onclick=' not in page.text


@pytest.mark.parametrize('path', ['/runs/1/cancel', '/runs/1/rerun', '/tokens', '/logout'])
def test_a_form_of_somebody_else_does_nothing(site: Site, admin: Person, path: str) -> None:
    guessed = {'csrf': 'guessed', 'person': 'eve', 'role': 'admin'}
    assert admin.post(path, guessed).status in (303, 403)
    crossing = {'sec_fetch_site': 'cross-site'}
    real = admin.csrf(admin.get('/'))
    assert admin.post(path, {'csrf': real, 'person': 'eve'}, **crossing).status == 403
    assert admin.post(path, {'csrf': real}, origin='https://evil.example').status == 403
    assert admin.get('/').status == 200  # not even logged out
    assert not any(one['person'] == 'eve' for one in site.tokens())


def test_a_cookie_does_nothing_by_rest(site: Site, admin: Person) -> None:
    assert admin.get('/api/v1/runs').status == 200
    assert admin.post('/api/v1/runs/1/rerun', {}).status == 403


def test_whoever_guesses_has_to_wait(fresh: tuple[Server, str]) -> None:
    server, token = fresh
    guesser = server.person()
    for _ in range(MOST):
        assert guesser.log_in('llt_guess').status == 403
    waiting = guesser.log_in(token)
    assert waiting.status == 429
    assert int(waiting.headers['retry-after']) > 0


def test_logging_out_ends_the_session(site: Site, admin: Person) -> None:
    before = dict(admin.cookies)
    assert admin.act('/', '/logout').headers['location'] == '/login'
    admin.cookies = before
    assert admin.get('/').status == 303


def test_a_viewer_sees_everything_and_changes_nothing(site: Site, admin: Person) -> None:
    token = site.token_of('vera', 'viewer')
    vera = Person(site.server, token)
    page = vera.get('/runs/1')
    assert page.status == 200
    assert 'again' not in page.text
    vera.act('/runs/1', '/runs/1/rerun', back='/runs/1')
    assert 'may not do this' in vera.get('/runs/1').text
    assert site.api('POST', '/runs/1/rerun', {}, token).status == 403
    assert vera.get('/tokens').status == 403
    assert vera.get('/audit').status == 403


def test_a_revoked_token_is_good_for_nothing_at_once(site: Site, admin: Person) -> None:
    token = site.token_of('hubot', 'developer')
    hubot = Person(site.server, token)
    number = next(one['id'] for one in site.tokens() if one['person'] == 'hubot')
    assert hubot.get('/').status == 200
    admin.act('/tokens', f'/tokens/{number}/revoke')
    assert hubot.get('/').status == 303
    assert site.api('GET', '/runs', None, token).status == 401


def test_what_people_do_is_on_record(site: Site, admin: Person) -> None:
    page = admin.get('/audit').text
    assert 'logged in' in page
    assert 'token created' in page
    assert 'is not what it was' not in page


def test_odd_cookies_of_others_on_this_host_log_nobody_out(admin: Person) -> None:
    odd = {'other{app}': '{"json": [1, 2]}', 'plain text': 'é'.encode().decode('latin-1')}
    admin.cookies = {**odd, **admin.cookies}
    assert admin.get('/').status == 200


class Raw:
    """Bytes to a server, and what comes back."""

    def __init__(self, site: Site) -> None:
        address = urlsplit(site.server.address)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # it need not listen to all of it
            self._socket.sendall(data)

    def answered(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

    def rest(self) -> bytes:
        found = b''
        with contextlib.suppress(ConnectionResetError):
            while more := self._socket.recv(1 << 16):
                found += more
        return found


@pytest.mark.parametrize('chunk', [b'x-long: many\r\n', b'x' * 1000])
def test_a_head_without_an_end_is_refused(site: Site, chunk: bytes) -> None:
    with Raw(site) as raw:
        raw.send(b'GET /login HTTP/1.1\r\nhost: localhost\r\nx-long: ')
        sent = 0
        while not raw.answered() and sent < 2**26:
            raw.send(chunk)
            sent += len(chunk)
        assert sent < 2**25  # buffers of the system between them are large
        assert raw.rest().startswith(b'HTTP/1.1 400 ')


def test_neither_is_what_comes_behind_a_body(site: Site) -> None:
    with Raw(site) as raw:
        raw.send(b'POST /login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n')
        raw.send(b'1\r\nx\r\n0\r\n')
        sent = 0
        while not raw.answered() and sent < 2**26:
            raw.send(b'x-long: many\r\n')
            sent += 14
        assert sent < 2**25  # buffers of the system between them are large


def test_a_long_head_is_read(site: Site) -> None:
    with Raw(site) as raw:
        raw.send(b'GET /login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n')
        raw.send(b'x-long: ' + b'x' * 50_000 + b'\r\n\r\n')
        assert raw.rest().startswith(b'HTTP/1.1 200 ')


def test_behind_a_proxy_with_tls_cookies_travel_by_tls_alone(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert 'is no address' in project.liftlock('serve', '--url', 'ci.example.org')
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
    server = Server(project, '--port', str(port), '--url', 'https://ci.example.org')
    try:
        assert server.address == 'https://ci.example.org'
        token = server.read(3).rpartition(' ')[2].strip()
        server.address = f'http://127.0.0.1:{port}'
        answer = Person(server).log_in(token)
        cookies = answer.headers.get_all('set-cookie') or []
        assert any('Secure' in one for one in cookies if one.startswith('__Host-liftlock_session='))
    finally:
        server.end()


# --- several servers on one database


class Pair(NamedTuple):
    project: Project
    first: Server
    second: Server
    code: str
    token: str


@pytest.fixture(scope='module')
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    project = Project(tmp_path_factory.mktemp('pair'))
    project.homes['LIFTLOCK_DATABASE'] = postgres.shared().database()
    project.write(
        '.github/workflows/ci.yml', 'on: push\njobs: {a: {runs-on: x, steps: [{run: echo a}]}}\n'
    )
    first = Server(project)
    greeting = first.read(4)
    code, token = re.search(r'/login/(\S+)', greeting), re.search(r'llt_\S+', greeting)
    assert code is not None
    assert token is not None
    second = Server(project)
    yield Pair(project, first, second, code[1], token[0])
    second.end()
    first.end()


def test_the_link_that_one_server_has_printed_is_good_at_another_once(pair: Pair) -> None:
    for server, status in ((pair.second, 303), (pair.first, 403)):
        person = Person(server)
        form = person.get(f'/login/{pair.code}')
        assert ('once' in form.text) == (status == 303)
        entered = person.post('/login', {'csrf': person.csrf(form), 'code': pair.code})
        assert entered.status == status


def test_who_guesses_gains_nothing_by_asking_another_server(pair: Pair) -> None:
    def guess(server: Server) -> int:
        person = Person(server)
        given = {'csrf': person.csrf(person.get('/login')), 'name': 'mona', 'password': 'guessed'}
        return person.post('/login', given).status

    with ThreadPoolExecutor(8) as threads:  # all at once
        seen = list(threads.map(guess, (pair.first, pair.second) * MOST))
    assert seen.count(403) <= MOST
    assert seen.count(429) >= MOST
    assert guess(pair.first) == guess(pair.second) == 429
    by_token = {'authorization': f'Bearer {pair.token}'}
    assert pair.second.ask('GET', '/api/v1/runs', None, by_token).status == 200


def test_each_server_counts_the_runs_of_all(pair: Pair) -> None:
    pair.project.git('add', '--all')
    pair.project.git('commit', '--quiet', '--message', 'one')
    pair.project.liftlock('run')
    by_token = {'authorization': f'Bearer {pair.token}'}
    given = {**by_token, 'content-type': 'application/json'}
    again = pair.first.ask('POST', '/api/v1/runs/1/rerun', '{}', given)
    assert again.status == 202, again
    for server, own in ((pair.first, 1), (pair.second, 0)):  # no worker is there: it waits
        page = server.ask('GET', '/runners', None, by_token).text
        (told,) = re.findall(r'Runs carried out</span><strong>(\d+)</strong>.*?>(.*?)<', page)
        assert told == ('1', f'by all servers, {own} by this one')

"""What programs may count on: scopes, pages, keys, marks, refusals."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import Window
from serving import Person, Project, Server, Site


def token(site: Site, *words: str) -> str:
    return site.server.project.liftlock('token', 'create', 'mona', *words).strip()


def send(site: Site, path: str, body: bytes, **headers: str) -> tuple[int, str]:
    told = {'authorization': f'Bearer {site.token}'}
    told |= {name.replace('_', '-'): value for name, value in headers.items()}
    answer = site.server.ask('POST', f'/api/v1{path}', body, told)
    return answer.status, answer.text


# --- scopes


def test_a_token_with_scopes_may_what_they_name_and_nothing_else(site: Site) -> None:
    reads = token(site, '--role', 'maintainer', '--scope', 'runs:read')
    assert site.api('GET', '/whoami', token=reads).json['scopes'] == ['runs:read']
    assert site.api('GET', '/runs', token=reads).status == 200
    assert site.api('GET', '/environments', token=reads).status == 403
    refused = site.api('POST', '/runs/1/cancel', {}, token=reads)
    assert (refused.status, refused.json['error']) == (403, 'the token has no scope runs:write')
    writes = token(site, '--role', 'maintainer', '--scope', 'runs:write')
    assert site.api('GET', '/runs', token=writes).status == 200
    assert site.api('POST', '/runs/1/cancel', {}, token=writes).status == 409


def test_a_scope_gives_nothing_that_the_role_does_not(site: Site) -> None:
    viewer = token(site, '--role', 'viewer', '--scope', 'runs:write', '--scope', 'admin')
    assert site.api('POST', '/runs/1/cancel', {}, token=viewer).status == 403
    assert site.api('GET', '/tokens', token=viewer).status == 403


def test_a_token_with_scopes_is_neither_for_pages_nor_for_logging_in(site: Site) -> None:
    reads = token(site, '--scope', 'deployments:read')
    headers = {'authorization': f'Bearer {reads}'}
    assert site.server.ask('GET', '/runs/1', None, headers).status == 403
    somebody = Person(site.server)
    somebody.log_in(reads)
    assert somebody.get('/runs/1').status == 303


# --- cookies


def test_a_cookie_is_good_with_the_word_of_the_forms(admin: Person) -> None:
    assert admin.get('/api/v1/runs').status == 200
    assert admin.post('/api/v1/runs/1/cancel', {}).status in (403, 415)
    cookie = '; '.join(f'{name}={value}' for name, value in admin.cookies.items())
    headers = {'cookie': cookie, 'content-type': 'application/json'}
    server = admin._server
    refused = server.ask('POST', '/api/v1/runs/1/cancel', '{}', headers)
    assert (refused.status, 'x-csrf-token' in refused.text) == (403, True)
    word = admin.csrf(admin.get('/runs/1'))
    done = server.ask('POST', '/api/v1/runs/1/cancel', '{}', {**headers, 'x-csrf-token': word})
    assert done.json['error'] == 'run 1 has already finished'
    elsewhere = {**headers, 'x-csrf-token': word, 'sec-fetch-site': 'cross-site'}
    assert server.ask('POST', '/api/v1/runs/1/cancel', '{}', elsewhere).json['error']


# --- pages of lists


@pytest.fixture(scope='module')
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with five runs."""
    project = Project(tmp_path_factory.mktemp('many'))
    project.write(
        '.github/workflows/quick.yml',
        'name: Quick\non: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n',
    )
    for _ in range(5):
        project.liftlock('run', 'push', '-W', '.github/workflows/quick.yml')
    admin = project.liftlock('token', 'create', 'admin', '--role', 'admin').strip()
    server = Server(project)
    try:
        yield Site(server, admin, '')
    finally:
        server.end()


def test_pages_neither_repeat_nor_leave_out_while_runs_come_in(many: Site) -> None:
    first = many.api('GET', '/runs?limit=2')
    assert [run['id'] for run in first.json['runs']] == [5, 4]
    many.server.project.liftlock('run', 'push', '-W', '.github/workflows/quick.yml')
    link = first.headers['link']
    assert link == f'</api/v1/runs?limit=2&cursor={first.json["next"]}>; rel="next"'
    second = many.server.ask(
        'GET', link.partition('<')[2].partition('>')[0], None, bearer(many)
    ).json
    assert [run['id'] for run in second['runs']] == [3, 2]
    third = many.api('GET', f'/runs?limit=2&cursor={second["next"]}')
    assert [run['id'] for run in third.json['runs']] == [1]
    assert (third.json['next'], third.headers['link']) == (None, None)


def bearer(site: Site) -> dict[str, str]:
    return {'authorization': f'Bearer {site.token}'}


def test_a_run_that_has_not_changed_is_not_told_again(many: Site) -> None:
    mark = many.api('GET', '/runs/1').headers['etag']
    headers = {**bearer(many), 'if-none-match': mark}
    again = many.server.ask('GET', '/api/v1/runs/1', None, headers)
    assert (again.status, again.text) == (304, '')
    many.api('POST', '/runs/1/rerun', {})
    assert many.server.ask('GET', '/api/v1/runs/1', None, headers).status == 200


# --- keys


def test_what_is_sent_again_under_its_key_is_done_once(many: Site) -> None:
    def rerun(key: str, body: str = '{}') -> tuple[int, str, str | None]:
        headers = {**bearer(many), 'idempotency-key': key}
        answer = many.server.ask('POST', '/api/v1/runs/2/rerun', body, headers)
        return answer.status, answer.text, answer.headers['idempotency-replayed']

    status, text, replayed = rerun('one')
    assert (status, json.loads(text)['attempt'], replayed) == (202, 2, None)
    assert rerun('one') == (202, text, 'true')
    assert rerun('one', '{"failed": true}')[0] == 422
    assert many.api('GET', '/runs/2').json['attempt'] == 2


def test_a_key_is_known_to_the_server_after_one_that_was_killed(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/ci.yml')
    admin = project.liftlock('token', 'create', 'admin', '--role', 'admin').strip()
    server = Server(project)
    headers = {'authorization': f'Bearer {admin}', 'idempotency-key': 'k'}
    first = server.ask('POST', '/api/v1/runs/1/rerun', '{"job": "build"}', headers)
    server.kill()
    server = Server(project)
    try:
        again = server.ask('POST', '/api/v1/runs/1/rerun', '{"job": "build"}', headers)
        assert (again.status, again.text) == (first.status, first.text) == (202, first.text)
        found = server.ask('GET', '/api/v1/runs/1', None, headers).json
        assert found['attempt'] == 2
    finally:
        server.end()


# --- what is refused


def test_bodies_are_json_and_not_too_large(site: Site) -> None:
    cancel = '/runs/1/cancel'
    assert send(site, cancel, b'{', content_type='application/json')[0] == 400
    assert send(site, cancel, b'\xff\xfe\x00', content_type='application/json')[0] == 400
    assert send(site, cancel, b'[' * 100_000)[0] == 400
    assert send(site, cancel, b'{"force": ' + b'9' * 9999 + b'}')[0] in (400, 422)
    assert send(site, cancel, b'force=1', content_type='text/plain')[0] == 415
    assert send(site, cancel, b'"' + b'x' * 600_000 + b'"')[0] == 413
    assert send(site, '/tokens', b'{"person": "\\ud800"}')[0] == 422
    assert send(site, '/tokens', b'{"person": "a\\u0000b"}')[0] == 422
    assert send(site, cancel, b'{"forse": true}')[0] == 422


def test_what_was_sent_is_never_repeated(site: Site) -> None:
    path = '/api/v1/repositories/octo/shop/secrets/KEY'
    body = json.dumps({'value': 'hunter2' + '\0'})
    answer = site.server.ask('PUT', path, body, {'authorization': f'Bearer {site.token}'})
    assert answer.status == 422
    assert 'hunter2' not in answer.text


# --- logs


def test_a_log_is_followed_to_its_end_and_from_where_it_was_cut_off(site: Site) -> None:
    events = site.server.events('/api/v1/runs/1/follow?job=build', site.token)
    first = events.next()
    assert first['event'] == 'lines'
    lines = json.loads(first['data'])
    assert [line['number'] for line in lines] == list(range(len(lines)))
    assert events.next()['event'] == 'end'
    events.close()
    again = site.server.events('/api/v1/runs/1/follow?job=build', site.token, first['id'])
    assert again.next()['event'] == 'end'
    again.close()


def test_a_window_a_search_and_the_whole_tell_the_same_lines(site: Site) -> None:
    window = site.api('GET', '/runs/1/lines?job=test[1]&from=5&limit=3').json
    assert [line['number'] for line in window['lines']] == [5, 6, 7]
    assert window['over'] is True
    (hit,) = site.api('GET', '/runs/1/search?job=test[1]&q=line+700').json['hits']
    assert hit['step'] == window['lines'][0]['step']
    whole = site.api('GET', '/runs/1/logs/test[1]').text
    assert 'line 700\n' in whole
    assert len(whole.splitlines()) == window['count']


def test_the_description_is_there_for_people_and_programs(site: Site) -> None:
    spec = site.api('GET', '/openapi.json').json
    assert spec['openapi'].startswith('3.1')
    assert '/runs/{run}' in spec['paths']
    (scopes,) = spec['paths']['/runs/{run}/rerun']['post']['security']
    assert scopes == {'token': ['runs:write']}
    page = site.api('GET', '/docs').text
    for path, item in spec['paths'].items():
        assert f'<code>{path}</code>' in page
        for one in item.values():
            assert f'id="{one["operationId"]}"' in page
    for name in re.findall(r'href="#([\w-]+)"', page):
        assert f'id="{name}"' in page


def test_people_read_the_description_without_a_script(site: Site, chromium: Any) -> None:
    window = Window(chromium, site.server, site.token, java_script_enabled=False)
    page = window.open('/api/v1/docs#rerun_run')
    page.locator('#rerun_run').get_by_text('Go on at this step').wait_for()
    page.locator('#rerun_run').get_by_role('link', name='Run', exact=True).click()
    page.locator('#shape-Run').get_by_text('Counted by workflow.').wait_for()
    assert window.complaints == []
    window.context.close()


def test_a_parameter_is_given_once(site: Site) -> None:
    twice = site.api('GET', '/runs?status=failure&status=success')
    assert (twice.status, 'more than once' in twice.json['error']) == (422, True)

"""What the pages tell of runs, and what is done from them."""

import io
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from serving import Person, Site

Eventually = Callable[[Callable[[], object]], None]
VOID = {'meta', 'link', 'input', 'br', 'hr', 'img', 'path', 'circle', 'rect'}


class Links(HTMLParser):
    """Addresses of a page, and whether its elements are closed as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [str(given[name]) for name in ('href', 'src') if given.get(name)]
        if tag not in VOID and tag not in ('li', 'p', 'dt', 'dd', 'option'):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open and self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_start_page_shows_the_repository_with_its_runs(admin: Person) -> None:
    page = admin.get('/').text
    assert 'octo/shop' in page
    assert 'of CI, newest last: failure' in page
    assert '<h2 id="red">' in page


def test_a_run_is_shown_with_all_that_is_known_of_it(admin: Person) -> None:
    page = admin.get('/runs/1').text
    for told in (
        'test (2)',
        'Process completed with exit code 1.',
        'a.py:3',
        'It broke',
        '2 of 2',
        'after build',
        'Run failed again',
    ):
        assert told in page, told
    assert '<h4>Built </h4>' in page
    assert 'as it was when the run began' in admin.get('/runs/1/workflow').text
    assert '<script>alert' not in page


def test_all_links_of_the_pages_lead_somewhere(site: Site, admin: Person) -> None:
    seen: set[str] = set()
    for start in (
        '/',
        '/runs',
        '/runs/1',
        '/runs/1/timeline',
        '/runs/1/tests',
        '/runs/1/annotations',
        '/runs/1/artifacts',
        '/runs/1/workflow',
        '/runs/1/jobs/build',
        '/workflows',
        '/deployments',
        '/approvals',
        '/runners',
        '/metrics-ui',
        '/secrets',
        '/settings',
        '/audit',
        '/tokens',
    ):
        links = Links(admin.get(start).text)
        assert links.wrong == []
        seen |= {one.partition('#')[0] for one in links.found if one.startswith('/')}
    assert len(seen) > 15
    for path in sorted(seen):
        assert admin.get(path).status in (200, 303), path


def test_an_artifact_is_a_download_that_no_browser_runs(site: Site, admin: Person) -> None:
    found = Links(admin.get('/runs/1/artifacts').text).found
    path = next(one for one in found if re.fullmatch(r'/runs/1/artifacts/\d+', one))
    headers = {'authorization': f'Bearer {site.token}'}
    answer = admin.get(path)
    assert answer.headers['content-disposition'] == 'attachment; filename="dist.zip"'
    assert answer.headers['content-security-policy'] == 'sandbox'
    import http.client
    from urllib.parse import urlsplit

    connection = http.client.HTTPConnection(urlsplit(site.server.address).netloc, timeout=30)
    connection.request('GET', f'/api/v1{path}', headers=headers)
    with zipfile.ZipFile(io.BytesIO(connection.getresponse().read())) as archive:
        assert archive.read('app') == b'app\n'
    connection.close()


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ('', True),
        ('status=failure', True),
        ('status=success', False),
        ('text=CI', True),
        ('text=%25', False),
        ('workflow=ci.yml&branch=main&event=workflow_dispatch', True),
        ('branch=other', False),
        ('before=x&after=99999999999999999999', True),
    ],
)
def test_runs_are_filtered_by_what_stands_in_the_address(
    admin: Person, query: str, found: bool
) -> None:
    page = admin.get(f'/runs?{query}')
    assert page.status == 200
    assert ('href="/runs/1"' in page.text) is found


@pytest.mark.parametrize(
    'path', ['/runs/77', '/runs/1/jobs/nobody', '/environments/7', '/nowhere', '/runs/1/reports/x']
)
def test_what_is_not_there_is_said_on_a_page(admin: Person, path: str) -> None:
    answer = admin.get(path)
    assert answer.status == 404
    assert 'Not here' in answer.text


def test_a_failed_job_is_run_again_by_the_server_and_the_first_attempt_is_kept(
    site: Site, admin: Person, eventually: Eventually
) -> None:
    before = site.api('GET', '/runs/1').json['attempt']
    answer = admin.act('/runs/1', '/runs/1/rerun', which='failed')
    assert answer.headers['location'] == '/runs/1'
    assert 'start again' in admin.get('/runs/1').text
    eventually(lambda: site.api('GET', '/runs/1').json['status'] == 'completed')
    run = site.api('GET', '/runs/1').json
    assert run['attempt'] == before + 1
    assert run['conclusion'] == 'failure'
    page = admin.get('/runs/1').text
    assert f'Attempt {before + 1}' in page
    old = admin.get(f'/runs/1/jobs/test%5B1%5D?attempt={before}')
    assert old.status == 200
    assert 'run started again' in admin.get('/audit').text


def test_the_theme_is_kept(admin: Person) -> None:
    assert 'data-theme="system"' in admin.get('/').text
    answer = admin.post('/theme', {'theme': 'dark', 'back': '/runs'})
    assert answer.headers['location'] == '/runs'
    assert 'data-theme="dark"' in admin.get('/').text

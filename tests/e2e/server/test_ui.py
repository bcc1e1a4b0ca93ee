"""What a team does in a day, in a real browser: start, look, find the reason, approve, repeat."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browsing import Window
from serving import Person, Project, Server, Site

FLOW = """
name: Check
on:
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [quick, full], default: quick, description: How much}
      seed: {type: number, default: 7}
      fresh: {type: boolean, default: true}
      note: {type: string, required: true}
jobs:
  test:
    name: Tests
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Told
        run: |
          echo "level=${{ inputs.level }} seed=${{ inputs.seed }} fresh=${{ inputs.fresh }}"
          test "${{ inputs.note }}" = 'by hand' && test "$GREETING" = 'hello there'
        env: {GREETING: '${{ secrets.GREETING }}'}
      - name: Report
        run: |
          echo '::group::Installing'; seq -f 'part %.0f' 1 700; echo '::endgroup::'
          python3 report.py && echo '::warning file=src/cart.py,line=9::prices are old'
      - uses: actions/upload-artifact@v4
        with: {name: report, path: report}
  deploy:
    name: Deploy
    needs: test
    runs-on: ubuntu-latest
    environment: production
    steps: [run: echo deployed]
"""
REPORT = r"""
from pathlib import Path
home = Path('report/html')
home.mkdir(parents=True)
Path('report/junit.xml').write_text(
    '<testsuite name="cart"><testcase name="adds" time="0.5"/>'
    '<testcase name="pays" file="cart.py" line="3"><failure message="no money">at 3</failure>'
    '</testcase></testsuite>')
(home / 'style.css').write_text('h1 { color: rgb(1, 2, 3) }')
(home / 'app.js').write_text('''
  let cookies;
  try { cookies = document.cookie || 'none' } catch { cookies = 'refused' }
  fetch('/api/v1/whoami').then(() => 'reached', () => 'cut off').then((it) => {
    document.getElementById('told').textContent = `cookies ${cookies}, server ${it}` })
''')
(home / 'index.html').write_text('''<!doctype html><link rel="stylesheet" href="style.css">
  <h1>Coverage</h1><p id="told">no scripts</p><a href="cart.html">cart</a>
  <script src="app.js"></script>''')
(home / 'cart.html').write_text('<h1>of the cart</h1>')
"""
SETTINGS = 'environments: {production: {protection: {reviewers: [admin]}}}\n'
Eventually = Callable[[Callable[[], object]], None]
START = '/workflows/of?repository=octo/shop&workflow=.github/workflows/check.yml'


@pytest.fixture(scope='module')
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A registered repository, of which nothing has run yet."""
    project = Project(tmp_path_factory.mktemp('shop'))
    project.write('.github/workflows/check.yml', FLOW)
    project.write('report.py', REPORT)
    project.write('liftlock.yml', SETTINGS)
    project.git('add', '--all')
    project.git('commit', '--quiet', '--message', 'Check the cart')
    where = ('--url', str(project.directory), '--branch', 'main', '--trusted')
    told = project.liftlock('repository', 'add', 'octo/shop', *where)
    server = Server(project)
    try:
        token = server.read(3).rpartition(' ')[2].strip()
        assert token.startswith('llt_'), told
        yield Site(server, token, '')
    finally:
        server.end()


@pytest.fixture
def window(chromium: Any, shop: Site) -> Iterator[Window]:
    opened = Window(chromium, shop.server, shop.token)
    yield opened
    opened.context.close()
    assert opened.complaints == []


def test_from_a_secret_and_a_form_to_an_approved_deployment(window: Window) -> None:
    page = window.open('/secrets')
    page.get_by_label('Whose').select_option('The whole server')
    page.get_by_label('Name').fill('greeting')
    page.get_by_label('Value').fill('hello there')
    page.get_by_role('button', name='Store it').click()
    page.locator('#said', has_text='The secret GREETING of The whole server is stored.').wait_for()
    assert 'hello there' not in page.content()

    page = window.open(START)
    assert page.get_by_label('seed').get_attribute('type') == 'number'
    assert page.get_by_label('fresh').is_checked()
    page.get_by_label('level').select_option('full')
    page.get_by_label('seed').fill('42')
    page.get_by_label('fresh').uncheck()
    page.get_by_label('note').fill('by hand')
    page.get_by_role('button', name='Start on main').click()
    page.wait_for_url('**/runs/1')
    page.locator('.job', has_text='approval of admin').wait_for()  # it is told by itself

    page = window.open('/approvals')
    page.get_by_label('Comment').fill('looks good')
    page.get_by_role('button', name='Approve and deploy').click()
    page.get_by_text('Nothing waits for anybody.').wait_for()
    page = window.open('/runs/1')
    page.locator('.facts .pill', has_text='success').wait_for()
    page = window.open('/runs/1/jobs/test')
    page.get_by_role('button', name='Told').click()
    page.locator('.t', has_text='level=full seed=42 fresh=false').first.wait_for()


def test_a_failed_test_is_told_with_its_reason(window: Window, ended: None) -> None:
    page = window.open('/runs/1')
    page.locator('#failed', has_text='1 test failed').wait_for()
    page.get_by_role('link', name='Tests', exact=False).first.click()
    page.locator('.case', has_text='pays').locator('pre', has_text='no money').first.wait_for()


def test_an_annotation_leads_to_its_line(window: Window, ended: None) -> None:
    page = window.open('/runs/1/annotations')
    page.get_by_role('link', name='Tests: the line in the log').click()
    page.locator('.l.is-target', has_text='prices are old').wait_for()


def test_a_group_is_folded_as_one_however_long(window: Window, ended: None) -> None:
    page = window.open('/runs/1/jobs/test')
    page.get_by_role('button', name='Report').click()
    parts = page.locator('.t:visible', has_text=re.compile(r'^part \d+$'))
    page.locator('.k-warning', has_text='prices are old').wait_for()
    assert parts.count() == 0
    page.get_by_text('Installing', exact=True).click()
    parts.nth(400).wait_for()
    page.get_by_text('Installing', exact=True).click()
    page.locator('.k-warning', has_text='prices are old').wait_for()
    assert parts.count() == 0


def test_a_line_of_a_folded_group_is_reached_by_the_keyboard(window: Window, ended: None) -> None:
    page = window.open('/runs/1/jobs/test')
    page.get_by_label('Line, or lines').focus()
    page.keyboard.type('3:650-652')
    page.keyboard.press('Enter')
    page.locator('#s3-L651.is-target').wait_for()
    assert page.evaluate('location.hash') == '#s3-L650-L652'
    assert page.locator('.l.is-target:visible').count() == 3


def test_pages_of_artifacts_run_where_nothing_can_be_reached(
    window: Window, ended: None, shop: Site
) -> None:
    page = window.open('/runs/1/artifacts')
    page.get_by_role('link', name='report', exact=True).click()
    page.get_by_role('link', name='html/').click()
    with window.context.expect_page() as opened:
        page.locator('tr', has_text='index.html').get_by_role('link', name='Open').click()
    shown = opened.value
    shown.locator('#told', has_text='cookies refused, server cut off').wait_for()
    colour = shown.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert colour == 'rgb(1, 2, 3)'
    shown.get_by_role('link', name='cart').click()
    shown.locator('h1', has_text='of the cart').wait_for()
    path = shown.url.removeprefix(shop.server.address)
    answer = shop.server.ask('GET', path.replace('cart.html', '../../../../etc/passwd'))
    assert answer.status == 404
    assert shop.server.ask('GET', path.replace('/shown/', '/shown/1')).status == 403


def test_a_job_is_run_again_from_a_step_and_both_attempts_are_kept(
    window: Window, ended: None, shop: Site, eventually: Eventually
) -> None:
    admin = Person(shop.server, shop.token)
    where = start(admin, 'something else')
    run = where.rpartition('/')[2]
    eventually(lambda: shop.api('GET', f'/runs/{run}').json['status'] == 'completed')
    page = window.open(where)
    page.locator('.facts .pill', has_text='failure').wait_for()
    job = page.locator('.job', has_text='Tests')
    job.get_by_label('From which step of Tests').select_option('Told')
    job.get_by_role('button', name='Run this job again').click()
    page.get_by_role('link', name='Attempt 2').wait_for()
    eventually(lambda: shop.api('GET', f'/runs/{run}').json['status'] == 'completed')
    page.get_by_role('link', name='Attempt 1').click()
    page.locator('.facts .pill', has_text='failure').wait_for()
    page = window.open(f'{where}/jobs/test?view=plain&step=0')
    page.get_by_text('Taken up at step 2 from').wait_for()


def test_the_timeline_shows_each_job_and_what_made_it_long(window: Window, ended: None) -> None:
    page = window.open('/runs/1/timeline?attempt=1')
    assert page.locator('.timeline li').count() == 2
    page.locator('.timeline li.critical', has_text='Deploy').wait_for()


def test_on_a_phone_pages_are_one_menu(chromium: Any, shop: Site) -> None:
    window = Window(chromium, shop.server, shop.token, viewport={'width': 360, 'height': 740})
    page = window.page
    assert not page.get_by_role('link', name='Workflows').is_visible()
    page.get_by_role('button', name='Menu').click()
    page.get_by_role('link', name='Workflows').click()
    page.wait_for_url('**/workflows')
    for path in ('/approvals', '/runners', '/metrics-ui', '/secrets', '/settings', START):
        window.open(path)
        assert page.evaluate('document.documentElement.scrollWidth') <= 360, path
    window.context.close()
    assert window.complaints == []


def test_who_may_not_is_not_shown_the_way(shop: Site) -> None:
    viewer = Person(shop.server, shop.token_of('vera', 'viewer'))
    page = viewer.get('/').text
    assert 'href="/secrets"' not in page
    assert 'href="/settings"' not in page
    assert viewer.get('/secrets').status == 403
    assert viewer.get('/settings').status == 403
    assert 'Starting it is for developers.' in viewer.get(START).text
    given = {'repository': 'octo/shop', 'workflow': '.github/workflows/check.yml', 'ref': 'main'}
    viewer.act('/account', '/workflows/dispatch', **given)
    assert 'may not do this' in viewer.get('/').text


def start(admin: Person, note: str) -> str:
    """The address of the run."""
    form = {'repository': 'octo/shop', 'workflow': '.github/workflows/check.yml', 'ref': 'main'}
    answer = admin.act(START, '/workflows/dispatch', **form, **{'input:note': note})
    return str(answer.headers['location'])


@pytest.fixture
def ended(shop: Site, eventually: Eventually) -> None:
    """The run that the first test has started; started here where that one was left out."""
    if not shop.api('GET', '/runs').json['runs']:
        admin = Person(shop.server, shop.token)
        admin.act('/secrets', '/secrets', scope='|', kind='secret', name='GREETING',
                  value='hello there')  # fmt: skip
        start(admin, 'by hand')
        eventually(lambda: 'Approve and deploy' in admin.get('/approvals').text)
        admin.act('/approvals', '/environments/1/approve', number='1')
    eventually(lambda: shop.api('GET', '/runs/1').json['status'] == 'completed')

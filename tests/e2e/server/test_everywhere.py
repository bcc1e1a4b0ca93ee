"""What holds on every page: the browser complains about nothing, axe finds no obstacle in either
theme, nothing has to be scrolled sideways on the smallest phone, and keys show where they are."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from browsing import Window
from patience import eventually
from senders import Sender
from serving import Person, Project, Server
from toolkit.stage import install, missing

FLOW = """
name: Check
on: {push: , workflow_dispatch: , schedule: [{cron: '4 5 * * 1'}]}
jobs:
  test:
    name: Tests
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Report
        run: |
          mkdir report && cp junit.xml report && echo '<h1>94 %</h1>' > report/index.html
          echo '::group::Lines'; seq 1 700; echo '::endgroup::'
          printf '\\033[91mbright\\033[0m \\033[2;31mfaint\\033[0m \\033[7mturned\\033[0m\\n'
          echo '::warning file=src/cart.py,line=9::prices are old'
          echo '::error file=src/cart.py,line=10::no money'
          echo '### Coverage' >> $GITHUB_STEP_SUMMARY
      - uses: actions/upload-artifact@v4
        with: {name: report, path: report}
  deploy:
    name: Deploy
    needs: test
    runs-on: ubuntu-latest
    environment: production
    steps: [run: echo deployed]
"""
JUNIT = """<testsuite name="cart"><testcase name="adds" time="0.5"/>
<testcase name="pays" file="cart.py" line="3"><failure message="no money">at 3</failure></testcase>
</testsuite>"""
SETTINGS = 'environments: {production: {protection: {reviewers: [admin]}}}\n'
FLOW_PAGE = '/workflows/of?repository=octo/github&workflow=.github/workflows/check.yml'
PAGES = (
    '/', '/runs', '/runs/{run}', '/runs/{run}/timeline', '/runs/{run}/tests',
    '/runs/{run}/annotations', '/runs/{run}/artifacts', '/runs/{run}/artifacts/1/files/',
    '/runs/{run}/workflow', '/runs/{run}/jobs/test#s2-L3-L5', '/runs/{run}/jobs/test?view=plain',
    '/runs/99', '/workflows', FLOW_PAGE, '/deployments', '/environments/1', '/approvals',
    '/why?repository=octo/github', '/schedules', '/repositories', '/repositories/1',
    '/repositories/1/triggers', '/deliveries', '/deliveries/1', '/statuses', '/runners',
    '/metrics-ui', '/secrets', '/audit?verify=1', '/users', '/users/mona', '/tokens', '/settings',
    '/account',
)  # fmt: skip
TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
NARROW = ['scrollable-region-focusable', 'target-size']
LOOK = """async (what) => (await axe.run({
  runOnly: what, resultTypes: ['violations'], preload: false,
})).violations
  .map((one) => [one.id, one.nodes.map((node) => [node.target.join(' '), node.failureSummary])])"""
SMALLEST = 320  # pixels: WCAG 1.4.10
FOCUSED = """() => {
  const at = document.activeElement;
  const box = at.getBoundingClientRect();
  const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const style = getComputedStyle(at);
  const ring = at.matches('.graph a') || parseFloat(style.outlineWidth) >= 2;
  return [at.outerHTML.slice(0, 90), ring && style.outlineStyle !== 'hidden',
          at.contains(seen) || Boolean(seen?.contains(at)), at === document.body];
}"""


class Place(NamedTuple):
    """A server on which something stands on every page; `run` failed a test and waits."""

    server: Server
    token: str
    run: int


@pytest.fixture(scope='module')
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp('everywhere')
    project = Project(home)
    sender = Sender(project, home / 'forge', 'github', '--trusted')
    sender.write('.github/workflows/check.yml', FLOW)
    sender.write('junit.xml', JUNIT)
    sender.write('liftlock.yml', SETTINGS)
    pushed = sender.commit('Check the cart')
    sender.push('main')
    server = Server(project)
    try:
        token = server.read(3).rpartition(' ')[2].strip()
        admin = server.person(token)
        admin.act('/secrets', '/secrets', scope='|', kind='secret', name='KEY', value='hush')
        admin.act('/secrets', '/secrets', scope='octo/github|', kind='variable', name='LEVEL',
                  value='high')  # fmt: skip
        admin.act('/users', '/users', name='mona', role='developer')
        sender.send(server, sender.pushed(sender.first, pushed))
        sender.send(server, sender.proposed(7, sender.propose(7, 'docs/a.md', 'better')))
        run = waiting(admin)
        yield Place(server, token, run)
    finally:
        server.end()
        project.liftlock('supervise', '--stop')


def waiting(admin: Person) -> int:
    """The number of the run that waits for an approval, once a pull request waits, too."""
    eventually(lambda: 'Approve its runs' in admin.get('/approvals').text, 60)
    eventually(lambda: 'Approve and deploy' in admin.get('/approvals').text, 60)
    found = re.search(r'href="/runs/(\d+)"', admin.get('/approvals').text)
    assert found
    return int(found[1])


@pytest.fixture(scope='module')
def axe() -> str:
    needed = missing()
    packages = None if needed else install(Path(__file__).parent / 'axe')
    if packages is None:
        needed = needed or 'npm could not install axe-core'
        pytest.fail(needed) if os.environ.get('CI') else pytest.skip(needed)
    return (packages / 'node_modules/axe-core/axe.min.js').read_text()


@pytest.fixture(scope='module')
def window(chromium: Any, place: Place) -> Iterator[Window]:
    opened = Window(chromium, place.server, place.token)
    yield opened
    opened.context.close()


@pytest.mark.parametrize('path', PAGES)
def test_a_page_is_for_everybody(window: Window, place: Place, axe: str, path: str) -> None:
    page = window.page
    page.set_viewport_size({'width': SMALLEST, 'height': 700})
    page.emulate_media(color_scheme='light')
    window.open(path.format(run=place.run))
    assert page.evaluate('document.documentElement.scrollWidth') <= SMALLEST
    assert page.title().endswith('Liftlock')
    page.evaluate(axe)
    obstacles = page.evaluate(LOOK, NARROW)
    page.set_viewport_size({'width': 1280, 'height': 800})
    obstacles += page.evaluate(LOOK, TAGS)
    page.emulate_media(color_scheme='dark')
    obstacles += page.evaluate(LOOK, ['color-contrast'])
    assert obstacles == []
    complaints = [one for one in window.complaints if '404' not in one]
    window.complaints.clear()
    assert complaints == []


def test_the_door_is_for_everybody(chromium: Any, place: Place, axe: str) -> None:
    context = chromium.new_context(viewport={'width': SMALLEST, 'height': 700})
    page = context.new_page()
    page.goto(f'{place.server.address}/login')
    assert page.evaluate('document.documentElement.scrollWidth') <= SMALLEST
    page.evaluate(axe)
    obstacles = page.evaluate(LOOK, TAGS)
    page.emulate_media(color_scheme='dark')
    obstacles += page.evaluate(LOOK, ['color-contrast'])
    assert obstacles == []
    context.close()


@pytest.mark.parametrize('path', ['/runs/{run}', '/runs/{run}/jobs/test', FLOW_PAGE])
def test_keys_reach_everything_and_show_where_they_are(
    window: Window, place: Place, path: str
) -> None:
    page = window.open(path.format(run=place.run))
    seen = []
    for _ in range(200):
        page.keyboard.press('Tab')
        what, ring, visible, over = page.evaluate(FOCUSED)
        if over or what in seen[:1]:
            break
        assert ring, f'nothing shows the focus of {what}'
        assert visible, f'something hides {what}'
        seen.append(what)
    controls = 'main a:visible, main button:visible:enabled, main summary:visible'
    assert len(seen) >= page.locator(controls).count()


def test_who_wants_no_motion_sees_none(window: Window, place: Place) -> None:
    window.page.emulate_media(reduced_motion='reduce')
    page = window.open('/')
    page.evaluate("document.querySelector('main').innerHTML = '<i class=\"spin\">x</i>'")
    name = page.evaluate("getComputedStyle(document.querySelector('.spin')).animationName")
    assert name == 'none'


def test_a_run_is_started_cancelled_and_approved_without_a_mouse(
    window: Window, place: Place
) -> None:
    page = window.open(FLOW_PAGE)
    press(page, 'Start on main')
    page.wait_for_url('**/runs/*')
    page.locator('.job', has_text='approval of admin').wait_for()
    page.get_by_role('link', name='Review it').wait_for()
    press(page, 'Cancel')
    page.locator('.facts .pill', has_text='cancelled').wait_for()
    window.open('/approvals')
    press(page, 'Approve its runs')
    page.locator('#said', has_text='is approved').wait_for()
    window.open(f'/runs/{place.run}/jobs/test')
    page.keyboard.press('/')
    page.keyboard.type('no money')
    page.locator('#hits', has_text='1 of').wait_for()
    page.locator('.l.is-hit:visible').wait_for()


def press(page: Any, name: str) -> None:
    """The button, reached by Tab alone."""
    for _ in range(100):
        page.keyboard.press('Tab')
        if page.evaluate('document.activeElement.textContent.trim()') == name:
            page.keyboard.press('Enter')
            return
    raise AssertionError(f'Tab does not lead to {name}')

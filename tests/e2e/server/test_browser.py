"""What people do with a browser, in a real one: Chromium, driven by Playwright."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browsing import Window
from serving import Person, Server, Site

MILLION = """
name: Million
on: workflow_dispatch
jobs:
  million:
    runs-on: ubuntu-latest
    steps:
      - name: Counts
        run: seq -f 'number %.0f is said' 1 1000000
"""
STUBBORN = """
name: Stubborn
on: workflow_dispatch
jobs:
  first: {runs-on: ubuntu-latest, steps: [run: sleep 1]}
  slow:
    needs: first
    runs-on: ubuntu-latest
    steps:
      - run: trap '' INT TERM; while true; do echo tick; sleep 0.2; done
"""
Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def window(chromium: Any, site: Site) -> Iterator[Window]:
    opened = Window(chromium, site.server, site.token)
    yield opened
    opened.context.close()
    assert opened.complaints == []  # of a policy that was broken, say


def test_from_the_start_page_to_the_line_that_failed(window: Window) -> None:
    page = window.page
    page.get_by_role('link', name='CI', exact=True).first.click()
    page.get_by_role('link', name='test failure · 2 of 2').click()
    error = page.locator('.k-error', has_text='It broke')
    error.wait_for()
    page.get_by_role('button', name='Next error (2)').click()
    page.locator('.l.is-target', has_text='exit code 1').wait_for()
    assert page.evaluate('location.hash').startswith('#s1-L')


def test_a_link_to_a_line_leads_there_also_in_a_fold(window: Window) -> None:
    page = window.open('/runs/1/jobs/test%5B0%5D#s1-L600-L602')
    page.locator('#s1-L600.is-target').wait_for()
    assert page.locator('.l.is-target').count() == 3
    assert page.locator('#s1-L600').is_visible()
    page.locator('#s1-L604 .n').click(modifiers=['Shift'])
    assert page.evaluate('location.hash') == '#s1-L600-L604'


def test_the_whole_log_is_searched_from_the_keyboard(window: Window) -> None:
    page = window.open('/runs/1/jobs/test%5B0%5D')
    page.keyboard.press('/')
    page.keyboard.type('line 119')
    page.locator('#hits', has_text='1 of 11').wait_for()
    page.keyboard.press('Enter')
    page.locator('#hits', has_text='2 of 11').wait_for()
    page.locator('.l.is-hit', has_text='line 1190').wait_for()


def test_keys_lead_from_page_to_page_and_can_be_switched_off(window: Window) -> None:
    page = window.open('/')
    page.keyboard.type('gr')
    page.wait_for_url('**/runs')
    page.keyboard.press('?')
    page.get_by_label('Switch these keys off').check()
    page.get_by_role('button', name='Close').click()
    page.keyboard.type('gd')
    page.keyboard.press('?')
    page.get_by_label('Switch these keys off').uncheck()
    assert page.url.endswith('/runs')


@pytest.mark.parametrize('path', ['/', '/runs', '/runs/1', '/runs/1/jobs/build', '/deployments'])
def test_a_page_fits_on_a_phone(window: Window, path: str) -> None:
    window.page.set_viewport_size({'width': 360, 'height': 740})
    page = window.open(path)
    assert page.evaluate('document.documentElement.scrollWidth') <= 360


def test_a_run_is_seen_to_go_on_without_loading_the_page_again(
    chromium: Any, fresh: tuple[Server, str], eventually: Eventually
) -> None:
    server, token = fresh
    project, site = server.project, Site(server, token, '')
    project.write('.github/workflows/stubborn.yml', STUBBORN)
    project.git('add', '--all')
    project.git('commit', '--quiet', '--message', 'Hold on')
    process = project.start('run', 'workflow_dispatch', '-W', '.github/workflows/stubborn.yml')
    eventually(lambda: site.api('GET', '/runs').json['runs'])
    window = Window(chromium, server, token)
    page = window.open('/runs/1')
    page.evaluate('window.same = true')
    page.locator('#job-slow[open]').wait_for()  # by itself
    assert page.evaluate('window.same')
    log = window.context.new_page()
    log.goto(f'{server.address}/runs/1/jobs/slow')
    log.locator('.t', has_text=re.compile('^tick')).nth(3).wait_for()
    assert log.locator('#follow').get_attribute('aria-pressed') == 'true'
    page.get_by_role('button', name='Cancel', exact=True).click()
    page.locator('.facts .pill', has_text='cancelling').wait_for()
    assert not page.get_by_role('button', name='Cancel', exact=True).is_visible()
    page.get_by_role('button', name='Cancel at once').click()
    page.locator('.facts .pill', has_text='cancelled').wait_for()
    log.locator('#job-state', has_text='cancelled').wait_for()
    process.communicate(timeout=60)
    assert page.get_by_role('button', name='Run all again').is_visible()
    window.context.close()
    assert window.complaints == []


def test_a_million_lines_are_a_few_elements(chromium: Any, fresh: tuple[Server, str]) -> None:
    server, token = fresh
    project = server.project
    project.write('.github/workflows/million.yml', MILLION)
    project.git('add', '--all')
    project.git('commit', '--quiet', '--message', 'Count')
    project.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/million.yml')
    window = Window(chromium, server, token)
    page = window.open('/runs/1/jobs/million#s1-L900000')
    page.locator('#s1-L900000.is-target').wait_for()
    assert 'is said' in page.locator('#s1-L900000').inner_text()
    page.keyboard.press('/')
    page.keyboard.type('number 123456 ')
    page.locator('.l.is-hit', has_text='number 123456 is said').wait_for()
    assert page.evaluate("document.querySelectorAll('.l').length") < 20_000
    window.context.close()
    assert window.complaints == []


def test_somebody_without_scripts_reads_everything(site: Site) -> None:
    admin = Person(site.server, site.token)
    for path in ('/', '/runs/1', '/runs/1/jobs/build?view=plain'):
        assert '<main' in admin.get(path).text

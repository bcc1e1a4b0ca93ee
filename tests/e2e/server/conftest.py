"""A server with a red run, and people who come to it."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import browser
from containers import lack
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process
from serving import Person, Project, Server, Site

SETTINGS = """
environments:
  production:
    protection: {reviewers: [mona], required: 1}
    target: {process: {command: "python3 -m http.server $PORT", instances: 1}}
    strategy: {canary: {steps: [{setWeight: 25}, {pause: {}}]}}
    health_checks: [{endpoint: /, interval: 1s, healthy_threshold: 1}]
"""
GREEN = 'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'


@pytest.fixture(scope='module')
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    project = Project(tmp_path_factory.mktemp('site'))
    told = project.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/ci.yml')
    assert 'failed' in told, told
    server = Server(project, '--trusted-proxy', '127.0.0.1')
    try:
        greeting = server.read(3)
        code, token = re.search(r'/login/(\S+)', greeting), re.search(r'llt_\S+', greeting)
        assert code, greeting
        assert token, greeting
        yield Site(server, token[0], code[1])
    finally:
        server.end()


@pytest.fixture(scope='module')
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture
def person(site: Site) -> Person:
    """Nobody yet."""
    return Person(site.server)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server whose patience nobody has tried, and its admin's token."""
    server = Server(Project(tmp_path))
    try:
        token = re.search(r'llt_\S+', server.read(3))
        assert token
        yield server, token[0]
    finally:
        server.end()


@pytest.fixture
def admin(site: Site) -> Person:
    return Person(site.server, site.token)


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true; fail after half a minute."""

    def wait(check: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not check():
            assert time.monotonic() < end, 'it never came true'
            time.sleep(0.05)

    return wait


@pytest.fixture
def delivered(tmp_path: Path) -> Iterator[Site]:
    """A server beside an environment that nothing is deployed to."""
    try:
        process.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    project = Project(tmp_path)
    project.write('liftlock.yml', SETTINGS)
    project.write('.github/workflows/ci.yml', GREEN)
    server = Server(project)
    try:
        token = server.read(3).rpartition(' ')[2].strip()
        yield Site(server, token, '')
    finally:
        server.end()
        project.liftlock('down', 'production')
        project.liftlock('supervise', '--stop')

"""A server with a red run, and people who come to it."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving import Person, Project, Server, Site


@pytest.fixture(scope='module')
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    project = Project(tmp_path_factory.mktemp('site'))
    told = project.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/ci.yml')
    assert 'failed' in told, told
    server = Server(project)
    try:
        greeting = server.read(3)
        code, token = re.search(r'/login/(\S+)', greeting), re.search(r'llt_\S+', greeting)
        assert code, greeting
        assert token, greeting
        yield Site(server, token[0], code[1])
    finally:
        server.end()


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

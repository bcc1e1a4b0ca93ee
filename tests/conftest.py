"""What all tests share: `pytest --update-golden` writes expected outputs anew; read the diff."""

import signal
from collections.abc import Iterator

import pytest

import leftovers
import postgres

# A shell without a terminal lets what it starts with `&` ignore these, and its children would, too.
for ignored in (signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption('--update-golden', action='store_true', help='write expected outputs anew')


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption('--update-golden'))


@pytest.fixture(scope='session', autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever was started in a directory of this session has ended at its end."""
    yield
    leftovers.check(tmp_path_factory.getbasetemp())


def pytest_sessionfinish() -> None:
    postgres.end()

"""`pytest tests/golden --update-golden` writes what is expected anew; read the diff."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption('--update-golden', action='store_true', help='write expected outputs anew')


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    # asked for all tests at once, pytest meets this file too late to read the option
    return bool(request.config.getoption('--update-golden', default=False))

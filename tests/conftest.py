"""What all tests share: `pytest --update-golden` writes expected outputs anew; read the diff."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption('--update-golden', action='store_true', help='write expected outputs anew')


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption('--update-golden'))

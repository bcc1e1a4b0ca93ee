import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.stage import Clients, Stage, install, missing, node


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope='session')
def fetched() -> tuple[Path, str]:
    """The clients, and a node to run them."""
    needed = missing()
    packages, program = (None, None) if needed else (install(), node())
    if packages is None or program is None:
        needed = needed or 'npm could not install the clients of tests/toolkit/package.json'
        pytest.fail(needed) if os.environ.get('CI') else pytest.skip(needed)
    return packages, program


@pytest.fixture
def clients(fetched: tuple[Path, str], tmp_path: Path) -> Clients:
    return Clients(*fetched, tmp_path / 'workspace')

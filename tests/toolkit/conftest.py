import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.stage import Clients, Stage, install, missing


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope='session')
def packages() -> Path:
    needed = missing()
    found = None if needed else install()
    if found is None:
        needed = needed or 'npm could not install the clients of tests/toolkit/package.json'
        pytest.fail(needed) if os.environ.get('CI') else pytest.skip(needed)
    return found


@pytest.fixture
def clients(packages: Path, tmp_path: Path) -> Clients:
    return Clients(packages, tmp_path / 'workspace')

"""A village for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import containers
from e2e.pods.village import Village
from fakekube.server import running


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    containers.docker()
    with running(containers=True) as cluster:
        made = Village(tmp_path, cluster)
        yield made
        made.close()

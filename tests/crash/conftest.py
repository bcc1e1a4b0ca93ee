"""A PostgreSQL that is careful about the disk, and may be killed: for the scenes of one file."""

from collections.abc import Iterator

import pytest

import postgres
from crash.scenes import CAREFUL
from postgres import Cluster


@pytest.fixture(scope='module')
def cluster() -> Iterator[Cluster]:
    with postgres.cluster(CAREFUL) as made:
        yield made

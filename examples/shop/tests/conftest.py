import sqlite3
from collections.abc import Iterator

import pytest

from shop import stock


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    opened = stock.connect(":memory:")
    yield opened
    opened.close()

"""One store for each test, on each database that there can be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import postgres
from liftlock.store import leases
from liftlock.store.database import Store, open_store


@pytest.fixture(params=('sqlite', 'postgres'))
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """'' for SQLite, or the URL of an empty database."""
    monkeypatch.setattr(leases, 'BACK', 0.3)  # seconds until a process that was killed is dead
    yield from postgres.chosen(request)


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[Store]:
    opened = open_store(tmp_path / 'state', database)
    yield opened
    opened.close()

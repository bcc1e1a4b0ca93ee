import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.actions.ground import Ground, Repository
from liftlock.runner.repository import look
from liftlock.runner.snapshot import Snapshot, take


@pytest.fixture(autouse=True)
def nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see neither the developer's settings nor his network's helpers."""
    monkeypatch.setenv('GIT_CONFIG_GLOBAL', os.devnull)
    monkeypatch.setenv('GIT_CONFIG_NOSYSTEM', '1')


@pytest.fixture
def project(tmp_path: Path) -> Repository:
    return Repository(tmp_path / 'shop')


@pytest.fixture
def snap(tmp_path: Path) -> Callable[..., Snapshot]:
    def take_it(repository: Repository, **options: bool) -> Snapshot:
        return take(look(repository.top), tmp_path / 'state', **options)

    return take_it


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path / 'ground')
    yield made
    made.store.close()

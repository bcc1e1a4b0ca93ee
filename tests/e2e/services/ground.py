"""Jobs with services that real servers of this machine run, without a container engine."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakes import Played, play
from liftlock.language.image import parse
from liftlock.plan.facts import JobFact, StepFact, StepStarted
from liftlock.runner.services import kinds
from liftlock.runner.services.kinds.base import Missing
from liftlock.runner.services.listening import free_port

NO_ENGINE: Mapping[str, object] = {'container_engine': 'none'}


def need(*images: str) -> None:
    """Skip where a server is not installed; continuous integration has to have it."""
    for image in images:
        named = parse(image)
        kind = kinds.find(named) if named else None
        assert named is not None
        assert kind is not None
        found = kind.find(named)
        if isinstance(found, Missing):
            told = f'{found.what} is not here: {found.remedy}'
            if os.environ.get('CI'):
                pytest.fail(told)
            pytest.skip(told)


def workflow(services: Mapping[str, Mapping[str, object]], *steps: str) -> str:
    """With one job `build` that has these services and runs these scripts."""
    job = {
        'runs-on': 'ubuntu-latest',
        'services': services,
        'steps': [{'run': step} for step in steps or ('true',)],
    }
    return yaml.safe_dump({'on': 'push', 'jobs': {'build': job}})


def run(
    root: Path, services: Mapping[str, Mapping[str, object]], *steps: str, **more: Any
) -> Played:
    return play(workflow(services, *steps), root, world=NO_ENGINE, **more)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def once_open(port: int, act: Callable[[], None]) -> Callable[[StepFact | JobFact], None]:
    """Act when a server listens there, looking from the moment when the first step starts."""

    def watch(fact: StepFact | JobFact) -> None:
        if isinstance(fact, StepStarted) and fact.number == 1:
            look()

    def look() -> None:
        if is_open(port):
            act()
        else:
            asyncio.get_running_loop().call_later(0.01, look)

    return watch


__all__ = ['free_port', 'is_open', 'need', 'once_open', 'run', 'workflow']

"""Every place where steps can run. To add one, write its module and name it here."""

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from liftlock.runner.executors.base import Executor

HOST: Final = 'host'
EXECUTORS: Final = (HOST, 'docker', 'sandbox', 'kubernetes')


def find(name: str) -> 'Executor':
    """Imported when it is used: most runs need no container."""
    return cast('Executor', import_module(f'{__name__}.{name}'))

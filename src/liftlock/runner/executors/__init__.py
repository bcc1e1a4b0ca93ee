"""Every place where steps can run. To add one, write its module and name it here."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.executors import host
from liftlock.runner.executors.base import Executor

EXECUTORS: Final[Mapping[str, Executor]] = {
    'host': host,
}

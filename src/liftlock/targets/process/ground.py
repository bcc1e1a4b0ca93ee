"""Where the instances of an environment live, and what they share."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from liftlock.language.records import NamedTuple
from liftlock.plan import digest
from liftlock.targets.process.record import Record

if TYPE_CHECKING:
    from liftlock.targets.process.life import Life


class Places(NamedTuple):
    """`marks` begins the marks of all processes of this environment."""

    records: Path
    logs: Path
    releases: Path
    home: Path
    ports: Path
    lock: Path
    marks: str


def places(directory: Path) -> Places:
    directory = directory.resolve()
    return Places(
        records=directory / 'instances',
        logs=directory / 'logs',
        releases=directory / 'releases',
        home=directory / 'home',
        ports=directory / 'ports.json',
        lock=directory / 'lock',
        marks=f'{digest.of(str(directory))[:12]}-',
    )


class Ground(NamedTuple):
    """`environment` makes an instance's variables; None while nobody has told the revision's.
    `drain` takes an instance out of the router, and returns when it is idle. `changed` is called
    when one has come or gone."""

    places: Places
    grace: float
    environment: Callable[[Record], Mapping[str, str] | None]
    drain: Callable[['Life'], Awaitable[None]]
    changed: Callable[[], None]

"""What a kind of local server must offer so that it can stand in for an image."""

import signal
from collections.abc import Mapping
from typing import Final, Protocol

from liftlock.language.image import Image
from liftlock.language.records import NamedTuple
from liftlock.runner.services.asked import Asked

SOCKETS: Final = 'sockets'


class Server(NamedTuple):
    """A server that is installed on this machine."""

    product: str  # PostgreSQL
    version: str  # 15.18
    program: str  # its path
    instead_of: str = ''  # the product that the image holds, where that is another one
    traits: Mapping[str, str] = {}  # what else its recipe wants to know


class Missing(NamedTuple):
    """There is none that will do."""

    what: str  # is not here: `PostgreSQL`, `the extension "vector" of PostgreSQL 15`
    package: str  # Debian's, or '' where it has none

    @property
    def remedy(self) -> str:
        return f'apt install {self.package}' if self.package else 'Debian has no package of it'


class Task(NamedTuple):
    """One service as its recipe sees it."""

    image: Image
    asked: Asked
    words: tuple[str, ...]  # arguments for the server
    directory: str  # its own; the server's user owns it
    ports: Mapping[int, int]  # every port that the kind opens → where, on this machine
    addresses: tuple[str, ...]  # of the loopback: 127.0.0.1, and ::1 where there is one

    @property
    def env(self) -> Mapping[str, str]:
        return self.asked.env

    @property
    def sockets(self) -> str:
        return f'{self.directory}/{SOCKETS}'


class Command(NamedTuple):
    words: tuple[str, ...]
    env: Mapping[str, str] = {}  # of this command alone
    given: str = ''  # on its standard input


class Recipe(NamedTuple):
    """How to run a service. Nothing of it has happened yet.

    Commands run one after the other in the service's directory; `prepare` before the server is
    started, `finish` when it is ready. `health` are variables by which clients find the server
    where in a container they would look at the image's own port; `programs` are lines of shell
    that go before programs of the same name for the same reason, and may call these.
    """

    server: tuple[str, ...]
    ready: tuple[str, ...] = ()  # succeeds when the server is; () = when its ports are open
    files: Mapping[str, str] = {}  # name in the directory → text
    prepare: tuple[Command, ...] = ()
    finish: tuple[Command, ...] = ()
    env: Mapping[str, str] = {}
    health: Mapping[str, str] = {}
    programs: Mapping[str, str] = {}
    path: tuple[str, ...] = ()  # directories of programs, before the usual ones
    end: signal.Signals = signal.SIGKILL  # or SIGINT


class Kind(Protocol):
    """A module is a kind when it has these."""

    @property
    def PRODUCTS(self) -> tuple[str, ...]:
        """What the servers are called by people."""
        ...

    @property
    def PROGRAMS(self) -> tuple[str, ...]:
        """Names by which `command:` and `entrypoint:` may call the server."""
        ...

    @property
    def PARTS(self) -> int:
        """How many numbers of a version make what people call a major one; 0 = none does."""
        ...

    def find(self, image: Image) -> Server | Missing:
        """The installed server that comes nearest to the image."""
        ...

    def ports(self, image: Image, asked: Asked) -> tuple[int, ...]:
        """Which ports the server has open inside a container."""
        ...

    def recipe(self, server: Server, task: Task) -> Recipe:
        """Raises CannotPrepare where the image itself would refuse to start."""
        ...

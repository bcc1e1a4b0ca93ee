"""What a place must offer so that steps can run there."""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final, Protocol

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.language.settings.sandbox import Sandbox
from liftlock.runner.directories import Directories
from liftlock.runner.executors.files import Files
from liftlock.runner.kubernetes.settings import Pods

if TYPE_CHECKING:
    from liftlock.runner.containers import Wanted
    from liftlock.runner.standin import Bench, Stage

Sink = Callable[[bytes], None]

FREE: Final = 0
INTERRUPTED: Final = 1
KILLED: Final = 2


class CannotStart(Exception):
    """The command could not even be started; the message says why, for the user."""


class Patience(NamedTuple):
    """Seconds between the signals, as on GitHub. A forced end waits for none of them."""

    after_interrupt: float = 7.5
    after_terminate: float = 2.5
    for_pipes: float = 5.0  # when the process is gone, but its children keep its output open


GITHUB: Final = Patience()


class Leash:
    """By which a running command is ended from outside: politely, or at once.

    One leash may be used for several commands, one after the other; a leash that hangs on another
    is pulled with it. Pulling a leash that nobody holds is remembered for the next holder.
    """

    __slots__ = ('_children', '_holder', 'level')

    def __init__(self, parent: 'Leash | None' = None) -> None:
        self.level = FREE
        self._holder: Callable[[int], None] | None = None
        self._children: list[Leash] = []
        if parent is not None:
            self.level = parent.level
            parent._children.append(self)

    def interrupt(self) -> None:
        self._pull(INTERRUPTED)

    def kill(self) -> None:
        self._pull(KILLED)

    def hold(self, holder: Callable[[int], None] | None) -> None:
        """From now on tell this one, or nobody."""
        self._holder = holder
        if holder is not None and self.level:
            holder(self.level)

    def _pull(self, level: int) -> None:
        if level <= self.level:
            return
        self.level = level
        if self._holder is not None:
            self._holder(level)
        for child in self._children:
            child._pull(level)


class Order(NamedTuple):
    """What a job asks of the place in which it will run."""

    directories: Directories
    tracking_id: str  # marks everything that is started for the job, to find it again
    wanted: 'Wanted'
    say: Callable[[str], None]  # a line for the log; secrets are hidden in it
    image: str = ''  # of the label; `wanted.container` goes before it
    shared: tuple[str, ...] = ()  # directories outside of the job's own that its steps may read
    repositories: tuple[str, ...] = ()  # that stand-ins read for it, but for their settings
    externals: str = ''  # nodes that run actions, likewise; '' = none; may not be there yet
    tool_cache: str = ''  # steps may write there
    package_caches: str = ''  # of pip, npm …; likewise
    env: Mapping[str, str] = {}  # the ground of the job's variables, as this machine gives it
    sandbox: Sandbox = Sandbox()  # what `liftlock.yml` declares for this job
    sandbox_env: Mapping[str, str] = {}  # the variables that it names
    closed: tuple[str, ...] = ()  # directories that no job sees, whatever is declared
    container_engine: str = ''  # the user's choice: docker, podman or a path; '' = what is there
    pods: Pods = Pods()  # the user's cluster
    template: str = ''  # of the label, for its pod
    minutes: float = 360.0  # that the job may take
    note_image: Callable[[str, str], None] = lambda image, digest: None  # see `images.note`
    patience: Patience = GITHUB


class CannotPrepare(Exception):
    """The place cannot be had; the message says why and what to do, for the user."""


class Workplace(Protocol):
    """One job's own processes, alive while the job runs.

    Everybody outside speaks of paths of this machine; the workplace translates where its
    processes see other ones.
    """

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        sink: Sink,
        leash: Leash,
    ) -> int:
        """Run to the end and return the exit status (128 + N when killed by signal N).

        `env` is the whole environment. Standard output and error arrive in the order in which
        they were written, in chunks of any size; standard input is empty. Raises CannotStart.
        """
        ...

    def find(self, program: str, path: str) -> str | None:
        """Where this program stands, looked for in the directories of `path`.

        Inside a container the bare name is the answer: nobody outside can look.
        """
        ...

    def terminal(self, env: Mapping[str, str], cwd: str) -> tuple[Sequence[str], dict[str, str]]:
        """The command by which a person gets a shell where the processes are, and its variables."""
        ...

    @property
    def default_shell(self) -> str:
        """What `shell:` says where it is not given: '' for bash where there is one, or `sh`."""
        ...

    @property
    def context(self) -> Mapping[str, Value]:
        """What the place adds to the `job` context: `container` and `services`."""
        ...

    def ground(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment on which the job's variables are laid, made from this machine's."""
        ...

    def inside(self, path: str) -> str:
        """How processes in there call this path of this machine."""
        ...

    def outside(self, path: str) -> str:
        """And back again; a path that is not shared stays as it is."""
        ...

    @property
    def files(self) -> Files:
        """What its processes have made or named, to be read."""
        ...

    async def perform(self, stage: 'Stage', bench: 'Bench', leash: Leash) -> None:
        """Carry out a stage of a stand-in where the job's files are what its processes see.

        Raises what the stage raises.
        """
        ...

    @property
    def strangers(self) -> bool:
        """Its processes are another user of this machine, who writes only what everybody may."""
        ...

    async def take_files(self) -> None:
        """From now on we can read and write all that its processes have made."""
        ...

    async def give_files(self) -> None:
        """From now on its processes can read and write all that we have made."""
        ...

    def listen(self) -> socket.socket | None:
        """A listening TCP socket that processes in there reach under its own address.

        None where this machine's loopback is theirs too. Whoever asks closes it.
        """
        ...

    async def clean_up(self) -> Sequence[str]:
        """End what steps have left running; a line for the log about each."""
        ...


class Executor(Protocol):
    """A module is an executor when it has these."""

    def prepare(self, order: Order) -> AbstractAsyncContextManager[Workplace]:
        """Prepare a workplace; take it down again whatever happens inside.

        Raises CannotPrepare and OSError. May be cancelled while it prepares.
        """
        ...

    def end_leftovers(self, tracking_id: str) -> None:
        """End what an attempt has left here that nobody carries out any more (`kill -9`)."""
        ...

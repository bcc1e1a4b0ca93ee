"""What the runner needs from the world. Other rooms fill these; the wiring introduces them."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from liftlock.language.records import NamedTuple
from liftlock.language.settings.sandbox import Sandbox
from liftlock.plan.facts import ArtifactStored, JobFact, StepFact
from liftlock.plan.plan import JobPlan
from liftlock.runner.forge import Home
from liftlock.runner.kubernetes.settings import Pods

Report = Callable[[StepFact | JobFact], None]
# Gives a person a shell: the command that opens it, its variables, and the workspace.
Shell = Callable[[Sequence[str], Mapping[str, str], Path], Awaitable[None]]
Opening = Callable[[Path], IO[bytes]]


def open_plainly(file: Path) -> IO[bytes]:
    return file.open('rb')


if TYPE_CHECKING:
    from liftlock.plan.provenance import Subject


class Log(Protocol):
    """Where a job's lines go. Every line is already masked.

    `number` is the step's; 0 stands for what the job says before its first step and after its
    last. Lines hold no `\\n` and no `\\r`, but may hold any other character, NUL included.
    """

    def write(self, number: int, line: str) -> None: ...

    def write_many(self, number: int, lines: str) -> None:
        """Take whole lines at once, each ended by `\\n`: one call for a step's 64 KiB of output."""
        ...


class Served(NamedTuple):
    """What is known of where a repository came from.

    `url` is the address of the user's own clone, '' if there is none. `submodules` are those that
    the user has: address, as .gitmodules has it, and path of the clone.
    """

    url: str = ''
    submodules: Mapping[str, str] = {}


class Sources(Protocol):
    """The snapshot of the repository that was taken when the run was submitted."""

    async def checkout(
        self,
        directory: Path,
        ref: str,
        fetch_depth: int,
        log: Callable[[str], None],
        *,
        tags: bool = False,
        submodules: str = '',
    ) -> str:
        """Fill the directory with that ref ('' = the run's commit); return the commit.

        `fetch_depth` 0 brings all branches and tags, `tags` the tags in any case; `submodules`
        is '', 'true' or 'recursive'.
        """
        ...

    async def serve(self, directory: Path) -> Served:
        """Make of it a bare repository from which git can fetch the run's commit, all branches and
        tags, and to which it may push."""
        ...


class Artifacts(Protocol):
    """Artifacts of one run, content-addressed. Names are unique unless `merge` (v3) is asked."""

    async def store(
        self,
        name: str,
        files: Sequence[tuple[str, Path]],
        *,
        merge: bool,
        overwrite: bool,
        retention_days: int,
        compression: int,
        opening: Opening = open_plainly,
    ) -> tuple[str, int, str]:
        """Keep these (path in the artifact, file); return its id, size in bytes and sha256.

        `opening` opens a file to be read, or refuses to; what it raises is raised here.
        """
        ...

    async def store_file(
        self,
        file: Path,
        mime: str,
        *,
        overwrite: bool,
        retention_days: int,
        opening: Opening = open_plainly,
    ) -> tuple[str, int, str]:
        """Keep one file as it is, under its own name."""
        ...

    async def names(self) -> Mapping[str, str]:
        """What there is, in order; with the id that `store` has told of each."""
        ...

    async def fetch(self, name: str, directory: Path) -> int:
        """Unpack into the directory, safely; return the number of files."""
        ...


class Reports(Protocol):
    """Reports of one run that gates will read, kept as they are."""

    async def keep(self, file: Path) -> tuple[str, int]:
        """Keep a copy of the file; return its sha256 and its size in bytes. UserError."""
        ...


class Attestations(Protocol):
    """Signs statements about what a run has made, with a key that no job sees, and keeps them."""

    async def provenance(self, job: str) -> Mapping[str, Any]:
        """The predicate of type `provenance.PROVENANCE` for what this job has made."""
        ...

    async def sign(
        self, job: str, subjects: Sequence['Subject'], kind: str, predicate: Any
    ) -> tuple[str, str, str]:
        """Sign a predicate of that kind; its id, the bundle (a line of JSON) and its sha256.

        Raises UserError and OSError.
        """
        ...


class Caches(Protocol):
    """Caches of one repository, seen from one ref."""

    async def find(
        self, key: str, restore_keys: Sequence[str], version: str
    ) -> tuple[str, Path] | None:
        """The matching key and its archive: exact key first, then the newest by prefix."""
        ...

    async def store(self, key: str, version: str, archive: Path) -> bool:
        """Keep the archive; False if the key exists already."""
        ...


class Found(NamedTuple):
    """An action on this disk. `commit` is '' for local ones."""

    directory: Path
    commit: str
    source: str


class Actions(Protocol):
    """Finds `owner/repo@ref` and brings it to this disk, once."""

    async def find(self, owner_repo: str, ref: str, log: Callable[[str], None]) -> Found: ...

    def remotes(self, owner_repo: str) -> Sequence[str]:
        """Where git finds that repository, best first: URLs or paths."""
        ...


class Services(Protocol):
    """The HTTP services that GitHub's actions expect: artifacts, caches, OIDC."""

    def serve(
        self,
        job: JobPlan,
        report: Callable[[ArtifactStored], None],
        listener: socket.socket | None,
    ) -> AbstractAsyncContextManager[Mapping[str, str]]:
        """The job's ACTIONS_… variables, whose tokens are good while this is open. OSError.

        Started if need be. `report` hears of artifacts before whoever uploaded them does.
        `listener` is where the job's processes look for the services, and is closed at the end;
        None is loopback. ACTIONS_ID_TOKEN_REQUEST_… are there if the job may have an ID token.
        """
        ...


class World(NamedTuple):
    """Shared by all jobs of one run in this process."""

    sources: Sources
    artifacts: Artifacts
    caches: Caches
    actions: Actions
    tool_cache: Path  # RUNNER_TOOL_CACHE, shared by jobs if `tools_last`
    cache_home: Path  # XDG caches of pip, uv, npm …, shared explicitly
    services: Callable[[], Services] | None = None  # asked by the first job that needs them
    reports: Reports | None = None
    attestations: Callable[[], Attestations] | None = None  # asked where something is attested
    container_engine: str = ''  # docker, podman or a path; '' = what is there
    pods: Pods = Pods()  # the user's cluster
    shared: tuple[str, ...] = ()  # directories that checkouts and actions lead into
    repositories: tuple[str, ...] = ()  # that checkouts read, and stand-ins where a job is confined
    closed: tuple[str, ...] = ()  # directories that no sandbox shows, whatever is declared
    sandbox: Sandbox = Sandbox()  # what `liftlock.yml` declares for all jobs, and for single ones
    named_env: Mapping[str, str] = {}  # the variables of the user's environment that it names
    tools_last: bool = True  # what is put into the tool cache is there for later jobs
    externals: Path | None = None  # nodes that run actions; None: only this machine's own
    home: Home = Home()
    real_actions: bool = False
    # What the locks record for the run's workflow, see `language/locks`: None where they don't
    # name it, and then anything may be used.
    pins: Mapping[str, str] | None = None  # owner/repo@ref -> commit
    images: Mapping[str, str] | None = None  # image as it is written -> sha256:…
    host_env: Mapping[str, str] = {}  # what a clean environment starts from


class Stop:
    """Tells a running job to end. Asked once: politely; twice, or with force: at once."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.forced = asyncio.Event()
        self.reason = ''

    def request(self, reason: str, *, force: bool = False) -> None:
        self.reason = self.reason or reason
        if force or self.requested.is_set():
            self.forced.set()
        self.requested.set()


class JobRequest(NamedTuple):
    """One attempt at one job. `directory` is new and belongs to this attempt alone."""

    plan: JobPlan
    secrets: Mapping[str, str]  # those this job may see, by name
    directory: Path
    tracking_id: str  # RUNNER_TRACKING_ID: finds its processes again, even after kill -9
    attempt: int
    debug: bool = False
    place: str = 'host'  # an executor, `docker:IMAGE`, `sandbox:network`, `kubernetes:TEMPLATE`
    from_step: str = ''  # take up again at this step, from what `directory` holds
    shell_on_failure: Shell | None = None

"""What a native stand-in for an action works with.

A stand-in is a module that satisfies `Builtin`. It gets from its workbench what a JavaScript
action gets by files, variables and workflow commands, and says the same things with methods.
"""

from collections.abc import Awaitable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from liftlock.language.expressions.values import Value
from liftlock.runner.ports import Report, World

if TYPE_CHECKING:
    from liftlock.plan.provenance import Subject


class StepFailed(Exception):
    """The step fails with this message, shown as an error. Never a bug of ours."""


class Workbench(Protocol):
    """One stage (main or post) of one step. Everything written to the log is masked first."""

    @property
    def inputs(self) -> Mapping[str, str]:
        """By the action's own names; what the workflow leaves out has its default."""
        ...

    @property
    def env(self) -> Mapping[str, str]:
        """The complete environment of this step's processes, as it stands now."""
        ...

    @property
    def workspace(self) -> Path: ...

    @property
    def temp(self) -> Path:
        """RUNNER_TEMP: this attempt's own, and gone afterwards."""
        ...

    @property
    def home(self) -> Path: ...

    @property
    def tool_cache(self) -> Path:
        """RUNNER_TOOL_CACHE: shared with other jobs, which may write at the same time."""
        ...

    @property
    def in_container(self) -> bool:
        """The step's processes have an image's programs, not this machine's."""
        ...

    @property
    def github(self) -> Mapping[str, Value]: ...

    @property
    def ref(self) -> str:
        """What stood behind the `@` of `uses:`."""
        ...

    @property
    def world(self) -> World: ...

    @property
    def job(self) -> str:
        """The job's key, for facts."""
        ...

    @property
    def report(self) -> Report: ...

    @property
    def subjects(self) -> Sequence['Subject']:
        """What the job has said so far that it made ($GITHUB_ARTIFACTS)."""
        ...

    def open(self, path: Path) -> BufferedReader:
        """Open a file for reading, one that the job's processes could read as well.

        A confined job could name a file of this machine, or lead there by a link, and have us
        read it for it. Raises StepFailed and OSError.
        """
        ...

    def own(self, path: Path) -> Path:
        """The path itself; StepFailed if it leads to what the job's processes could not touch."""
        ...

    def permission(self, scope: str) -> str:
        """What the job's token may do there: none, read or write. What the workflow doesn't say
        is none, whatever a repository may grant beyond it."""
        ...

    async def identity(self) -> Mapping[str, str]:
        """ACTIONS_ID_TOKEN_REQUEST_…, as scripts get them: nothing, where the job may have no ID
        token."""
        ...

    @property
    def state(self) -> Mapping[str, str]:
        """What `save_state` kept in an earlier stage of the same step."""
        ...

    async def run(
        self,
        *command: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> int:
        """Run to the end; output goes to the log, and commands in it are obeyed.

        `env` is added to the complete environment. With `check` an exit code other than 0, and
        without it only a program that cannot be started, raises StepFailed.
        """
        ...

    async def capture(
        self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        """Run to the end and return its standard output; StepFailed unless it exits with 0.

        Nothing reaches the log, but for what a failed command printed, on either stream.
        """
        ...

    def log(self, line: str) -> None: ...

    def debug(self, line: str) -> None:
        """Shown only when the run was asked to be chatty."""
        ...

    def notice(self, message: str, title: str = '') -> None: ...

    def warning(self, message: str, title: str = '') -> None: ...

    def error(self, message: str, title: str = '') -> None:
        """Annotate; the step does not fail by it. To fail, raise StepFailed."""
        ...

    def set_output(self, name: str, value: str) -> None: ...

    def export(self, name: str, value: str) -> None:
        """Set a variable for this stage's later processes and for later steps."""
        ...

    def add_path(self, directory: Path) -> None:
        """Put a directory in front of PATH, likewise."""
        ...

    def save_state(self, name: str, value: str) -> None: ...

    def mask(self, value: str) -> None: ...

    def add_matcher(self, file: Path) -> None:
        """Add the problem matchers of this file for the rest of the job."""
        ...

    async def record(
        self,
        type: str,
        file: Path,
        *,
        flags: Sequence[str] = (),
        root: Path | None = None,
        ref: str = '',
        sha: str = '',
    ) -> str:
        """Hand a report in, for the gates: a ReportRecorded. Returns its sha256.

        Paths in it are relative to `root`, the workspace by default. StepFailed if the file
        cannot be read.
        """
        ...


class Builtin(Protocol):
    """A module with `INPUTS` (name → default) and `main`.

    It may also have `async def post(bench: Workbench) -> None`, which runs after the job's last
    step, and `POST_IF`, the condition of that: 'always()' where it is missing, or 'success()'.
    """

    @property
    def INPUTS(self) -> Mapping[str, str]: ...

    def main(self, bench: Workbench) -> Awaitable[None]: ...

"""A repository on a forge, whatever kind of forge it is."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.forges.records import Decoration, NewPull, NewRelease, Pull, Release
from liftlock.runner.forge import Forge


class Client(Protocol):
    """One repository on a forge. Everything raises StepFailed with what the forge says."""

    @property
    def attaches(self) -> bool:
        """Whether files can be attached to a release (and releases be drafts)."""
        ...

    async def find_release(self, tag: str) -> Release | None: ...

    async def create_release(self, new: NewRelease) -> Release: ...

    async def update_release(self, release: Release, new: NewRelease) -> Release: ...

    async def publish_release(self, release: Release, extra: Mapping[str, Any]) -> Release: ...

    async def upload(self, release: Release, name: str, file: BinaryIO) -> dict[str, Any]:
        """Attach a file; what the forge says of it."""
        ...

    async def remove_asset(self, release: Release, asset: Mapping[str, Any]) -> None: ...

    async def find_pull(self, new: NewPull) -> Pull | None:
        """The open one of the same branch and base."""
        ...

    async def open_pull(self, new: NewPull) -> Pull: ...

    async def update_pull(self, pull: Pull, new: NewPull) -> Pull: ...

    async def decorate(self, pull: Pull, decoration: Decoration) -> None: ...


class Place(NamedTuple):
    """A repository there, and how git logs in."""

    forge: Forge
    repository: str
    client: Client
    token: str

    @property
    def git_url(self) -> str:
        return f'{self.forge.url}/{self.repository}.git'

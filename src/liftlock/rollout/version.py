"""What is delivered: a version, and the revision under which a place runs it."""

from collections.abc import Mapping

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Target
from liftlock.plan import digest


class Version(NamedTuple):
    """One build, never rebuilt. `artifact` is the SHA-256 of a run's artifact as it is kept,
    `image` a reference with a digest; where both are empty the commit's files are delivered."""

    name: str  # v1.2.0, or the beginning of the commit: what people call it
    commit: str = ''
    ref: str = ''
    artifact: str = ''
    image: str = ''
    run: int = 0  # which made it
    sources: str = ''  # the snapshot's store, where the commit can be read

    @property
    def id(self) -> str:
        """The same for the same content, wherever and however often it is deployed."""
        return digest.of(f'{self.commit}\n{self.artifact}\n{self.image}')[:12]


class Revision(NamedTuple):
    """A version in one environment, started once, under the number of its deployment.

    `env` holds variables and secrets with their values: it is never stored. `target` is what the
    settings said when it was deployed: its command and so on, which go back with it.
    """

    name: str  # r12
    version: Version
    env: Mapping[str, str] = {}
    secrets: tuple[str, ...] = ()  # names in `env` whose values nobody may see
    target: Target | None = None


def revision_name(number: int) -> str:
    return f'r{number}'

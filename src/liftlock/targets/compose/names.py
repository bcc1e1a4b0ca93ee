"""What things of an environment are called in the container engine, where several stores and
environments live side by side."""

import re
from pathlib import Path

from liftlock.language.records import NamedTuple
from liftlock.plan import digest
from liftlock.rollout.version import Version

ENVIRONMENT = 'liftlock.environment'  # labels
REVISION = 'liftlock.revision'
RELEASE = 'liftlock.release'  # the version's id: its files are in use
SHARED = 'liftlock.shared'


class Names(NamedTuple):
    """`base` is the environment's; projects, networks, volumes and images begin with it."""

    base: str

    def project(self, revision: str) -> str:
        return f'{self.base}-{revision}'

    @property
    def shared(self) -> str:
        """The project of what all revisions use: a database, say."""
        return f'{self.base}-shared'

    def image(self, version: Version) -> str:
        return f'liftlock/{self.base}:{version.id}'


def names(slug: str, directory: Path) -> Names:
    """Environments of other stores may have the same slug: the directory tells them apart."""
    plain = re.sub(r'[^a-z0-9]+', '-', slug.lower()).strip('-') or 'environment'
    return Names(f'{plain}-{digest.of(str(directory.absolute()))[:6]}')

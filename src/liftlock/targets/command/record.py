"""What the target writes down: what was asked for last, and what was there before."""

from pathlib import Path

from liftlock.language.records import NamedTuple
from liftlock.rollout.version import Version
from liftlock.targets import notes


class Asked(NamedTuple):
    """`operation` names its directory; `previous` is the version that was asked
    for before. `told`: whoever asked has heard how it ended."""

    operation: str
    revision: str
    version: Version
    previous: str = ''
    settled: bool = False
    told: bool = False

    @property
    def command(self) -> str:
        """deploy or rollback."""
        return self.operation.split('-')[1]


class Record(NamedTuple):
    """`before` is the version that was there before Liftlock, `number` the last operation's."""

    asked: Asked | None = None
    before: str = ''
    number: int = 0


def read(path: Path) -> Record:
    content = notes.read(path)
    asked = content.get('asked')
    if asked:
        asked = Asked(**{**asked, 'version': Version(**asked['version'])})
    return Record(asked or None, content.get('before', ''), content.get('number', 0))


def write(path: Path, record: Record) -> None:
    asked = record.asked
    told = {**asked._asdict(), 'version': asked.version._asdict()} if asked else None
    notes.write(path, {'asked': told, 'before': record.before, 'number': record.number})

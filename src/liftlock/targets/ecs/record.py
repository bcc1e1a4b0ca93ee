"""What the target writes down of a service: which definitions are whose, and what was asked last.

AWS knows nearly all of it too, by the labels of the definitions. Two things it cannot tell: which
definition was there before Liftlock came, and whether a service that runs an old definition was
never asked for the new one, or has gone back by itself.
"""

from collections.abc import Mapping
from pathlib import Path

from liftlock.language.records import NamedTuple
from liftlock.targets import notes


class Asked(NamedTuple):
    """`deployment` is AWS's id of it, '' until AWS has answered. `before` is the deployment and
    `event` the newest event that were there when it was asked. `settled`: it was seen to."""

    revision: str
    definition: str
    deployment: str = ''
    before: str = ''
    event: str = ''
    settled: bool = False


class Record(NamedTuple):
    """`definitions` are ARNs by revision."""

    definitions: Mapping[str, str] = {}
    asked: Asked | None = None

    def knows(self, revision: str, arn: str) -> 'Record':
        return self._replace(definitions={**self.definitions, revision: arn})

    def revision(self, arn: str) -> str:
        """Which was asked for last of those that have this definition; '' if none has."""
        if self.asked is not None and self.asked.definition == arn:
            return self.asked.revision
        names = [name for name, one in self.definitions.items() if one == arn]
        return names[-1] if names else ''


def read(path: Path) -> Record:
    content = notes.read(path)
    asked = content.get('asked')
    return Record(content.get('definitions', {}), Asked(**asked) if asked else None)


def write(path: Path, record: Record) -> None:
    asked = record.asked._asdict() if record.asked else None
    notes.write(path, {'definitions': dict(record.definitions), 'asked': asked})

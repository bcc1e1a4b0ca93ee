"""One package, as somebody has written it down."""

from liftlock.language.records import NamedTuple


class Component(NamedTuple):
    """`kind` is pypi or npm, `version` '' where none is fixed. Hashes are (algorithm, hex) pairs
    of files that may be installed for it: sha256, sha512 …; `source` is the file that names it."""

    kind: str
    name: str
    version: str
    source: str
    hashes: tuple[tuple[str, str], ...] = ()
    license: str = ''


class Unreadable(ValueError):
    """The file is not what its name says."""

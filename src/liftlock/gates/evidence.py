"""What a verdict rests on: files that were read, and what is known beside them."""

from collections.abc import Iterator
from typing import TypeVar

from liftlock.gates.reports.read import Read
from liftlock.gates.reports.records import Report
from liftlock.language.records import NamedTuple

Kind = TypeVar('Kind', bound=Report)


class Evidence(NamedTuple):
    """`at` is when it was written, in seconds since 1970; `flags` are words under which it was
    handed in; `root` is the directory of the sources as its writer saw it. `given`: somebody has
    said that it is a report, so one that cannot be read is a doubt."""

    read: Read
    at: float = 0.0
    flags: tuple[str, ...] = ()
    root: str = ''
    given: bool = False


class Seen(NamedTuple):
    """`now` is seconds since 1970; `flaky` are the keys of tests that earlier runs both passed and
    failed on one commit."""

    evidence: tuple[Evidence, ...] = ()
    now: float = 0.0
    flaky: frozenset[str] = frozenset()


def of(seen: Seen, kind: type[Kind]) -> Iterator[tuple[Evidence, Kind]]:
    """Every report of this kind, and the file that it stands in."""
    for one in seen.evidence:
        for report in one.read.reports:
            if isinstance(report, kind):
                yield one, report

"""What reports are read into, whoever wrote them."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from liftlock.gates.finding import Finding
from liftlock.gates.junit import Case
from liftlock.language.records import NamedTuple

LIVE: Final = -1.0  # the tool asked a service, so its advisories are as old as its report


class Unreadable(ValueError):
    """It is a report, but nothing can be decided by it; the message says why."""


class Doubtful(Unreadable):
    """It cannot be read, and whether it ever was a report cannot be told either."""


class Coverage(NamedTuple):
    """By file, each line that can be run, and whether it was. `source` is the directory to which
    the files' names are relative, '' where the report does not tell one."""

    tool: str
    files: Mapping[str, Mapping[int, bool]]
    source: str = ''


class Patch(NamedTuple):
    """Lines of a change: all, those that can be run, and (path, line) of those that were not."""

    changed: int
    measured: int
    missing: tuple[tuple[str, int], ...] = ()


class Suites(NamedTuple):
    cases: tuple[Case, ...]


class Findings(NamedTuple):
    """`gates` are those that it is evidence for; `doubts` say why it proves nothing beyond what it
    has found: a file that could not be parsed, a package that nobody looked up. `passed` are rules
    that are known to have been held. `advisories` is when its advisories were published, in
    seconds since 1970, 0.0 where that is not told."""

    tool: str
    gates: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    doubts: tuple[str, ...] = ()
    passed: frozenset[str] = frozenset()
    advisories: float = 0.0


class Package(NamedTuple):
    """`licenses` are SPDX expressions or names, all of which count; none where none is told."""

    name: str
    licenses: tuple[str, ...] = ()


class Licenses(NamedTuple):
    tool: str
    packages: tuple[Package, ...]


class Measure(NamedTuple):
    """Something between `low` and `high`: tools round. `unit` is s, %, B or ''."""

    low: float
    high: float
    unit: str = ''


class Load(NamedTuple):
    """Measurements by name, as `liftlock.yml` names them."""

    tool: str
    measures: Mapping[str, Measure]


class Image(NamedTuple):
    """`user` is whom it runs as, '' for root by default."""

    name: str
    user: str


class Policy(NamedTuple):
    """What rules in Rego have denied. `rules` are the names of those that were asked."""

    tool: str
    rules: tuple[str, ...]
    denials: tuple[Finding, ...] = ()
    doubts: tuple[str, ...] = ()


Report: TypeAlias = Coverage | Patch | Suites | Findings | Licenses | Load | Image | Policy

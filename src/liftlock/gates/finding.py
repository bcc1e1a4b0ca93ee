"""Something that a tool has found: in a file, in a package, or in an image."""

from typing import Final

from liftlock.language.records import NamedTuple

SEVERITIES: Final = ('critical', 'high', 'medium', 'low')  # the worst first
UNKNOWN: Final = ''
LONGEST: Final = 300  # characters of a message that are kept


class Finding(NamedTuple):
    """`severity` is '' where its tool tells none. `subject` is a package and its version. A secret
    that was found is never in it, only where."""

    tool: str
    rule: str
    severity: str = UNKNOWN
    message: str = ''
    path: str = ''
    line: int = 0
    subject: str = ''


def by_score(score: float) -> str:
    """CVSS v3's qualitative rating, which GitHub also reads from SARIF's `security-severity`."""
    for severity, least in (('critical', 9.0), ('high', 7.0), ('medium', 4.0)):
        if score >= least:
            return severity
    return 'low'


def worst_first(finding: Finding) -> tuple[int, str, int, str]:
    """For sorting. What has no severity may be anything, and so stands first."""
    order = SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else -1
    return order, finding.path or finding.subject, finding.line, finding.rule

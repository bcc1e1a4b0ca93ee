"""What a code means: the paragraph of docs/checks.md that stands beside the check itself."""

from liftlock.language.diagnostics import Severity
from liftlock.language.records import NamedTuple


class Rule(NamedTuple):
    """One kind of finding. `code` is stable: people write it into filters and read it in logs.

    `what` says when it is found, `why` what happens if nothing is done, `fix` what to do about it;
    each is one or more sentences of Markdown. `severity` is the usual one.
    """

    code: str
    severity: Severity
    what: str
    why: str
    fix: str

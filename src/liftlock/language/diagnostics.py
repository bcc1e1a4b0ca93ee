"""A mistake in a user's file is a value, not an exception: all of them are shown at once."""

from enum import Enum

from liftlock.language.records import NamedTuple
from liftlock.language.source import Span


class Severity(Enum):
    ERROR = 'error'  # GitHub would refuse the file
    WARNING = 'warning'  # our advice: this will probably hurt
    NOTE = 'note'  # our advice: this could be better


class Diagnostic(NamedTuple):
    """One finding. `code` is stable and documented in docs/checks.md; `hint` says what to try.

    `hidden`: a secret stands under the span; whoever shows the source line must cover it.
    """

    file: str
    span: Span
    severity: Severity
    code: str
    message: str
    hint: str = ''
    hidden: bool = False

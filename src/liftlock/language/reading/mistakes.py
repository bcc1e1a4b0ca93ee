"""The mistakes of one file, in the order they were found, and what they leave unknown."""

from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.records import NamedTuple
from liftlock.language.source import Span


class Gap(NamedTuple):
    """Something of which more may have been written than could be read.

    `what` is `on`, `inputs` (of events), `jobs`; or, with the job that has them, `needs` or
    `steps`. Nobody may conclude anything from what a gap does not show.
    """

    what: str
    job: str = ''


class Mistakes:
    """Everything that makes GitHub refuse a file is an error; advice is given by the checks.

    `all`: not only what GitHub would say first, but everything, and nothing twice. Then what has
    mistakes is read as it was probably meant.
    """

    __slots__ = ('all', 'found', 'gaps', 'path')

    def __init__(self, path: str, *, all: bool = False) -> None:
        self.path = path
        self.all = all
        self.found: list[Diagnostic] = []
        self.gaps: set[Gap] = set()

    def add(self, span: Span, code: str, message: str, hint: str = '') -> None:
        self.found.append(Diagnostic(self.path, span, Severity.ERROR, code, message, hint))

    def doubt(self, doubtful: bool, what: str, job: str = '') -> None:
        if doubtful:
            self.gaps.add(Gap(what, job))

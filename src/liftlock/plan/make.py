"""Event and workflow in, plan out.

match make(request):
    case Plan() as plan: …
    case Lacking(references): …   # read these files, put them into request.files, ask again
    case Refused(diagnostics): …  # the file, or one it calls, is wrong
"""

from typing import NamedTuple

from liftlock.language.diagnostics import Diagnostic
from liftlock.plan.plan import Plan, Request


class Lacking(NamedTuple):
    """Called workflows that have not been read yet, as keys of `Request.files`.

    `.github/workflows/x.yml` stands in the repository itself;
    `owner/repo/.github/workflows/x.yml@ref` elsewhere.
    """

    references: tuple[str, ...]


class Refused(NamedTuple):
    diagnostics: tuple[Diagnostic, ...]


def make(request: Request) -> Plan | Lacking | Refused:
    raise NotImplementedError

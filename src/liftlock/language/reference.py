"""What stands behind `uses:` when it names something in another repository."""

import re

from liftlock.language.records import NamedTuple

_REFERENCE = re.compile(r'([\w.-]+)/([\w.-]+)((?:/[^@\s]*)?)@(\S.*)', re.ASCII)
_WORKFLOW = re.compile(r'\.github/workflows/[^/]+\.ya?ml')


class Reference(NamedTuple):
    """`owner/repo/path@ref`. Owner and repo are compared without regard to case."""

    owner: str
    repo: str
    path: str
    ref: str

    @property
    def name(self) -> str:
        """`owner/repo` in lower case, as mirrors, caches and locks know it."""
        return f'{self.owner}/{self.repo}'.lower()

    @property
    def pin(self) -> str:
        """`owner/repo@ref`: a repository is fetched once, whatever is used of it."""
        return f'{self.name}@{self.ref}'

    @property
    def is_workflow(self) -> bool:
        return _WORKFLOW.fullmatch(self.path) is not None


def parse(uses: str) -> Reference | None:
    """None for `./path`, `$/path`, `docker://image`, and for what is none of these."""
    found = _REFERENCE.fullmatch(uses.strip())
    if found is None or '..' in (found[1], found[2], *found[3].split('/')):
        return None
    owner, repo, path, ref = found.groups()
    return Reference(owner, repo, path.strip('/'), ref)

"""Files for artifacts and caches, found by the patterns of GitHub's own actions.

The patterns are those of `hashFiles()`; what is found is more: directories too, and from where
the search began. Files come depth first, names in the order of their bytes. Links are followed,
broken ones left out, and a link to a directory that leads back to itself isn't entered.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from liftlock.language.records import NamedTuple
from liftlock.runner.globs import DIRECTORY, FILE, BadPattern, Pattern, parse
from liftlock.runner.workbench import StepFailed


class Found(NamedTuple):
    """`roots` are where was looked: none lies below another."""

    roots: tuple[Path, ...]
    paths: tuple[Path, ...]  # directories included

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in self.paths if not path.is_dir())


def find(
    text: str,
    workspace: Path,
    env: Mapping[str, str],
    *,
    descend: bool = True,
    hidden: bool = True,
) -> Found:
    """Everything that the lines of patterns match. `env` gives the home that `~` stands for.

    `descend`: a match stands for all that lies below it, too. Without `hidden`, what begins with
    a dot is passed over, whatever names it. StepFailed for a pattern that cannot be.
    """
    try:
        patterns = parse(text.splitlines(), str(workspace), env.get('HOME', ''))
    except BadPattern as error:
        raise StepFailed(str(error)) from error
    if not descend:
        patterns = [pattern for pattern in patterns if not pattern.implicit]
    roots = _roots(patterns)
    paths = (path for root in roots for path in _walk(root, patterns, hidden, ()))
    return Found(roots, tuple(paths))


def match_name(pattern: str, name: str) -> bool:
    """One name against one pattern, where no directories are involved."""
    return bool(parse([f'/{pattern}'], '', '')[0].match((name,)))


def _roots(patterns: Sequence[Pattern]) -> tuple[Path, ...]:
    wanted = dict.fromkeys(Path('/', *pattern.start) for pattern in patterns if not pattern.negated)
    return tuple(root for root in wanted if not any(parent in wanted for parent in root.parents))


def _walk(
    path: Path, patterns: Sequence[Pattern], hidden: bool, chain: tuple[str, ...]
) -> Iterator[Path]:
    parts = path.parts[1:]
    wanted = _match(parts, patterns)
    partial = any(not one.negated and one.may_match_below(parts) for one in patterns)
    if not (wanted or partial) or not path.exists():
        return
    if not hidden and path.name.startswith('.'):
        return
    if not path.is_dir():
        if wanted & FILE:
            yield path
        return
    real = os.path.realpath(path)
    if real in chain:
        return
    if wanted & DIRECTORY:
        yield path
    for child in sorted(path.iterdir(), key=os.fsencode):
        yield from _walk(child, patterns, hidden, (*chain, real))


def _match(parts: tuple[str, ...], patterns: Sequence[Pattern]) -> int:
    """Whether this path is wanted if it is a FILE, and if it is a DIRECTORY. Later lines win."""
    wanted = 0
    for pattern in patterns:
        matched = pattern.match(parts)
        wanted = wanted & ~matched if pattern.negated else wanted | matched
    return wanted

"""Where a branch or tag is deployed to, as `liftlock.yml` says."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress

from liftlock.cli import heads
from liftlock.cli.colour import paint
from liftlock.engine import declared
from liftlock.errors import UserError
from liftlock.language.settings.model import Environment


def environments(files: Mapping[str, str], ref: str) -> Mapping[str, Environment]:
    """Those of `liftlock.yml` whose `on:` names the ref and to which Liftlock deploys: in the
    file's order, but each after those that it `needs:`. UserError if the file has mistakes."""
    known = declared.parsed(files.get(declared.FILE, '')).environments
    meant = {
        name: one
        for name, one in known.items()
        if one.target is not None and heads.matches(one.on, ref)
    }
    return {name: meant[name] for name in ordered(meant)}


def ordered(meant: Mapping[str, Environment]) -> Iterator[str]:
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done or name not in meant:
            return
        done.add(name)
        for need in meant[name].needs:
            yield from visit(need.text)
        yield name

    for name in meant:
        yield from visit(name)


def tell(files: Mapping[str, str], ref: str) -> None:
    """Name them, for somebody who did not ask for more."""
    with suppress(UserError):  # which `check` and `deploy` tell
        found = environments(files, ref)
        width = max(map(len, found), default=0) + 1
        for name in found:
            print(paint(sys.stdout).dim(f'{name}:'.ljust(width) + f' liftlock deploy {name}'))

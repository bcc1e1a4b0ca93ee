"""Single programs of a wanted version: of the tool cache, else the one on PATH.

In the tool cache a program lies where @actions/tool-cache puts it, in
`<name>/<version>/<architecture>/`, with a file `<architecture>.complete` beside that directory.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.answers import ask
from liftlock.runner.actions.interpreters import architecture
from liftlock.runner.actions.versions import Range, Version, parse_version, pick_newest
from liftlock.runner.workbench import StepFailed, Workbench

_VERSION: Final = re.compile(r'v(\d+\.\d+\.\d+)')


class Tool(NamedTuple):
    """`directory` is to stand on PATH; None where it does already."""

    version: Version
    path: str
    directory: Path | None


async def find(bench: Workbench, name: str, wanted: Range, shown: str, tell: Sequence[str]) -> Tool:
    """The newest that fits. `tell` are the words that have it print its version, the first one in
    what it prints; `shown` is what the workflow asks for. StepFailed if there is none."""
    known = {tool.version: tool for tool in await _on_path(bench, name, tell)}
    known |= {tool.version: tool for tool in _in_tool_cache(bench, name)}
    newest = pick_newest(known, wanted)
    if newest is not None:
        return known[newest]
    here = ', '.join(f'v{version}' for version in sorted(known, key=lambda one: one.order))
    place = bench.tool_cache / name / 'VERSION' / architecture()
    raise StepFailed(
        f'{name} {shown} is not on this machine (here: {here or "none"}), and nothing is '
        f'downloaded. Install it, or put it at {place}/{name} with an empty file '
        f'{architecture()}.complete beside that directory'
    )


async def _on_path(bench: Workbench, name: str, tell: Sequence[str]) -> list[Tool]:
    place = await ask(bench, 'sh', '-c', 'command -v "$1"', 'sh', name)
    told = await ask(bench, name, *tell) if place.code == 0 else place
    found = _VERSION.search(told.text)
    version = parse_version(found[1]) if found else None
    return [Tool(version, place.text.strip(), None)] if version is not None else []


def _in_tool_cache(bench: Workbench, name: str) -> Iterator[Tool]:
    for mark in sorted(bench.tool_cache.glob(f'{name}/*/{architecture()}.complete')):
        version = parse_version(mark.parent.name)
        directory = mark.with_suffix('')
        if version is not None and (directory / name).is_file():
            yield Tool(version, str(directory / name), directory)

"""Log lines as people read them: the runner's own marks become colour, or words.

In a log `##[group]Run make` begins a fold of GitHub's page, and `##[error]`, `##[warning]`,
`##[command]` and the like say what a line is. `liftlock logs` keeps these marks; here they go.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from liftlock.cli.colour import Paint
from liftlock.language.printable import harmless as harmless

_MARK: Final = re.compile(r'^##\[(\w+)\]([^\n]*)\n', re.MULTILINE)
_ESCAPE: Final = re.compile(r'\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))')

_WORDS: Final[Mapping[str, Callable[[Paint, str], str]]] = {
    'group': Paint.bold,
    'section': Paint.bold,
    'command': Paint.blue,
    'debug': Paint.dim,
    'notice': lambda paint, text: paint.blue(f'Notice: {text}'),
    'warning': lambda paint, text: paint.yellow(f'Warning: {text}'),
    'error': lambda paint, text: paint.red(f'Error: {text}'),
}


def shown(lines: str, paint: Paint) -> str:
    """Whole lines, each ended by a line feed, for a screen or a pipe. May come back empty."""
    if not paint.on and '\x1b' in lines:
        lines = _ESCAPE.sub('', lines)
    if '##[' in lines:
        lines = _MARK.sub(lambda found: _replaced(found, paint), lines)
    return lines


def _replaced(found: re.Match[str], paint: Paint) -> str:
    mark, text = found.groups()
    if mark == 'endgroup':
        return ''
    words = _WORDS.get(mark)
    return f'{words(paint, text)}\n' if words else found[0]

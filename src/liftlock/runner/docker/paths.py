"""How processes in a container call the directories of this machine, and back again.

The rest of the runner speaks of this machine's paths. GitHub's runner translates a value that is
such a path or begins with one; here the directories of a job have names that nothing else has, so
they are also found inside of a value: in a list, or behind `--prefix=`.
"""

import re
from collections.abc import Sequence
from typing import Final

WORK: Final = '/__w'
TOOLS: Final = '/__t'
EXTERNALS: Final = '/__e'
HOME: Final = '/github/home'
WORKFLOW: Final = '/github/workflow'
ACTION_WORKSPACE: Final = '/github/workspace'  # of actions that are containers
ACTION_TEMP: Final = '/github/runner_temp'

_END: Final = r'(?![^/:;,\s"\'=])'  # else it is the beginning of another name


class Paths:
    """`pairs` are (path here, path in there); `aliases` other names of what is here."""

    __slots__ = ('_back', '_here', '_pattern', '_there')

    def __init__(
        self, pairs: Sequence[tuple[str, str]], aliases: Sequence[tuple[str, str]] = ()
    ) -> None:
        longest_first = sorted((*pairs, *aliases), key=lambda pair: -len(pair[0]))
        self._there = dict(longest_first)
        self._here = {there: here for here, there in pairs}
        self._back = sorted(self._here, key=len, reverse=True)
        self._pattern = re.compile(
            '(?:' + '|'.join(re.escape(here) for here in self._there) + ')' + _END
        )

    def inside(self, path: str) -> str:
        """A path that does not lead into one of the directories stays as it is."""
        for here, there in self._there.items():
            if path == here or path.startswith(f'{here}/'):
                return there + path[len(here) :]
        return path

    def outside(self, path: str) -> str:
        for there in self._back:
            if path == there or path.startswith(f'{there}/'):
                return self._here[there] + path[len(there) :]
        return path

    def translate(self, text: str) -> str:
        """A text in which paths may stand anywhere."""
        return self._pattern.sub(lambda found: self._there[found[0]], text)

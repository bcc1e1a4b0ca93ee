"""A machine of its own, as far as the network goes: a namespace with one wire to this one.

While the wire is cut, packets vanish: nothing is refused and nothing is closed, and who waits for
an answer waits until it has had enough. That is how switches and cables fail, and it is worse than
a server that dies, whose kernel says so.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from containers import lack


class Wire:
    """Between `here` and `there`, two addresses of one small network."""

    def __init__(self) -> None:
        mark = f'{os.getpid():x}'  # the name of an interface ends after 15 characters
        prefix = f'10.231.{os.getpid() % 256}'
        self.network = f'{prefix}.0/30'
        self.here, self._there = f'{prefix}.1', f'{prefix}.2'
        self._namespace = f'liftlock-{mark}'
        self._end, self._other = f'll-{mark}-h', f'll-{mark}-t'

    @property
    def inside(self) -> tuple[str, ...]:
        """What stands before a command that is to run at the other end."""
        return ('ip', 'netns', 'exec', self._namespace)

    def lay(self) -> None:
        within = ('-n', self._namespace)
        _ip('netns', 'add', self._namespace)
        _ip('link', 'add', self._end, 'type', 'veth', 'peer', 'name', self._other)
        _ip('link', 'set', self._other, 'netns', self._namespace)
        _ip('address', 'add', f'{self.here}/30', 'dev', self._end)
        _ip(*within, 'address', 'add', f'{self._there}/30', 'dev', self._other)
        _ip('link', 'set', self._end, 'up')
        for name in (self._other, 'lo'):
            _ip(*within, 'link', 'set', name, 'up')

    def cut(self) -> None:
        _ip('link', 'set', self._end, 'down')

    def heal(self) -> None:
        _ip('link', 'set', self._end, 'up')

    def remove(self) -> None:
        for words in (('link', 'del', self._end), ('netns', 'del', self._namespace)):
            with suppress(Refused):
                _ip(*words)


class Refused(Exception):
    """This machine does not let us."""


@contextmanager
def wire() -> Iterator[Wire]:
    """Skips where there can be none."""
    if os.getuid() != 0:
        pytest.skip('to run this: be root, who may make network namespaces')
    if shutil.which('ip') is None:
        lack('to run this: apt install iproute2')
    made = Wire()
    try:
        try:
            made.lay()
        except Refused as error:
            pytest.skip(f'no network namespace can be made here: {error}')
        yield made
    finally:
        made.remove()


def _ip(*words: str) -> None:
    done = subprocess.run(['ip', *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f'ip {" ".join(words)}: {done.stderr.strip()}')

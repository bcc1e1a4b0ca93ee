"""Carry one run out while somebody watches: signals in, a picture and an exit status out."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from liftlock.cli.view import View
from liftlock.engine.inline import Inline
from liftlock.engine.submission import Terms
from liftlock.errors import FAILED, INTERRUPTED
from liftlock.runner.ports import Shell, Stop

REASONS = {
    signal.SIGINT: 'cancelled with Ctrl-C',
    signal.SIGTERM: 'cancelled by SIGTERM',
    signal.SIGHUP: 'cancelled because its terminal was closed',
}
POLITELY = 'Stopping: steps with always() still run. Once more stops at once.'


def conduct(engine: Inline, run: int, terms: Terms, view: View, *, shell: bool = False) -> int:
    """Go on until the run is over; return the exit status that it deserves."""
    return asyncio.run(_conduct(engine, run, terms, view, shell))


async def _conduct(engine: Inline, run: int, terms: Terms, view: View, shell: bool) -> int:
    stop = Stop()
    listener = _Listener(stop, view)
    loop = asyncio.get_running_loop()
    for number in REASONS:
        loop.add_signal_handler(number, listener.hear, number)
    if shell:
        terms = terms._replace(shell_on_failure=_shell(view, listener))
    view.open()
    try:
        conclusion = await engine.carry_out(run, terms, view, stop)
    finally:
        view.close()
        for number in REASONS:
            loop.remove_signal_handler(number)
    if listener.heard:
        return INTERRUPTED
    return 0 if conclusion in ('success', 'skipped', 'neutral') else FAILED


class _Listener:
    """The first signal asks the run to stop as GitHub does, the second ends it at once."""

    __slots__ = ('_stop', '_view', 'deaf', 'heard')

    def __init__(self, stop: Stop, view: View) -> None:
        self._stop = stop
        self._view = view
        self.heard = 0
        self.deaf = False  # while a shell has the keyboard, Ctrl-C is meant for it

    def hear(self, number: signal.Signals) -> None:
        if self.deaf and number == signal.SIGINT:
            return
        self.heard += 1
        self._view.notice(POLITELY if self.heard == 1 else 'Stopping at once.')
        self._stop.request(REASONS[number])


def _shell(view: View, listener: _Listener) -> Shell:
    """Hand the terminal to a shell in the failed step's place, one at a time."""
    free = asyncio.Lock()

    async def open_shell(command: Sequence[str], env: Mapping[str, str], directory: Path) -> None:
        async with free:
            view.close()
            listener.deaf = True
            print('A step failed; this is its place. Leave with exit or Ctrl-D.', file=sys.stderr)
            own = {name: os.environ.get(name, '') for name in ('TERM', 'COLORTERM')}
            own['PS1'] = '(liftlock) \\w $ '
            process = await asyncio.create_subprocess_exec(
                *command, cwd=directory, env={**env, **own}
            )
            await process.wait()
            listener.deaf = False
            view.open()

    return open_shell

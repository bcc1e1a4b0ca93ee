"""`liftlock supervise`: be the process that stays. `deploy` starts one by itself.

liftlock supervise               see to it that one lives
liftlock supervise --foreground  be it, for systemd (with KillMode=process) and the like
liftlock supervise --stop        end it; what is deployed goes on
"""

import os
import signal
import sys
import time

import click

from liftlock.cli import wiring
from liftlock.cli.figures import duration
from liftlock.engine.delivery import alive, supervisor
from liftlock.engine.delivery.lodge import Lodge, Taken, say
from liftlock.engine.delivery.supervisor import IDLE, Terms
from liftlock.errors import BUG, USAGE, UserError

AGAIN = 0  # no pipe of anybody's: the process has replaced itself


@click.command('supervise', short_help='Watch over what is deployed.', hidden=True)
@click.option('--foreground', is_flag=True, help='Stay here, and say on stderr what happens.')
@click.option('--stop', is_flag=True, help='End the one that runs; what is deployed goes on.')
@click.option(
    '--idle',
    type=click.FloatRange(min=0),
    metavar='SECONDS',
    help='End after so long without anything to do; 0: never. [default: 60; 0 in the foreground]',
)
@click.option('--ready', type=int, hidden=True)
@click.pass_obj
def command(
    state: str | None, /, foreground: bool, stop: bool, idle: float | None, ready: int | None
) -> int:
    """See to it that what is deployed is watched over."""
    where = wiring.place(state)
    if ready is not None:
        return _stay(where, ready, IDLE if idle is None else idle)
    if foreground:
        return _be(where, Terms(idle or 0.0))
    if stop:
        found = alive.stop(where.state)
        print(f'Process {found.pid} has ended.' if found else 'There was none.')
        return 0
    found = supervisor.ensure(where.state)
    age = duration(time.time() - found.since)
    print(f'Process {found.pid} (liftlock {found.version}) watches, for {age} now.')
    return 0


def _stay(where: wiring.Place, ready: int, idle: float) -> int:
    """Leave whoever started this, and its terminal, behind. What is written to `ready` is for the
    starter; if nothing is, he takes it that this has failed, and shows the log."""
    os.set_inheritable(ready, False)
    if ready != AGAIN and os.fork():
        os._exit(0)  # so that nobody's child is left, and no terminal can ever be had again
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def tell(word: str) -> None:
        if ready != AGAIN:
            os.write(ready, word.encode())
            os.close(ready)

    try:
        return _be(where, Terms(idle, rotates=True, ready=lambda: tell('up')))
    except Taken:
        tell('lost')
        return 0
    except UserError as error:
        say(f'error: {error}' + (f'\n  {error.hint}' if error.hint else ''))
        return USAGE
    except Exception:
        import traceback

        say(f'error: this is a bug in liftlock\n{traceback.format_exc()}')
        return BUG


def _be(where: wiring.Place, terms: Terms) -> int:
    from liftlock.cli.wiring import delivery  # with everything that delivers

    os.umask(0o077)
    lodge = Lodge(where.state)
    lodge.prepare()
    lodge.take(supervisor.introduction())
    store = wiring.opened(where)
    reason = supervisor.supervise(lodge, store, delivery.controllers(where, store), terms)
    if reason == supervisor.MIGRATION:
        mode = ['--ready', str(AGAIN)] if terms.rotates else ['--foreground']
        words = ['--state', str(where.state), 'supervise', *mode, '--idle', str(terms.idle)]
        again = [sys.executable, '-m', 'liftlock', *words]
        os.execv(sys.executable, again)  # noqa: S606 - which lets go of the store
    store.close()
    return 0

"""`liftlock serve`: web pages, REST and live logs over what has run here."""

import asyncio
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Final

import click

from liftlock import VERSION
from liftlock.cli import stored, wiring
from liftlock.engine.delivery import alive
from liftlock.engine.submission import Terms
from liftlock.errors import UserError
from liftlock.store import access, audit
from liftlock.store.database import Store

LOOPBACK: Final = ('127.0.0.1', '::1', 'localhost')
PLAINLY: Final = (
    'liftlock: nothing is encrypted between browsers and this server.\n'
    '  Put a proxy with TLS before it on this machine, and say by --url where people reach it.'
)


@click.command('serve', short_help='Serve web pages and REST over what has run here.')
@click.option('--host', default='127.0.0.1', metavar='ADDRESS', help='[default: 127.0.0.1]')
@click.option(
    '--port', type=click.IntRange(0, 65535), default=8765, metavar='N', help='[default: 8765]'
)
@click.option(
    '--url', default='', metavar='URL', help='Where people reach it, if a proxy stands before it.'
)
@click.option('--jobs', 'slots', type=click.IntRange(min=1), help='Jobs at the same time.')
@click.pass_obj
def command(state: str | None, /, host: str, port: int, url: str, slots: int | None) -> int:
    """Serve the runs and deployments of the store, until Ctrl-C.

    The first start prints a token of the admin, and a link to log in with, once. More tokens:
    liftlock token create NAME. Runs that are started again from a page are carried out by this
    process; if it is ended meanwhile, the next one goes on with them.
    """
    _refuse_missing()
    if url and not url.startswith(('http://', 'https://')):
        raise UserError(f'"{url}" is no address', 'begin it with https://')
    from liftlock.server import listening
    from liftlock.server.ground import Ground
    from liftlock.server.pages.door import Door

    where = wiring.place(state)
    works = wiring.open_works(where, slots=slots or 0)
    try:
        listener = listening.bind(host, port)
    except OSError as error:
        works.close()
        raise UserError(
            f'cannot listen on {host}:{port}: {error.strerror}', 'choose another --port'
        ) from None
    entrance = Door()
    address = url.rstrip('/') or _address(host, listener.getsockname()[1])
    if not url and host not in LOOPBACK:
        print(PLAINLY, file=sys.stderr)
    token = _first_token(works.store)

    def terms(run: int, who: str) -> Terms:
        return stored.again(works, run, Terms(), who)

    ground = Ground(
        store=works.store,
        engine=works.engine,
        terms=terms,
        wake=partial(_wake, where.state),
        teams=where.config.teams,
        version=VERSION,
        secure=url.startswith('https://'),
    )
    try:
        ready = partial(_greet, address, token, entrance.invite(token) if token else '')
        asyncio.run(listening.serve(ground, listener, entrance, ready))
    finally:
        works.close()
    return 0


def _refuse_missing() -> None:
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise UserError(
            'the server needs more than is installed', "pip install 'liftlock[server]'"
        ) from None


def _first_token(store: Store) -> str:
    """The admin's, where nobody has one yet; else ''."""
    if any(not one.revoked for one in access.listed(store)):
        return ''
    token = access.create(store, 'admin', 'admin', 'first start')
    audit.write(store, 'admin', 'token created', 'admin', 'first start')
    return token


def _greet(address: str, token: str, code: str) -> None:
    print(f'Serving on {address}', flush=True)
    if token:
        print(
            f'Log in:  {address}/login/{code}\n'
            f'         (once, within an hour; later with this token, which is not shown again)\n'
            f'Token:   {token}',
            flush=True,
        )


def _address(host: str, port: int) -> str:
    shown = {'0.0.0.0': 'localhost', '::': 'localhost'}.get(host, host)  # noqa: S104 - compared
    return f'http://[{shown}]:{port}' if ':' in shown else f'http://{shown}:{port}'


def _wake(state: Path) -> None:
    """See to it that a supervisor looks, without waiting for it."""

    def ensure() -> None:
        try:
            alive.ensure(state)
        except UserError as error:
            print(f'liftlock: {error}', file=sys.stderr)

    threading.Thread(target=ensure, name='wake', daemon=True).start()

"""`liftlock serve`: web pages, REST and live logs over what has run here."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from liftlock import VERSION
from liftlock.cli import manning, serving, stored, wiring
from liftlock.cli.manning import Manned
from liftlock.engine.delivery.lodge import ROLE
from liftlock.engine.delivery.resident import Resident
from liftlock.engine.delivery.ward import Make
from liftlock.engine.submission import Terms
from liftlock.errors import UserError
from liftlock.store import access, audit
from liftlock.store.database import Store

if TYPE_CHECKING:
    from socket import socket

    from liftlock.cli.wiring.spread import Fleet
    from liftlock.server.ground import Ground

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
@click.option('--no-worker', is_flag=True, help='On PostgreSQL: leave all jobs to workers.')
@manning.options
@serving.options
@click.pass_obj
def command(
    state: str | None,
    /,
    host: str,
    port: int,
    url: str,
    slots: int | None,
    no_worker: bool,
    **manner: Any,
) -> int:
    """Serve the runs and deployments of the store, until Ctrl-C.

    The first start prints a token of the admin, and a link to log in with, once. More tokens:
    liftlock token create NAME. Runs that are started again from a page are carried out by this
    process; if it is ended meanwhile, the next one goes on with them. It also watches over what is
    deployed, and when it ends leaves that to a process that stays.
    """
    _refuse_missing()
    if url and not url.startswith(('http://', 'https://')):
        raise UserError(f'"{url}" is no address', 'begin it with https://')
    from liftlock.server import listening, logbook, proxies

    man = manning.given(manner)._replace(slots=slots, worker=not no_worker)
    asked = serving.given(manner)
    logbook.keep(asked.log_format, access=asked.access_log)
    trusted = proxies.networks(asked.proxies)
    where = wiring.place(state)
    manned = Manned(where, man)
    manned.join()
    listener = _bind(host, port, manned)
    address = url.rstrip('/') or _address(host, listener.getsockname()[1])
    entrance = serving.entrance(where.config.log_in, address)
    if not url and host not in LOOPBACK:
        print(PLAINLY, file=sys.stderr)
    token = _first_token(manned.works.store)
    resident = _resident(where, manned)
    ground = _ground(where, manned, resident)._replace(
        url=address,
        secure=url.startswith('https://'),
        proxies=trusted,
        open_metrics=asked.open_metrics,
    )
    try:
        code = access.link(manned.works.store, token) if token else ''

        def ready() -> None:
            _greet(address, token, code)
            resident.start()

        serve = partial(listening.serve, ground, listener, entrance, ready, asked.drain)
        manning.run(manned, serve)
    finally:
        resident.end()
        manned.close()
    return 0


def _bind(host: str, port: int, manned: Manned) -> 'socket':
    from liftlock.server import listening

    try:
        return listening.bind(host, port)
    except OSError as error:
        manned.close()
        raise UserError(
            f'cannot listen on {host}:{port}: {error.strerror}', 'choose another --port'
        ) from None


def _resident(where: wiring.Place, manned: Manned) -> Resident:
    return Resident(
        where.state,
        partial(wiring.opened, where),
        partial(_controllers, where),
        partial(_elected, manned.fleet) if manned.fleet is not None else None,
    )


def _ground(where: wiring.Place, manned: Manned, resident: Resident) -> 'Ground':
    from liftlock.server.ground import Ground

    works = manned.works

    def terms(run: int, who: str) -> Terms:
        if manned.fleet is not None:
            return manned.fleet.terms(run, who)
        return stored.again(works, run, Terms(), who)

    return Ground(
        store=works.store,
        engine=works.engine,
        terms=terms,
        wake=resident.wake,
        bench=wiring.bench(works),
        teams=where.config.teams,
        version=VERSION,
        key=wiring.key_file(where),
        elected=manned.elected,
    )


def _refuse_missing() -> None:
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise UserError(
            'the server needs more than is installed', "pip install 'liftlock[server]'"
        ) from None


def _first_token(store: Store) -> str:
    """The admin's, where nobody has one yet; else ''."""
    with store.transaction():  # of servers that start at once one is the first
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


def _elected(fleet: 'Fleet', store: Store) -> bool:
    from liftlock.store import workers

    worker = fleet.station.worker.id
    return bool(worker) and workers.elected(store, ROLE, worker)


def _controllers(where: wiring.Place, store: Store) -> Make:
    from liftlock.cli.wiring import delivery  # with everything that delivers

    return delivery.controllers(where, store)

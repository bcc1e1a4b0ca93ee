"""People who have an account on a server, as its admins see and change them."""

from typing import Any

from liftlock.cli.remote.client import Client, quoted
from liftlock.cli.remote.repositories import known
from liftlock.store.people import Grant


def add(server: str, name: str, role: str, email: str) -> str:
    """The link by which he sets a password, as it is below the server."""
    body = {'name': name, 'role': role, 'email': email}
    return str(Client(server).post('/users', body)['link'])


def listed(server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Client(server).get('/users')['users']
    return found


def change(server: str, name: str, **said: object) -> str:
    """His role, or whether he is disabled; his name as it is written."""
    return str(Client(server).patch(_of(name), said)['name'])


def link(server: str, name: str) -> str:
    return str(Client(server).post(f'{_of(name)}/link', {})['link'])


def grant(server: str, name: str, given: Grant, *, undo: bool) -> None:
    Client(server).post(f'{_of(name)}/{"ungrant" if undo else "grant"}', given._asdict())


def repositories(server: str) -> list[str]:
    """Those that somebody may be granted something in."""
    return known(Client(server))


def _of(name: str) -> str:
    return f'/users/{quoted(name)}'

"""Repositories that are registered with a server."""

from typing import Any

from liftlock.cli.remote.client import Client, of
from liftlock.store.repositories import Repository


def add(server: str, said: dict[str, Any]) -> Repository:
    return _told(Client(server).post('/repositories', said))


def change(server: str, name: str, said: dict[str, Any]) -> Repository:
    return _told(Client(server).patch(of(name), said))


def listed(server: str) -> list[Repository]:
    return [_told(one) for one in Client(server).get('/repositories')['repositories']]


def find(server: str, name: str) -> Repository:
    return _told(Client(server).get(of(name)))


def remove(server: str, name: str) -> Repository:
    client = Client(server)
    found = _told(client.get(of(name)))
    client.delete(of(name))
    return found


def known(client: Client) -> list[str]:
    """The names of those that are registered or have run, for whoever may read runs."""
    found: list[str] = client.get('/choices')['repositories']
    return found


def _told(told: dict[str, Any]) -> Repository:
    return Repository(**{name: told[name] for name in Repository._fields})

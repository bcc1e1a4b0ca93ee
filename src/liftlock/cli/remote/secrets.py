"""Secrets and variables of a server."""

from typing import Final

from liftlock.cli.remote import repositories
from liftlock.cli.remote.client import Client, of
from liftlock.store.secrets import Entry, Happened, Scope, checked, refuse

MANY: Final = {'secret': 'secrets', 'variable': 'variables'}


class RemoteSafe:
    """As `store.secrets.Safe`; by whom is known to the server, which names him."""

    def __init__(self, client: Client, kind: str) -> None:
        self._client = client
        self._kind = kind

    def set(self, scope: Scope, name: str, value: str, by: str) -> None:
        name = checked(name, self._kind)
        refuse(value, f'the {self._kind} {name}')
        path = f'{self._path(scope.repository)}/{name}'
        self._client.put(path, {'value': value}, environment=scope.environment)

    def remove(self, scope: Scope, name: str, by: str) -> None:
        path = f'{self._path(scope.repository)}/{checked(name, self._kind)}'
        self._client.delete(path, environment=scope.environment)

    def listed(self, repository: str, environment: str | None = None) -> list[Entry]:
        told = self._client.get(self._path(repository), environment=environment)
        return [
            Entry(**{name: one[name] for name in Entry._fields}) for one in told[MANY[self._kind]]
        ]

    def history(self, repository: str) -> list[Happened]:
        told = self._client.get(f'{_of(repository)}/history/{self._kind}')['history']
        return [Happened(**{name: one[name] for name in Happened._fields}) for one in told]

    def values(self, repository: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for one in self._client.get(self._path(repository))['variables']:
            found.setdefault(one['environment'].lower(), {})[one['name']] = one['value']
        return found

    def repositories(self) -> list[str]:
        return repositories.known(self._client)

    def _path(self, repository: str) -> str:
        return f'{_of(repository)}/{MANY[self._kind]}'


def _of(repository: str) -> str:
    """'' stands for all of them."""
    return of(repository) if repository else ''

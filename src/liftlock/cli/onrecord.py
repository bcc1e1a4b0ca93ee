"""What somebody does beside the server goes on its record, in the words of `server/doing.py`."""

from liftlock.cli.here import Here
from liftlock.store import audit, listing
from liftlock.store.database import Store
from liftlock.store.deliveries import Place
from liftlock.store.secrets import SERVER, Entry, Happened, Safe, Scope


def put(asked: Here, place: Place, what: str, number: int = 0, detail: str = '') -> None:
    """Of a deployment; `what` is a past participle."""
    about = f'{place.repository}:{place.name}' + (f' #{number}' if number else '')
    audit.write(asked.store, asked.by, what, about, detail)


class Recorded:
    """The store's safe; a change and its entry stand or fall together."""

    def __init__(self, store: Store, safe: Safe, kind: str) -> None:
        self._store = store
        self._safe = safe
        self._kind = kind

    def set(self, scope: Scope, name: str, value: str, by: str) -> None:
        with self._store.transaction(durable=True):
            self._safe.set(scope, name, value, by)
            self._write(by, 'set', scope, name)

    def remove(self, scope: Scope, name: str, by: str) -> None:
        with self._store.transaction(durable=True):
            self._safe.remove(scope, name, by)
            self._write(by, 'removed', scope, name)

    def listed(self, repository: str, environment: str | None = None) -> list[Entry]:
        return self._safe.listed(repository, environment)

    def history(self, repository: str) -> list[Happened]:
        return self._safe.history(repository)

    def values(self, repository: str) -> dict[str, dict[str, str]]:
        return self._safe.values(repository)

    def repositories(self) -> list[str]:
        return listing.repositories(self._store)

    def _write(self, by: str, happened: str, scope: Scope, name: str) -> None:
        place = f'{scope.repository}:{scope.environment}' if scope.environment else scope.repository
        audit.write(self._store, by, f'{self._kind} {happened}', place or SERVER, name.upper())

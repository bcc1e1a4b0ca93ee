"""The repository as the server knows it: its name, its number and the secret of its letters."""

from contextlib import closing
from typing import TYPE_CHECKING

from liftlock.cli import entrusted, person, wiring
from liftlock.cli.hooks.installing import Place
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple

if TYPE_CHECKING:
    from liftlock.store.repositories import Repository


class Known(NamedTuple):
    name: str
    number: int
    secret: str


def told(name: str, number: int | None, secret_file: str | None) -> Known:
    """As it was registered by somebody else. UserError if something is missing."""
    if number is None or secret_file is None:
        raise UserError('--id and --secret-file belong together')
    if not name:
        raise UserError('give the name that it has on the server', '--name OWNER/NAME')
    return Known(name, number, entrusted.value('secret', secret_file, hidden=True).strip())


def here(state: str | None, place: Place, name: str) -> Known:
    """In this store; registered there if it is not."""
    from liftlock.store import audit, repositories

    where = wiring.place(state)
    key_file = wiring.key_file(where)
    with closing(wiring.opened(where)) as store:
        found = _there(repositories.listed(store), place, name)
        if found is None:
            draft = repositories.Draft(name or place.name, str(place.directory))
            found = repositories.add(store, draft, person.name(), key_file)
            audit.write(store, person.name(), 'repository added', found.name, found.url)
        if not found.signed:
            values = {one: getattr(found, one) for one in repositories.FIELDS}
            draft = repositories.Draft(**values, secret=repositories.make_secret())
            found = repositories.change(store, found.id, draft, key_file)
        return Known(found.name, found.id, repositories.secret(store, found.id, key_file))


def elsewhere(server: str, token_file: str, place: Place, name: str, url: str) -> Known:
    """On a server, by its REST: registered anew, with a secret that is made here."""
    from liftlock.cli.remote.client import Client
    from liftlock.store import repositories

    client = Client(server, entrusted.value('token', token_file, hidden=True).strip())
    name = name or place.name
    if any(
        one['name'].lower() == name.lower() for one in client.get('/repositories')['repositories']
    ):
        raise UserError(
            f'{name} is registered there already, and its secret is told to nobody',
            'make another one on its page, and give --name, --id and --secret-file',
        )
    secret = repositories.make_secret()
    wanted = {'name': name, 'url': url or str(place.directory), 'secret': secret}
    made = client.post('/repositories', wanted)
    return Known(str(made['name']), int(made['id']), secret)


def _there(known: 'list[Repository]', place: Place, name: str) -> 'Repository | None':
    """By its name if one is given, else by where it lies."""
    for one in known:
        same = one.url.removeprefix('file://').rstrip('/') == str(place.directory)
        if one.name.lower() == name.lower() or (same and not name):
            if one.forge:
                raise UserError(
                    f'{one.name} is registered as a repository of {one.forge}',
                    'its forge has webhooks of its own',
                )
            return one
    return None

"""`liftlock deploy` by a server: what runs there have made, to an environment of the repository
here."""

from pathlib import Path

from liftlock.cli import standing
from liftlock.cli.remote.acting import followed
from liftlock.cli.remote.client import Client
from liftlock.cli.remote.environments import Environments
from liftlock.engine import declared
from liftlock.errors import UserError
from liftlock.language.nearest import suggestion
from liftlock.runner import repository
from liftlock.runner.repository import Repository


def deploy(server: str, environment: str, given: dict[str, object]) -> int:
    """`octo/shop:production`, or an environment of the liftlock.yml here."""
    known = Environments(Client(server))
    owner, _, name = environment.rpartition(':')
    seen = None if owner else repository.look(Path.cwd())
    owner = owner or standing.identity()
    if seen is not None:
        name = _declared(seen, name)
    body: dict[str, object] = {
        'repository': owner,
        'environment': name,
        'version': given['name'],
        'run': given['run'],
        'origin': given['origin'],
        'image': given['image'],
        'reason': given['reason'],
        'fast': given['fast'],
    }
    if not any(given[word] for word in ('name', 'run', 'origin')):
        body['run'] = _of_head(known.client, owner, seen)
    told = known.client.post('/deployments', body)
    place = next(one for one in known.listed() if one.id == told['environment'])
    return followed(known, place, told['number'], 0, given)


def _declared(seen: Repository, name: str) -> str:
    names = declared.environments(seen.top)
    if name in names:
        return name
    if not name and len(names) == 1:
        return str(names[0])
    listed = f'there are: {", ".join(names)}' if names else 'add it to liftlock.yml'
    if not name:
        raise UserError('which environment?', listed)
    raise UserError(f'liftlock.yml has no environment "{name}"', suggestion(name, names, listed))


def _of_head(client: Client, owner: str, seen: Repository | None) -> int:
    """A run that the server had of the commit that stands here."""
    if seen is None or not seen.head:
        raise UserError('which version?', 'say one of --version, --run and --from')
    found = client.get('/runs', repository=owner, text=seen.head, limit=1)['runs']
    if not found:
        raise UserError(
            f'nothing has run there for {owner} of what stands here ({seen.head[:7]})',
            'push it first; if it has another name there: liftlock deploy NAME:ENVIRONMENT --run N',
        )
    return int(found[0]['id'])

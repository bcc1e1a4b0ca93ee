"""`liftlock deploy`: have a version delivered to an environment, and watch."""

import click

from liftlock.cli import follow, here, onrecord, remote, versions, wiring
from liftlock.cli.here import Here
from liftlock.engine.delivery import candidates, requests
from liftlock.engine.delivery.candidates import Choice
from liftlock.engine.delivery.requests import Wish
from liftlock.errors import UserError
from liftlock.rollout import facts as f
from liftlock.rollout.version import Version


@click.command('deploy', short_help='Deliver a version to an environment.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--version', 'name', default='', metavar='NAME', help='One that was deployed before.')
@click.option('--run', type=int, default=0, metavar='RUN', help='What this run has made.')
@click.option('--image', default='', metavar='IMAGE', help='An image, by its digest.')
@click.option('--from', 'origin', default='', metavar='ENV', help='What runs there now.')
@click.option('--reason', default='', metavar='TEXT', help='For the history.')
@click.option('--fast', is_flag=True, help='Leave out pauses and analyses.')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--wait', is_flag=True, help='Go on following while it waits for a person.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@remote.option
@click.pass_obj
def command(state: str | None, /, environment: str, server: str, **given: object) -> int:
    """Deliver a version to ENVIRONMENT (of liftlock.yml; default: the only one).

    Without an option: what stands here, which must have run and be green. A version is never
    built again: what is promoted or rolled back to is what was tested.
    """
    if server:
        from liftlock.cli.remote import deploying

        return deploying.deploy(server, environment, given)
    asked = here.look(state)
    name = here.declared_environment(asked, environment)
    version = _version(asked, name, given)
    origin = str(given['origin'])
    wish = Wish(
        asked.by,
        f.PROMOTION if origin else f.DEPLOY,
        str(given['reason']),
        bool(given['fast']),
        origin,
    )
    return deliver(asked, name, version, wish, given)


def deliver(asked: Here, name: str, version: Version, wish: Wish, given: dict[str, object]) -> int:
    """Refuse what cannot succeed before anything moves; then ask for it, and follow."""
    key = wiring.key_file(asked.where)
    blueprint = candidates.blueprint(asked.store, key, asked.name, name, version)
    here.ensure(asked)
    place, number = requests.deploy(asked.store, blueprint, version, wish)
    onrecord.put(asked, place, 'deployment asked for', number, version.name)
    here.ensure(asked)
    json = bool(given['json'])
    if given['no_follow']:
        follow.told(place, number, json)
        return 0
    return follow.follow(asked, place, number, 0, json=json, wait=bool(given['wait']))


def _version(asked: Here, name: str, given: dict[str, object]) -> Version:
    words = [word for word in ('name', 'run', 'origin') if given[word]]
    if len(words) > 1:
        raise UserError('--version, --run and --from each say what to deploy', 'keep one of them')
    run, image = given['run'], str(given['image'])
    choice = Choice(str(given['name']), 0, str(given['origin']), image)
    if words and not run:
        return candidates.find(asked.store, asked.name, name, choice)
    candidates.refuse(choice)
    made = versions.of_run(asked, run) if isinstance(run, int) and run else None
    found = candidates.built(asked.store, asked.name, name, made or versions.of_head(asked))
    return found._replace(image=image) if image else found

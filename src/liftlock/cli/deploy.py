"""`liftlock deploy`: have a version delivered to an environment, and watch."""

import click

from liftlock.cli import builds, follow, here, versions, wiring
from liftlock.cli.here import Here
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import requests, variables
from liftlock.engine.delivery.alive import ensure
from liftlock.engine.delivery.requests import Wish
from liftlock.errors import UserError
from liftlock.rollout import facts as f
from liftlock.rollout.version import Version
from liftlock.store.secrets import VARIABLE, Safe


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
@click.pass_obj
def command(state: str | None, /, environment: str, **given: object) -> int:
    """Deliver a version to ENVIRONMENT (of liftlock.yml; default: the only one).

    Without an option: what stands here, which must have run and be green. A version is never
    built again: what is promoted or rolled back to is what was tested.
    """
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
    known = Safe(asked.store, key, VARIABLE).of(asked.name, name)
    blueprint = builds.blueprint(asked.name, name, version, known)
    secrets = Safe(asked.store, key).of(asked.name, name)
    variables.refuse_missing(blueprint, blueprints.environment(blueprint), secrets)
    ensure(asked.where.state)
    place, number = requests.deploy(asked.store, blueprint, version, wish)
    ensure(asked.where.state)
    json = bool(given['json'])
    if given['no_follow']:
        follow.told(place, number, json)
        return 0
    return follow.follow(asked, place, number, 0, json=json, wait=bool(given['wait']))


def _version(asked: Here, name: str, given: dict[str, object]) -> Version:
    words = [word for word in ('name', 'run', 'image', 'origin') if given[word]]
    if len([word for word in words if word != 'image']) > 1:
        raise UserError('--version, --run and --from each say what to deploy', 'keep one of them')
    if given['name']:
        found = versions.named(asked, str(given['name']))
    elif given['origin']:
        found = versions.elsewhere(asked, str(given['origin']))
    else:
        run = given['run']
        made = versions.of_run(asked, run) if isinstance(run, int) and run else None
        made = made or versions.of_head(asked)
        builds.refuse_red(made)
        draft = Version(made.name, made.commit, made.ref, sources=made.sources)
        settings = blueprints.environment(builds.blueprint(asked.name, name, draft, {}))
        found = builds.version(asked.store, made, settings.target)
    return _with_image(found, str(given['image']))


def _with_image(version: Version, image: str) -> Version:
    if image and '@sha256:' not in image:
        raise UserError(
            f'"{image}" may mean something else tomorrow: an image is deployed by its digest',
            'as in registry.example/app@sha256:…',
        )
    return version._replace(image=image) if image else version

"""The containers that a job asks for: its own, and its services, as the workflow writes them."""

from collections.abc import Mapping

from liftlock.language.expressions.values import Value, to_text
from liftlock.language.records import NamedTuple
from liftlock.language.resolve import resolve
from liftlock.runner.state import Frame

_SCHEME = 'docker://'
_GITHUB = ('ghcr.io/', 'containers.pkg.github.com/')  # whose packages the run's token opens


class Container(NamedTuple):
    """One container. Ports and volumes are in `docker create`'s own words."""

    image: str
    env: Mapping[str, str] = {}
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    options: str = ''
    username: str = ''
    password: str = ''
    entrypoint: str = ''
    command: str = ''


class Wanted(NamedTuple):
    """What a job wants around it. Services keep the file's order."""

    container: Container | None = None
    services: Mapping[str, Container] = {}


def read(frame: Frame) -> Wanted:
    """Evaluate them; services with an empty image are left out, and said so. TemplateError."""
    plan = frame.job.request.plan.job
    scope = frame.scope(frame.job.env, frame.job.github)
    github = frame.job.github
    own = None
    if plan.container is not None:
        own = make(resolve(plan.container, scope), github)
    listed = resolve(plan.services, scope) if plan.services is not None else None
    services = {}
    for name, value in listed.items() if isinstance(listed, dict) else ():
        service = make(value, github)
        if service is None:
            frame.job.say(f"The service '{name}' is not started, because its image is empty.")
        else:
            services[name] = service
    return Wanted(own, services)


def make(value: Value, github: Mapping[str, Value]) -> Container | None:
    """None where no image is named: then there is no container."""
    given = value if isinstance(value, dict) else {'image': value}
    image = to_text(given.get('image')).removeprefix(_SCHEME)
    if not image:
        return None
    credentials = given.get('credentials')
    known = credentials if isinstance(credentials, dict) else {}
    if image.startswith(_GITHUB) and not (known.get('username') or known.get('password')):
        known = {'username': github.get('actor'), 'password': github.get('token')}
    env = given.get('env')
    return Container(
        image=image,
        env={name: to_text(text) for name, text in env.items()} if isinstance(env, dict) else {},
        ports=_texts(given.get('ports')),
        volumes=_texts(given.get('volumes')),
        options=to_text(given.get('options')),
        username=to_text(known.get('username')),
        password=to_text(known.get('password')),
        entrypoint=to_text(given.get('entrypoint')),
        command=to_text(given.get('command')),
    )


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(map(to_text, value)) if isinstance(value, list) else ()

"""How the local server of a service is to be run: decided whole before anything is done."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services import listening
from liftlock.runner.services.choice import Service
from liftlock.runner.services.kinds import installed
from liftlock.runner.services.kinds.base import Recipe, Task
from liftlock.runner.services.ports import FREE
from liftlock.runner.services.versions import numbers, wanted_numbers

_UNPRIVILEGED: Final = 1024  # the lowest port that everybody may open
_ENTRYPOINT: Final = 'docker-entrypoint.sh'


class Plan(NamedTuple):
    service: Service
    task: Task
    recipe: Recipe
    mapped: Mapping[int, int]  # port in the container → port here, as the workflow has it
    env: Mapping[str, str]  # of all its processes


def make(service: Service, folder: str, mark: str) -> Plan:
    """`folder` will be the service's own; `mark` is by which its processes are found again.

    Free ports are chosen here. Raises CannotPrepare.
    """
    mapped: dict[int, int] = {}
    for port in service.asked.ports:
        if port.there not in mapped and port.protocol == 'tcp':
            mapped[port.there] = port.here or listening.free_port()
    task = Task(
        service.image,
        service.asked,
        _arguments(service),
        folder,
        {
            port: mapped.get(port) or listening.free_port()
            for port in service.kind.ports(service.image, service.asked)
        },
        tuple(listening.addresses()),
    )
    recipe = _recipe(service, task)
    env = {
        'LANG': 'C.UTF-8',
        'TZ': 'UTC',
        **service.asked.env,
        **recipe.env,
        'HOME': folder,
        'PATH': installed.search_path(*recipe.path),
        'RUNNER_TRACKING_ID': mark,
    }
    return Plan(service, task, recipe, mapped, env)


def _recipe(service: Service, task: Task) -> Recipe:
    try:
        recipe = service.kind.recipe(service.server, task)
    except CannotPrepare as error:
        raise service.refuse(str(error)) from None
    there = ' '.join(f'--connect-to :{port}:127.0.0.1:{here}' for port, here in task.ports.items())
    return recipe._replace(programs={**recipe.programs, 'curl': f'exec curl {there} "$@"'})


def _arguments(service: Service) -> tuple[str, ...]:
    """Those for the server. Other programs are in the image alone."""
    entrypoint, words = service.asked.entrypoint, service.asked.command
    known = service.kind.PROGRAMS
    if entrypoint and _base(entrypoint[0]) in known:
        return (*entrypoint[1:], *words)
    if entrypoint and _base(entrypoint[0]) != _ENTRYPOINT:
        raise _foreign(service, 'entrypoint', entrypoint[0])
    words = (*entrypoint[1:], *words)
    if words and _base(words[0]) in known:
        return words[1:]
    if words and not words[0].startswith('-'):
        raise _foreign(service, 'command', words[0])
    return words


def _base(program: str) -> str:
    return program.rpartition('/')[2]


def _foreign(service: Service, key: str, program: str) -> CannotPrepare:
    return service.refuse(
        f"its `{key}:` runs '{program}', which is in the image: install docker or podman"
    )


def check_ports(plans: list[Plan]) -> None:
    """Raises CannotPrepare for ports that cannot be had."""
    taken: dict[int, str] = {}
    for plan in plans:
        for here in plan.mapped.values():
            other = taken.setdefault(here, plan.service.name)
            if other != plan.service.name:
                raise plan.service.refuse(f"the service '{other}' maps port {here} too")
            if not listening.may_open(here):
                raise plan.service.refuse(
                    f'port {here} of this machine may only be opened by root: '
                    f'map {_UNPRIVILEGED} or one above'
                )


def ready(plan: Plan) -> tuple[str, ...]:
    """The command that succeeds when the server is ready."""
    ports = plan.task.ports.values()
    opened = ' && '.join(f'exec 3<>/dev/tcp/127.0.0.1/{port}' for port in ports)
    return plan.recipe.ready or ('bash', '-c', opened)


def moved(command: str, ports: Mapping[int, int]) -> str:
    """A command that names a port of the container, as it has to name it out here."""
    changed = {str(port): str(here) for port, here in ports.items()}
    return re.sub(r'\d+', lambda found: changed.get(found[0], found[0]), command)


def describe(plan: Plan) -> Iterator[str]:
    """What runs instead of the image, and every way in which it differs: lines for the log."""
    service, server = plan.service, plan.service.server
    open_ = [here for port, here in plan.mapped.items() if port in plan.task.ports]
    where = f', on port {", ".join(map(str, open_))}' if open_ else ''
    yield f'{server.product} {server.version} of this machine runs for {service.title}{where}'
    wanted = wanted_numbers(service.image, service.kind.PARTS)
    if server.instead_of:
        yield _warning(f'{service.title} asks for {server.instead_of}, not for {server.product}')
    elif numbers(server.version)[: len(wanted)] != wanted:
        yield _warning(
            f'{service.title} asks for another version of {server.product} than {server.version}'
        )
    if not open_:
        yield _warning(
            f'no port of {service.title} is mapped: steps of this job cannot reach it, as on GitHub'
        )
    for there in plan.mapped:
        if there not in plan.task.ports:
            yield _warning(f'{service.title} maps port {there}, but nothing listens there')
    for port in service.asked.ports:
        if port.protocol != 'tcp' or port.here not in (FREE, plan.mapped[port.there]):
            yield _warning(f'{service.title}: nothing listens on {port.here}/{port.protocol}')
    if service.image.digest:
        yield _warning(f'{service.title}: no image is used, so its digest holds nothing')
    for what in service.asked.ignored:
        yield f'without a container this has no effect: `{what}`'


def _warning(text: str) -> str:
    return f'##[warning]{text[0].upper()}{text[1:]}'

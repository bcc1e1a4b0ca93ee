"""Services as processes of this machine, where no container engine starts them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.runner.executors import orphans
from liftlock.runner.executors.base import CannotPrepare, Order
from liftlock.runner.services import health, planning, room
from liftlock.runner.services.choice import Service
from liftlock.runner.services.planning import Plan
from liftlock.runner.services.process import Local
from liftlock.runner.services.room import Room

NETWORK: Final = 'host'  # what docker calls the network of the machine itself


class _Started(NamedTuple):
    plan: Plan
    local: Local


def mark(tracking_id: str) -> str:
    """By which a job's servers are found again: not by its own, for they outlive its steps."""
    return f'{tracking_id}_services'


@asynccontextmanager
async def start(
    order: Order, services: list[Service], place: Room
) -> AsyncIterator[Mapping[str, Value]]:
    """Start them, healthy; yields the `job.services` context. Raises CannotPrepare, OSError."""
    made = mark(order.tracking_id)
    # Names of services may be long, and paths of sockets may not.
    plans = [
        planning.make(service, f'{place.inside}/{number}', made)
        for number, service in enumerate(services)
    ]
    planning.check_ports(plans)
    for number, plan in enumerate(plans):
        room.furnish(f'{place.folder}/{number}', plan.recipe, place)
    started: list[_Started] = []
    try:
        await _all(_start(order, plan, place, started) for plan in plans)
        yield {plan.service.name: _context(plan, made) for plan in plans}
    finally:
        await asyncio.gather(*(one.local.end(one.plan.recipe.end) for one in started))
        for one in started:
            name = one.plan.service.name
            _show(order, f'Print service container logs: {name}', one.local)
        orphans.end(made)


async def _all(starting: Iterable[Coroutine[Any, Any, None]]) -> None:
    """At the same time; when one fails the others are broken off."""
    tasks = [asyncio.ensure_future(one) for one in starting]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _start(order: Order, plan: Plan, place: Room, started: list[_Started]) -> None:
    service, recipe = plan.service, plan.recipe
    for line in planning.describe(plan):
        order.say(line)
    launcher = place.launcher(recipe.end, min(plan.task.ports.values()))
    local = Local(place.workplace, plan.task.directory, plan.env, launcher)
    known = _Started(plan, local)
    started.append(known)
    try:
        for command in recipe.prepare:
            await local.run(command)
        local.begin(recipe.server)
        await local.wait_until_ready(planning.ready(plan))
        for command in recipe.finish:
            await local.run(command)
        await _see_health(plan, local)
    except CannotPrepare as error:
        started.remove(known)
        await local.end(recipe.end)
        _show(order, f'Service container {service.name} failed.', local)
        raise service.refuse(str(error)) from None
    order.say(f'{service.name} service is healthy.')


async def _see_health(plan: Plan, local: Local) -> None:
    wanted = plan.service.asked.health
    if wanted is None:
        return
    programs = f'{plan.task.directory}/{room.PROGRAMS}'
    env = {**plan.recipe.health, 'PATH': f'{programs}:{plan.env["PATH"]}'}
    words = ('sh', '-c', planning.moved(wanted.command, plan.task.ports))
    wrong = await health.find_wrong(wanted, lambda: local.ask(words, env, wanted.timeout))
    if wrong:
        raise CannotPrepare(f'it is not healthy: {wrong}')


def _show(order: Order, title: str, local: Local) -> None:
    order.say(f'##[group]{title}')
    for line in local.output():
        order.say(line)
    order.say('##[endgroup]')


def _context(plan: Plan, made: str) -> Value:
    return {
        'id': f'{made}_{plan.service.name}',
        'ports': {str(port): str(here) for port, here in plan.mapped.items()},
        'network': NETWORK,
    }

"""`liftlock status`: what is where; or one environment, whole."""

import json as jsons
import sys
import time
from collections.abc import Callable, Sequence

import click

from liftlock.cli import grid, page, remote, standing, wiring
from liftlock.cli.colour import Paint, paint
from liftlock.engine.delivery.standing import Looking, Standing, record
from liftlock.errors import UserError
from liftlock.rollout.environment import Environment
from liftlock.store import deliveries
from liftlock.store.database import Store

PERIOD = 1.0  # seconds between two looks

Look = Callable[[float], list[Standing]]


@click.command('status', short_help='Show what runs where, and how it is.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('-w', '--watch', is_flag=True, help='Look again every second, until Ctrl-C.')
@click.option('--json', is_flag=True, help='A list of objects; one object for one environment.')
@remote.option
@click.pass_obj
def command(state: str | None, /, environment: str, watch: bool, json: bool, server: str) -> None:
    """Show what runs in all environments, or everything about one (`production`, or
    `octo/shop:production` where several repositories have one)."""
    look = _told(server, environment) if server else _stored(state, environment)
    if watch and json:
        _follow(look, one=bool(environment))
    elif watch:
        _watch(look, one=bool(environment))
    elif json:
        print(_json(look(time.time()), one=bool(environment), indent=2))
    else:
        now = time.time()
        for line in _lines(look(now), paint(sys.stdout), now, one=bool(environment)):
            print(line)


def _told(server: str, name: str) -> Look:
    from liftlock.cli.remote.client import Client
    from liftlock.cli.remote.environments import Environments

    known = Environments(Client(server))
    if not name:
        return lambda now: known.look(known.listed())
    place = known.find(name)
    return lambda now: known.look([place])


def _stored(state: str | None, name: str) -> Look:
    return _look(wiring.opened(wiring.place(state)), name)


def _look(store: Store, name: str) -> Look:
    """New environments are found at every look; those that were only declared, at the first."""
    looking = Looking(store)
    if name:
        place = standing.find(store, name)
        return lambda now: looking.look([place], now)
    known = deliveries.environments(store)
    empty = [Standing(one, Environment()) for one in standing.declared_here(known)]

    def look(now: float) -> list[Standing]:
        found = looking.look(deliveries.environments(store), now)
        there = {(one.place.repository, one.place.name.lower()) for one in found}
        return found + [
            one for one in empty if (one.place.repository, one.place.name.lower()) not in there
        ]

    return look


def _lines(found: Sequence[Standing], paint: Paint, now: float, *, one: bool) -> list[str]:
    if one:
        return list(page.lines(found[0], paint, now))
    if not found:
        return ['Nothing is deployed yet. Name an environment in liftlock.yml: liftlock deploy']
    return list(grid.lines(found, paint, now))


def _json(found: Sequence[Standing], *, one: bool, indent: int | None) -> str:
    records = [record(each) for each in found]
    told = records[0] if one else records
    return jsons.dumps(told, ensure_ascii=False, indent=indent)


def _follow(look: Look, *, one: bool) -> None:
    """A line whenever something has changed."""
    told = ''
    while True:
        now = _json(look(time.time()), one=one, indent=None)
        if now != told:
            print(now, flush=True)
        told = now
        time.sleep(PERIOD)


def _watch(look: Look, *, one: bool) -> None:
    if not sys.stdout.isatty():
        raise UserError('--watch needs a terminal', 'for programs there is --watch --json')
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False, emoji=False)
    colours = paint(sys.stdout)
    with Live(console=console, screen=True, auto_refresh=False) as screen:
        while True:
            now = time.time()
            shown = _lines(look(now), colours, now, one=one)[: console.height]
            text = Text('\n').join(Text.from_ansi(line) for line in shown)
            text.no_wrap, text.overflow = True, 'ellipsis'
            screen.update(text, refresh=True)
            time.sleep(PERIOD)

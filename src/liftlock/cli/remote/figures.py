"""How well it goes, as a server tells."""

from typing import Any

from liftlock.cli.remote.client import Client
from liftlock.engine.performance import Delivering, Performance, Running, Span
from liftlock.observe.dora import Dora, Figure
from liftlock.store.deliveries import Place


def look(server: str, repository: str, days: float) -> Performance:
    told = Client(server).get('/metrics', repository=repository, days=days)
    return Performance(
        told['since'],
        told['until'],
        tuple(map(_delivering, told['environments'])),
        tuple(map(_running, told['workflows'])),
    )


def _delivering(told: dict[str, Any]) -> Delivering:
    figures = {name: told[name] for name in Dora._fields if name != 'open'}
    dora = Dora(**{name: Figure(**one) for name, one in figures.items()}, open=told['open'])
    return Delivering(Place(0, told['repository'], told['environment']), dora)


def _running(told: dict[str, Any]) -> Running:
    known = {name: told[name] for name in Running._fields}
    spans = {name: Span(**told[name]) for name in ('duration', 'wait')}
    return Running(**{**known, **spans})

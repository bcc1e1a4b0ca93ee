"""Weights, header routes and mirrors in an Istio VirtualService.

Every HTTP route that leads to our service gets the weights; routes to other hosts are left alone.
A revision is a host (a Service of its own) or, where there is a DestinationRule, a subset of it.
Header routes come first: for each one a copy of every route of ours, which matches what that
matches and the headers besides.
"""

import json
from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.sight import HeaderRoute, Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes.names import REVISION, ROUTES, Doc, annotation, of_revision
from liftlock.targets.kubernetes.routing import told

BEFORE: Final = 'liftlock.dev/before'  # annotation: the routes as they were when we came
PREFIX: Final = 'liftlock-'
CAPABLE: Final = {'weights': True, 'headers': True, 'mirrors': True}


class Backend(NamedTuple):
    """`service` is the host of old; with `subsets`, revisions are subsets of it."""

    service: str
    subsets: bool = False


def patch(live: Doc, routes: Routes, backend: Backend) -> Doc:
    """A merge patch; it holds only for the version of the object that was read."""
    http = render(live, routes, backend)
    annotations: dict[str, Any] = {ROUTES: told.dump(routes)}
    if not annotation(live, BEFORE):
        annotations[BEFORE] = json.dumps((live.get('spec') or {}).get('http') or [])
    return {
        'metadata': {
            'resourceVersion': live['metadata']['resourceVersion'],
            'annotations': annotations,
        },
        'spec': {'http': http},
    }


def render(live: Doc, routes: Routes, backend: Backend) -> list[Doc]:
    """`spec.http` for the routes. Raises Trouble where nothing leads to the service."""
    if not told.shares(routes):
        return before(live)
    present = [
        one
        for one in (live.get('spec') or {}).get('http') or []
        if not str(one.get('name', '')).startswith(PREFIX)
    ]
    if not any(_is_ours(one, backend) for one in present):
        raise Trouble(
            f'VirtualService {live["metadata"]["name"]} has no HTTP route to {backend.service}',
            'name the Service that it leads to: service: …',
        )
    weighted = [_weighted(one, routes, backend) for one in present]
    headers = [
        _header(entry, one, backend)
        for one in routes.headers
        for entry in present
        if _is_ours(entry, backend)
    ]
    return [*headers, *weighted]


def before(live: Doc) -> list[Doc]:
    """The routes as they were when we came."""
    kept = annotation(live, BEFORE)
    found: list[Doc] = json.loads(kept) if kept else (live.get('spec') or {}).get('http') or []
    return found


def confirmed(live: Doc | None, backend: Backend) -> Routes:
    """What it was told last, if it still is that."""
    if live is None:
        return Routes()
    routes = told.read(live)
    try:
        wanted = render(live, routes, backend)
    except Trouble:
        return Routes()
    here = (live.get('spec') or {}).get('http') or []
    return routes if told.covers(here, wanted) else Routes()


def _is_ours(entry: Doc, backend: Backend) -> bool:
    found = entry.get('route') or []
    return bool(found) and all(_leads(one.get('destination') or {}, backend) for one in found)


def _leads(destination: Doc, backend: Backend) -> bool:
    host, _, domain = str(destination.get('host', '')).partition('.')
    if host == backend.service:
        return True
    return not domain and not backend.subsets and is_revision_of(host, backend.service)


def is_revision_of(name: str, service: str) -> bool:
    digits = name.rpartition('-r')[2]
    return digits.isdecimal() and of_revision(service, f'r{digits}') == name


def _weighted(entry: Doc, routes: Routes, backend: Backend) -> Doc:
    if not _is_ours(entry, backend):
        return deepcopy(entry)
    made = {
        key: deepcopy(value)
        for key, value in entry.items()
        if key not in ('mirror', 'mirrorPercentage')
    }
    first = entry['route'][0]
    made['route'] = [
        {**_destination(first, name, backend), 'weight': weight}
        for name, weight in told.shares(routes)
    ]
    if len(routes.mirrors) > 1:
        raise Trouble('one mirror at a time: Istio takes no more')
    for one in routes.mirrors:
        made['mirror'] = _destination(first, one.revision, backend)['destination']
        made['mirrorPercentage'] = {'value': float(one.percent)}
    return made


def _header(entry: Doc, one: HeaderRoute, backend: Backend) -> Doc:
    wanted = {match.header.lower(): {match.kind: match.value} for match in one.matches}
    matches = [
        {**deepcopy(each), 'headers': {**(each.get('headers') or {}), **wanted}}
        for each in entry.get('match') or [{}]
    ]
    kept = {
        key: deepcopy(value)
        for key, value in entry.items()
        if key not in ('match', 'route', 'name', 'mirror', 'mirrorPercentage')
    }
    route = [{**_destination(entry['route'][0], one.revision, backend), 'weight': 100}]
    return {**kept, 'name': f'{PREFIX}{one.name}', 'match': matches, 'route': route}


def _destination(first: Doc, revision: str, backend: Backend) -> Doc:
    """Like the destination that stands there, but for the revision."""
    found = deepcopy(first['destination'])
    if backend.subsets:
        found |= {'host': found['host'], 'subset': revision}
    else:
        found.pop('subset', None)
        found['host'] = of_revision(backend.service, revision)
    kept = {key: value for key, value in first.items() if key not in ('destination', 'weight')}
    return {**deepcopy(kept), 'destination': found}


# --- subsets


def with_subset(rule: Doc, revision: str) -> Doc | None:
    """A merge patch for a DestinationRule; None where it has the subset already."""
    subsets = (rule.get('spec') or {}).get('subsets') or []
    if any(one.get('name') == revision for one in subsets):
        return None
    return _subsets(rule, [*subsets, {'name': revision, 'labels': {REVISION: revision}}])


def without_subset(rule: Doc, revision: str) -> Doc | None:
    subsets = (rule.get('spec') or {}).get('subsets') or []
    kept = [one for one in subsets if one.get('name') != revision]
    return None if len(kept) == len(subsets) else _subsets(rule, kept)


def _subsets(rule: Doc, subsets: Iterable[Doc]) -> Doc:
    return {
        'metadata': {'resourceVersion': rule['metadata']['resourceVersion']},
        'spec': {'subsets': list(subsets)},
    }

"""Weights and header routes in a Gateway API HTTPRoute.

Every rule that leads to our Service gets the weights, each revision by a Service of its own. Rules
for headers come first; those of ours are known again by the headers that the route was told, as
rules have no names everywhere. The route counts as confirmed when every gateway has accepted its
newest generation and found all Services: that stands in its status.
"""

import json
import re
from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final

from liftlock.rollout.sight import HeaderRoute, Match, Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes.names import ROUTES, Doc, annotation, of_revision
from liftlock.targets.kubernetes.routing import told
from liftlock.targets.kubernetes.routing.istio import BEFORE, is_revision_of

MOST_RULES: Final = 16  # of one HTTPRoute
ANY_PATH: Final = {'path': {'type': 'PathPrefix', 'value': '/'}}
REFERENCE: Final = {'group': '', 'kind': 'Service'}
CAPABLE: Final = {'weights': True, 'headers': True}


def patch(live: Doc, routes: Routes, service: str) -> Doc:
    """A merge patch; it holds only for the version of the object that was read."""
    rules = render(live, routes, service)
    annotations: dict[str, Any] = {ROUTES: told.dump(routes)}
    if not annotation(live, BEFORE):
        annotations[BEFORE] = json.dumps((live.get('spec') or {}).get('rules') or [])
    return {
        'metadata': {
            'resourceVersion': live['metadata']['resourceVersion'],
            'annotations': annotations,
        },
        'spec': {'rules': rules},
    }


def render(live: Doc, routes: Routes, service: str) -> list[Doc]:
    """`spec.rules`. Raises Trouble where none leads to the service."""
    all_rules = (live.get('spec') or {}).get('rules') or []
    if not told.shares(routes):
        kept = annotation(live, BEFORE)
        before: list[Doc] = json.loads(kept) if kept else all_rules
        return before
    known = told.read(live).headers
    present = [one for one in all_rules if not _is_header(one, known, service)]
    if not any(_is_ours(one, service) for one in present):
        raise Trouble(
            f'HTTPRoute {live["metadata"]["name"]} has no rule that leads to {service}',
            'name the Service that it leads to: service: …',
        )
    headers = [
        _header(rule, one, service)
        for one in routes.headers
        for rule in present
        if _is_ours(rule, service)
    ]
    rules = [*headers, *(_weighted(rule, routes, service) for rule in present)]
    if len(rules) > MOST_RULES:
        raise Trouble(f'an HTTPRoute has at most {MOST_RULES} rules, and this needs {len(rules)}')
    return rules


def confirmed(live: Doc | None, service: str) -> Routes | None:
    """What it was told last, if it still is that; None as long as a gateway has not taken it in."""
    if live is None:
        return Routes()
    routes = told.read(live)
    try:
        wanted = render(live, routes, service)
    except Trouble:
        return Routes()
    if not told.covers((live.get('spec') or {}).get('rules') or [], wanted):
        return Routes()
    return routes if not told.shares(routes) or accepted(live) else None


def accepted(live: Doc) -> bool:
    parents = (live.get('status') or {}).get('parents') or []
    generation = live['metadata'].get('generation', 0)
    return bool(parents) and all(
        any(
            one.get('type') == kind
            and one.get('status') == 'True'
            and one.get('observedGeneration', 0) >= generation
            for one in parent.get('conditions') or []
        )
        for parent in parents
        for kind in ('Accepted', 'ResolvedRefs')
    )


def refusal(live: Doc | None) -> str:
    """Why a gateway does not take it."""
    parents = ((live or {}).get('status') or {}).get('parents') or []
    return '; '.join(
        f'{one.get("reason")}: {one.get("message")}'
        for parent in parents
        for one in parent.get('conditions') or []
        if one.get('type') in ('Accepted', 'ResolvedRefs') and one.get('status') == 'False'
    )


def _is_ours(rule: Doc, service: str) -> bool:
    names = [str(one.get('name')) for one in rule.get('backendRefs') or []]
    return bool(names) and all(one == service or is_revision_of(one, service) for one in names)


def _is_header(rule: Doc, known: Iterable[HeaderRoute], service: str) -> bool:
    """Whether we have put it there for headers."""
    matches = rule.get('matches') or []
    return _is_ours(rule, service) and any(
        matches and all(_has(each, one) for each in matches) for one in known
    )


def _has(match: Doc, one: HeaderRoute) -> bool:
    headers = match.get('headers') or []
    return all(any(told.covers(each, _match(want)) for each in headers) for want in one.matches)


def _weighted(rule: Doc, routes: Routes, service: str) -> Doc:
    made = deepcopy(rule)
    if _is_ours(rule, service):
        made['backendRefs'] = [
            _reference(rule, name, service, weight) for name, weight in told.shares(routes)
        ]
    return made


def _header(rule: Doc, one: HeaderRoute, service: str) -> Doc:
    wanted = [_match(each) for each in one.matches]
    matches = [
        {**deepcopy(each), 'headers': [*(each.get('headers') or []), *wanted]}
        for each in rule.get('matches') or [ANY_PATH]
    ]
    kept = {key: deepcopy(value) for key, value in rule.items() if key != 'name'}
    references = [_reference(rule, one.revision, service, 1)]
    return {**kept, 'matches': matches, 'backendRefs': references}


def _match(one: Match) -> Doc:
    if one.kind == 'exact':
        return {'type': 'Exact', 'name': one.header, 'value': one.value}
    pattern = f'^{re.escape(one.value)}.*' if one.kind == 'prefix' else one.value
    return {'type': 'RegularExpression', 'name': one.header, 'value': pattern}


def _reference(rule: Doc, revision: str, service: str, weight: int) -> Doc:
    first = rule['backendRefs'][0]
    return {**REFERENCE, **first, 'name': of_revision(service, revision), 'weight': weight}

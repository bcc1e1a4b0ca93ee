"""Routes as an annotation of the object that carries them out."""

import json
from typing import Any

from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes
from liftlock.targets.kubernetes.names import ROUTES, Doc, annotation


def dump(routes: Routes) -> str:
    return json.dumps(
        {
            'weights': [list(one) for one in routes.weights],
            'preview': routes.preview,
            'headers': [[*one[:1], [list(each) for each in one.matches], one.revision]
                        for one in routes.headers],
            'mirrors': [list(one) for one in routes.mirrors],
            'fallback': routes.fallback,
        }
    )  # fmt: skip


def read(doc: Doc | None) -> Routes:
    """Empty where it was never told any, or where somebody has made something else of them."""
    try:
        known: dict[str, Any] = json.loads(annotation(doc or {}, ROUTES) or '{}')
        return Routes(
            tuple((name, int(weight)) for name, weight in known.get('weights', ())),
            known.get('preview', ''),
            tuple(
                HeaderRoute(name, tuple(Match(*one) for one in matches), revision)
                for name, matches, revision in known.get('headers', ())
            ),
            tuple(Mirror(*one) for one in known.get('mirrors', ())),
            known.get('fallback', ''),
        )
    except (ValueError, TypeError, AttributeError):
        return Routes()


def covers(live: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there. What the server has added does not matter."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        return all(key in live and covers(live[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(live, list):
        return len(live) == len(wanted) and all(map(covers, live, wanted))
    return bool(live == wanted)


def shares(routes: Routes) -> list[tuple[str, int]]:
    """Revisions that get traffic by weight. Those that only stand by are left out: what is behind
    them may be gone."""
    return [(name, weight) for name, weight in routes.weights if weight]

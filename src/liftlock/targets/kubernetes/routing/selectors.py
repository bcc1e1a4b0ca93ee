"""Traffic by the selector of a Service: all to one revision, or to several by their number of pods.

Shared, the selector asks for a label that only pods of these revisions are given. It is given to
the pods themselves, not to their template, as that would replace them: a revision that is kept, or
was taken back, stays without traffic though its pods have the same labels otherwise.
"""

from collections.abc import Iterable, Mapping

from liftlock.rollout.sight import Routes
from liftlock.targets.kubernetes.names import (
    ENVIRONMENT,
    OURS,
    REVISION,
    ROUTES,
    SERVING,
    Doc,
    labelled,
)
from liftlock.targets.kubernetes.routing import told

TRUE = 'true'


def base(service: Doc) -> dict[str, str]:
    """The selector as its author wrote it."""
    found = (service.get('spec') or {}).get('selector') or {}
    return {key: value for key, value in found.items() if key not in OURS}


def public(service: Doc, routes: Routes, environment: str) -> dict[str, str]:
    shares = told.shares(routes)
    if not shares:
        return base(service)
    one = {REVISION: shares[0][0]} if len(shares) == 1 else {SERVING: TRUE}
    return {**base(service), ENVIRONMENT: environment, **one}


def preview(service: Doc, routes: Routes, environment: str) -> dict[str, str]:
    """Without a new version, the one that is public."""
    shares = told.shares(routes)
    revision = routes.preview or (shares[0][0] if len(shares) == 1 else '')
    if not revision:
        return base(service)
    return {**base(service), ENVIRONMENT: environment, REVISION: revision}


def patch(service: Doc, selector: Mapping[str, str], routes: Routes) -> Doc:
    """A merge patch."""
    before = (service.get('spec') or {}).get('selector') or {}
    gone = dict.fromkeys((key for key in before if key not in selector), None)
    return {
        'metadata': {'annotations': {ROUTES: told.dump(routes)}},
        'spec': {'selector': {**selector, **gone}},
    }


def labels(found: Iterable[Doc], routes: Routes) -> tuple[frozenset[str], frozenset[str]]:
    """Revisions whose pods need the label of those that serve, and those that must lose it."""
    serving = {name for name, _ in told.shares(routes)}
    shared = len(serving) > 1
    lack, have = set(), set()
    for pod in found:
        if pod.get('kind') != 'Pod' or pod['metadata'].get('deletionTimestamp'):
            continue
        revision, marked = labelled(pod, REVISION), labelled(pod, SERVING) == TRUE
        if revision in serving and shared and not marked:
            lack.add(revision)
        elif marked and revision not in serving:
            have.add(revision)
    return frozenset(lack), frozenset(have)

"""Whatever a page shows or does, REST tells or does, too.

A page or a form that is new fails here until it stands in a table below, beside what programs ask
instead; so does a route of REST that was renamed.
"""

import re
from collections.abc import Iterable, Mapping

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from liftlock.server import app
from liftlock.server.pages.door import Door
from liftlock.server.rest.application import ROUTERS

OF = '/repositories/{owner}/{name}'
EVENT = '/events/{event}'
ENVIRONMENT = '/environments/{environment}'
ARTIFACT = '/runs/{run}/artifacts/{artifact}'

SHOWN: Mapping[str, tuple[str, ...]] = {
    '/': ('/workflows', '/environments', '/approvals', '/runs'),
    '/runs': ('/runs', '/choices'),
    '/runs/{run}': ('/runs/{run}', '/runs/{run}/timeline', '/runs/{run}/facts'),
    '/runs/{run}/timeline': ('/runs/{run}/timeline',),
    '/runs/{run}/tests': ('/runs/{run}/tests',),
    '/runs/{run}/annotations': ('/runs/{run}',),
    '/runs/{run}/annotations/{number}': ('/runs/{run}/annotations/{number}',),
    '/runs/{run}/workflow': ('/runs/{run}/workflow',),
    '/runs/{run}/artifacts': ('/runs/{run}/artifacts',),
    '/runs/{run}/artifacts/{number}': (ARTIFACT,),
    '/runs/{run}/artifacts/{number}/files/': (f'{ARTIFACT}/files',),
    '/runs/{run}/artifacts/{number}/files/{path}': (f'{ARTIFACT}/files/{{path}}',),
    '/shown/{ticket}/{number}/{path}': (f'{ARTIFACT}/files/{{path}}',),
    '/runs/{run}/reports/{digest}': ('/runs/{run}/reports/{digest}',),
    '/runs/{run}/jobs/{key}': ('/runs/{run}/jobs', '/runs/{run}/lines', '/runs/{run}/follow'),
    '/runs/{run}/lines/{key}': ('/runs/{run}/lines',),
    '/runs/{run}/search/{key}': ('/runs/{run}/search',),
    '/runs/{run}/marks/{key}': ('/runs/{run}/search',),
    '/runs/{run}/raw/{key}': ('/runs/{run}/logs/{job}',),
    '/workflows': ('/workflows',),
    '/workflows/of': ('/workflows', f'{OF}/workflows', f'{OF}/schedules', '/flaky'),
    '/deployments': ('/environments', '/deployments'),
    '/environments/{environment}': (
        ENVIRONMENT,
        f'{ENVIRONMENT}/facts',
        f'{ENVIRONMENT}/live',
        '/deployments',
    ),
    '/approvals': ('/approvals', f'{ENVIRONMENT}/approvals/{{number}}', '/events/held'),
    '/repositories': ('/repositories',),
    '/repositories/{repository}': (OF, f'{OF}/authors', f'{OF}/events'),
    '/repositories/{repository}/triggers': (f'{OF}/settings',),
    '/schedules': ('/schedules',),
    '/statuses': ('/statuses',),
    '/deliveries': ('/deliveries',),
    '/deliveries/{delivery}': ('/deliveries/{delivery}', EVENT),
    '/why': (f'{OF}/events', '/events/held'),
    '/why/{intake}': (EVENT,),
    '/runners': ('/workers', '/queue'),
    '/metrics-ui': ('/metrics', '/metrics/days'),
    '/secrets': ('/secrets', '/variables', f'{OF}/secrets', f'{OF}/variables'),
    '/settings': ('/settings',),
    '/audit': ('/audit',),
    '/tokens': ('/tokens',),
    '/users': ('/users', '/sessions'),
    '/users/{name}': ('/users/{name}', '/sessions'),
    '/account': ('/whoami', '/sessions'),
    '/events': ('/runs/{run}/facts', f'{ENVIRONMENT}/facts', '/runs/{run}/follow'),
}
DONE: Mapping[str, tuple[str, ...]] = {
    '/runs/{run}/cancel': ('POST /runs/{run}/cancel',),
    '/runs/{run}/rerun': ('POST /runs/{run}/rerun',),
    '/workflows/dispatch': (f'POST {OF}/dispatch',),
    '/workflows/turn': (f'POST {OF}/disable', f'POST {OF}/enable'),
    '/repositories': ('POST /repositories',),
    '/repositories/{repository}': (f'PATCH {OF}',),
    '/repositories/{repository}/secret': (f'PATCH {OF}',),
    '/repositories/{repository}/remove': (f'DELETE {OF}',),
    '/repositories/{repository}/distrust': (f'DELETE {OF}/authors/{{author}}',),
    '/repositories/{repository}/triggers': (f'PATCH {OF}/settings',),
    '/repositories/{repository}/statuses': (f'POST {OF}/statuses/again',),
    '/deliveries/{delivery}/replay': ('POST /deliveries/{delivery}/replay',),
    '/approvals/{number}/approve': (f'POST {EVENT}/approve',),
    '/approvals/{number}/reject': (f'POST {EVENT}/reject',),
    '/runners/turn': ('POST /workers/{worker}/drain', 'POST /workers/{worker}/undrain'),
    '/secrets': (
        f'PUT {OF}/secrets/{{secret}}',
        f'PUT {OF}/variables/{{variable}}',
        'PUT /secrets/{secret}',
        'PUT /variables/{variable}',
    ),
    '/secrets/remove': (
        f'DELETE {OF}/secrets/{{secret}}',
        f'DELETE {OF}/variables/{{variable}}',
        'DELETE /secrets/{secret}',
        'DELETE /variables/{variable}',
    ),
    **{
        f'{ENVIRONMENT}/{what}': (f'POST {ENVIRONMENT}/{what}',)
        for what in ('approve', 'reject', 'promote', 'abort', 'retry', 'rollback', 'down')
    },
    '/users': ('POST /users',),
    '/users/{name}/role': ('PATCH /users/{name}',),
    '/users/{name}/disable': ('PATCH /users/{name}',),
    '/users/{name}/enable': ('PATCH /users/{name}',),
    '/users/{name}/invite': ('POST /users/{name}/link',),
    '/users/{name}/grant': ('POST /users/{name}/grant',),
    '/users/{name}/ungrant': ('POST /users/{name}/ungrant',),
    '/sessions/{session}/end': ('DELETE /sessions/{session}',),
    '/tokens': ('POST /tokens',),
    '/tokens/{token}/revoke': ('POST /tokens/{token}/revoke',),
}
# What only a browser needs, and what is for programs as it is.
APART = frozenset(
    {
        *('GET /login', 'POST /login', 'GET /login/{code}', 'POST /logout', 'POST /theme'),
        *('GET /login/new/{code}', 'POST /login/new/{code}', 'POST /account/password'),
        *('GET /static/{digest}/{name}', 'GET /badge/{path}', 'GET /metrics'),
        *('GET /health/overall', 'GET /health/database', 'GET /health/database/pool'),
    }
)


def named(routes: Iterable[Route | APIRoute]) -> set[str]:
    """`GET /runs/{run}`: without what kind a part of the path is."""
    return {
        f'{method} {re.sub(r":[a-z]+}", "}", route.path)}'
        for route in routes
        for method in (route.methods or {'GET'}) - {'HEAD'}
    }


@pytest.fixture
def pages() -> set[str]:
    return named(app.routes(Door()))


@pytest.fixture
def rest() -> set[str]:
    routes = (route for router in ROUTERS for route in router.routes)
    return named(route for route in routes if isinstance(route, APIRoute))


def test_every_page_and_form_has_its_counterparts(pages: set[str]) -> None:
    shown, done = {f'GET {path}' for path in SHOWN}, {f'POST {path}' for path in DONE}
    assert shown | done | APART == pages


def test_the_counterparts_are_there(rest: set[str]) -> None:
    told = {f'GET {path}' for paths in SHOWN.values() for path in paths}
    asked = {name for names in DONE.values() for name in names}
    assert told | asked <= rest

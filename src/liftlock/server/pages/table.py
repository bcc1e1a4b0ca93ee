"""Addresses of the pages that this room has, and what is done by their forms."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.server.pages import (
    approvals,
    artifacts,
    deployments,
    entrusted,
    figures,
    log,
    overview,
    repositories,
    run,
    runners,
    runs,
    sections,
    settings,
    tests,
    webhooks,
    why,
    workflows,
)
from liftlock.server.pages.acting import Act

Handler = Callable[[Request], Awaitable[Response]]

PAGES: Final[tuple[tuple[str, Handler], ...]] = (
    ('/', overview.show),
    ('/runs', runs.index),
    ('/runs/{run:int}', run.show),
    ('/runs/{run:int}/timeline', sections.timeline),
    ('/runs/{run:int}/tests', tests.show),
    ('/runs/{run:int}/annotations', sections.annotations),
    ('/runs/{run:int}/annotations/{number:int}', sections.annotated),
    ('/runs/{run:int}/workflow', sections.workflow),
    ('/runs/{run:int}/artifacts', artifacts.show),
    ('/runs/{run:int}/artifacts/{number:int}', artifacts.artifact),
    ('/runs/{run:int}/artifacts/{number:int}/files/', artifacts.browse),
    ('/runs/{run:int}/artifacts/{number:int}/files/{path:path}', artifacts.browse),
    ('/runs/{run:int}/reports/{digest}', artifacts.report),
    ('/runs/{run:int}/jobs/{key:path}', log.show),
    ('/runs/{run:int}/lines/{key:path}', log.lines),
    ('/runs/{run:int}/search/{key:path}', log.search),
    ('/runs/{run:int}/marks/{key:path}', log.marks),
    ('/runs/{run:int}/raw/{key:path}', log.raw),
    ('/workflows', workflows.index),
    ('/workflows/of', workflows.show),
    ('/deployments', deployments.index),
    ('/repositories', repositories.index),
    ('/repositories/{repository:int}', repositories.show),
    ('/deliveries', webhooks.index),
    ('/deliveries/{delivery:int}', webhooks.show),
    ('/why', why.index),
    ('/why/{intake:int}', why.show),
    ('/environments/{environment:int}', deployments.show),
    ('/approvals', approvals.index),
    ('/runners', runners.index),
    ('/metrics-ui', figures.index),
    ('/secrets', entrusted.index),
    ('/settings', settings.index),
)
# Open to whoever has a ticket, without a log-in.
SHOWN: Final = '/shown/'
OPEN: Final[tuple[tuple[str, Handler], ...]] = (
    ('/shown/{ticket}/{number:int}/{path:path}', artifacts.shown),
)
ACTS: Final[tuple[tuple[str, Act], ...]] = (
    ('/runs/{run:int}/cancel', run.cancel),
    ('/runs/{run:int}/rerun', run.rerun),
    ('/repositories', repositories.add),
    ('/repositories/{repository:int}', repositories.change),
    ('/repositories/{repository:int}/secret', repositories.renew),
    ('/repositories/{repository:int}/remove', repositories.remove),
    ('/repositories/{repository:int}/distrust', repositories.distrust),
    ('/deliveries/{delivery:int}/replay', webhooks.replay),
    ('/workflows/dispatch', workflows.dispatch),
    ('/workflows/turn', workflows.turn),
    ('/approvals/{number:int}/approve', approvals.approve),
    ('/approvals/{number:int}/reject', approvals.reject),
    ('/runners/turn', runners.turn),
    ('/secrets', entrusted.put),
    ('/secrets/remove', entrusted.remove),
    ('/environments/{environment:int}/approve', deployments.approve),
    ('/environments/{environment:int}/reject', deployments.reject),
    ('/environments/{environment:int}/promote', deployments.promote),
    ('/environments/{environment:int}/abort', deployments.abort),
    ('/environments/{environment:int}/retry', deployments.retry),
    ('/environments/{environment:int}/rollback', deployments.rollback),
    ('/environments/{environment:int}/down', deployments.down),
)

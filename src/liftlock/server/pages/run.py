"""One run: its graph, jobs, annotations, summaries, artifacts, reports and workflow file."""

import time
from collections.abc import Mapping

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from liftlock.engine.telling import condition
from liftlock.errors import UserError
from liftlock.plan.facts import Annotated
from liftlock.server import graph, picture, rendering, site, topics
from liftlock.server.doing import Person
from liftlock.server.pages.acting import local
from liftlock.server.picture import Picture
from liftlock.server.site import Site
from liftlock.store import artifacts, blobs

ORDER = {'error': 0, 'warning': 1, 'notice': 2}
SANDBOX = {'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff'}


async def show(request: Request) -> Response:
    here, now = site.of(request), time.time()
    topic = topics.begin(here, 'run', run=request.path_params['run'])
    drawn = of(request)
    nodes = picture.nodes(drawn, now)
    plan = drawn.plan
    return rendering.page(
        request,
        'run.html',
        drawn=drawn,
        run=drawn.run,
        board=drawn.board,
        state=_state(here, drawn),
        graph=Markup(graph.svg(nodes, 'Jobs and what they need')),  # noqa: S704 - escaped there
        nodes=nodes,
        needs={node.id: node.needs for node in nodes},
        bars=picture.bars(drawn, now),
        address=lambda key: picture.address(drawn, key),
        root=picture.root,
        annotations=sorted(drawn.board.annotations, key=lambda one: ORDER.get(one.level, 3)),
        line_of=lambda one: _line_of(drawn, one),
        artifacts=artifacts.listed(here.store, drawn.run.id),
        workflow=plan.request.files.get(plan.request.workflow, '') if plan else '',
        topic=topic,
    )


def of(request: Request) -> Picture:
    here = site.of(request)
    attempt = request.query_params.get('attempt', '')
    chosen = int(attempt) if attempt.isdecimal() and len(attempt) < 9 else 0
    return picture.draw(here.store, request.app.state.plans, request.path_params['run'], chosen)


def _state(here: Site, drawn: Picture) -> str:
    if drawn.attempt != drawn.run.attempt:
        return drawn.board.conclusion or 'cancelled'
    return condition(here.store, drawn.run)


def _line_of(drawn: Picture, one: Annotated) -> str:
    """Where the step stands in the job's log."""
    if one.job not in drawn.claims:
        return ''
    return picture.address(drawn, one.job) + (f'#s{one.number}' if one.number else '')


async def artifact(request: Request) -> Response:
    """A download, never something that a browser would run as a page of ours."""
    here, number = site.of(request), request.path_params['number']
    found = artifacts.listed(here.store, request.path_params['run'])
    one = next((each for each in found if each.id == number), None)
    if one is None:
        raise UserError('there is no such artifact; it may have been kept long enough')
    name = one.name if one.mime != artifacts.ZIP or one.name.endswith('.zip') else f'{one.name}.zip'
    file = blobs.path(here.store.directory, one.digest)
    return FileResponse(file, filename=name, media_type=one.mime, headers=SANDBOX)


async def report(request: Request) -> Response:
    here, digest = site.of(request), request.path_params['digest']
    found = [one for one in of(request).board.reports if one.digest == digest]
    file = blobs.path(here.store.directory, found[0].digest) if found else None
    if file is None or not file.exists():
        raise UserError('this report is no longer kept')
    name = found[0].name.rpartition('/')[2] or 'report'
    return FileResponse(file, filename=name, headers=SANDBOX)


# --- what is done here


async def cancel(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    run, force = request.path_params['run'], given.get('force') == '1'
    here.doing.cancel(person, run, force=force)
    return local(given.get('back', f'/runs/{run}')), f'Run {run} is asked to stop.'


async def rerun(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    run, job = request.path_params['run'], given.get('job', '')
    here.doing.rerun(person, run, failed=given.get('which') == 'failed', job=job)
    what = f'Job {job}' if job else 'The failed jobs' if given.get('which') else 'All jobs'
    return f'/runs/{run}', f'{what} of run {run} start again.'

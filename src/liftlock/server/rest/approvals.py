"""What waits for people, what they are shown, and what they say."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from liftlock.engine.delivery import approvals
from liftlock.engine.delivery.approvals import Wanted
from liftlock.errors import UserError
from liftlock.gates.protection import Allowed, Refused
from liftlock.rollout.version import Version
from liftlock.runner import ancestry
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Call, DeploymentsRead, DeploymentsWrite, Identity
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.refusals import Missing
from liftlock.server.rest.shapes import deployments as shapes
from liftlock.server.rest.shapes.base import LARGEST
from liftlock.store import deliveries
from liftlock.store.deliveries import Place

router = APIRouter(tags=['approvals'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
APPROVE, REJECT = shapes.Approve(), shapes.Reject()
Which = Annotated[int, Path(ge=1, le=LARGEST, description='Of the deployment.')]


@router.get('/approvals', response_model=shapes.Approvals)
async def list_approvals(call: DeploymentsRead) -> Response:
    """Everything that waits for its protection, by environment."""
    found = []
    for one in call.here.folded(deliveries.environments(call.store), time.time()):
        for waiting in one.environment.waiting:
            found.append(_waiting(call, one.place, waiting.number))
    return JSONResponse({'approvals': found})


@router.get('/environments/{environment}/approvals/{number}', response_model=shapes.Review)
async def show_approval(call: DeploymentsRead, environment: Identity, number: Which) -> Response:
    """What somebody should see before he approves: what it is, and what it changes."""
    try:
        wanted = approvals.find(call.store, call.place(environment), number)
    except UserError as error:
        raise Missing(str(error), error.hint) from None
    version, before = wanted.one.version, wanted.before
    since = before.version.commit if before else ''
    commits, total = await asyncio.to_thread(
        ancestry.between, version.sources, since, version.commit
    )
    return JSONResponse(_review(call, wanted, list(commits), total))


@router.post(
    '/environments/{environment}/approve',
    status_code=202,
    response_model=shapes.Said,
    responses=SENDING,
)
async def approve(
    call: DeploymentsWrite,
    environment: Identity,
    given: shapes.Approve = APPROVE,
    key: IdempotencyKey = '',
) -> Response:
    """Holds for this commit, this workflow and this liftlock.yml only."""
    place, doing = call.place(environment), call.here.doing

    def act() -> int:
        if given.bypass:
            return doing.bypass(call.person, place, given.number, given.reason)
        return doing.approve(call.person, place, given.number, given.comment)

    return once(call, key, lambda: _said(call, place, act))


@router.post(
    '/environments/{environment}/reject',
    status_code=202,
    response_model=shapes.Said,
    responses=SENDING,
)
async def reject(
    call: DeploymentsWrite,
    environment: Identity,
    given: shapes.Reject = REJECT,
    key: IdempotencyKey = '',
) -> Response:
    """It is not deployed; a job that waits for it fails."""
    place, doing = call.place(environment), call.here.doing
    number, comment = given.number, given.comment
    return once(
        call,
        key,
        lambda: _said(call, place, lambda: doing.reject(call.person, place, number, comment)),
    )


def _said(call: Call, place: Place, act: Callable[[], int]) -> shapes.Said:
    """What follows from what somebody says."""
    number = act()
    try:
        wanted = approvals.find(call.store, place, number)
    except UserError:  # it waits no longer
        return shapes.Said(environment=place.id, number=number, judgement='allowed', reason='')
    judged = approvals.judgement(wanted, call.here.ground.teams, time.time())
    match judged:
        case Allowed():
            word, reason = 'allowed', ''
        case Refused(reason):
            word = 'refused'
        case waiting:
            word, reason = 'waiting', waiting.reason
    return shapes.Said(environment=place.id, number=number, judgement=word, reason=reason)


def _waiting(call: Call, place: Place, number: int) -> dict[str, Any]:
    wanted = approvals.find(call.store, place, number)
    one = wanted.one
    refused, _ = _refused(call, wanted)
    return {
        'environment': place.id,
        'name': place.name,
        'repository': place.repository,
        'number': number,
        'version': one.version.name,
        'commit': one.version.commit,
        'by': one.request.by,
        'since': one.requested_at,
        'reason': one.held,
        'until': one.held_until,
        'approved_by': [approval.by for approval, _ in one.approvals],
        'yours': not refused,
    }


def _review(call: Call, wanted: Wanted, commits: list[str], total: int) -> dict[str, Any]:
    one, before = wanted.one, wanted.before
    refused, hint = _refused(call, wanted)
    return {
        'number': one.number,
        'version': _version(one.version),
        'by': one.request.by,
        'kind': one.request.kind,
        'reason': one.request.reason,
        'run': one.request.run,
        'job': one.request.job,
        'since': one.requested_at,
        'held': one.held,
        'before': _version(before.version) if before else None,
        'before_at': before.finished_at if before else 0.0,
        'commits': commits,
        'total': total,
        'changes': [
            {'path': path, 'lines': list(lines)} for path, lines in approvals.changes(wanted)
        ],
        'refused': refused,
        'hint': hint,
    }


def _refused(call: Call, wanted: Wanted) -> tuple[str, str]:
    try:
        approvals.refuse_approval(wanted, call.person.name, call.here.ground.teams)
    except UserError as error:
        return str(error), error.hint
    return '', ''


def _version(version: Version) -> dict[str, Any]:
    return {'id': version.id, **version._asdict()}

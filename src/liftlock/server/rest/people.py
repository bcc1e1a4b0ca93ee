"""Who asks, tokens, and what was done."""

import time
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from liftlock.server import rights
from liftlock.server.rest import cursors, refusals
from liftlock.server.rest.asking import Admin, Anybody, Call, Cursor, Identity, Wanted
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.refusals import Malformed, Missing, Mistaken
from liftlock.server.rest.shapes import people as shapes
from liftlock.server.rest.shapes.base import LARGEST
from liftlock.store import access, audit
from liftlock.store.access import Token
from liftlock.store.audit import Entry
from liftlock.store.audit import Wanted as Sought

router = APIRouter(tags=['people'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
DAY = 86400.0
Most = Annotated[int, Query(ge=1, le=500)]
Days = Annotated[float, Query(ge=0, le=36600, description='Of the last days; 0: all.')]
After = Annotated[
    int | None,
    Query(ge=0, le=LARGEST, description='Oldest first, from after the entry with this `seq`.'),
]


@router.get('/whoami', response_model=shapes.Whoami)
async def whoami(call: Anybody) -> Response:
    """Whose token it is, and what it is good for."""
    person = call.person
    told = {
        'name': person.name,
        'role': person.role,
        'address': person.address,
        'scopes': list(person.scopes),
        'grants': [one._asdict() for one in person.grants],
        'version': call.here.ground.version,
    }
    return JSONResponse(told)


@router.get('/tokens', response_model=shapes.Tokens)
async def list_tokens(call: Admin) -> Response:
    """Without what they are, which nobody knows."""
    rights.refuse(call.person, 'token.create')
    return JSONResponse({'tokens': [_token(one) for one in access.listed(call.store)]})


@router.post('/tokens', status_code=201, response_model=shapes.CreatedToken, responses=SENDING)
async def create_token(call: Admin, given: shapes.NewToken) -> Response:
    """It is told this once. (So no `Idempotency-Key` here: its answer would have to be kept.)"""
    text = call.here.doing.create_token(
        call.person, given.person, given.role, given.label, float(given.days), given.scopes
    )
    return JSONResponse({'token': text}, 201)


@router.post('/tokens/{token}/revoke', response_model=shapes.Token, responses=SENDING)
async def revoke_token(call: Admin, token: Identity, key: IdempotencyKey = '') -> Response:
    """Whoever is logged in with it is out."""
    rights.refuse(call.person, 'token.revoke')
    known = {one.id: one for one in access.listed(call.store)}
    if token not in known:
        raise Missing(f'there is no token {token}')

    def act() -> shapes.Token:
        call.here.doing.revoke_token(call.person, token)
        found = next(one for one in access.listed(call.store) if one.id == token)
        return shapes.Token.model_validate(_token(found))

    return once(call, key, act, 200)


@router.get('/audit', response_model=shapes.Audit)
async def read_audit(
    call: Admin,
    who: Wanted = '',
    what: Wanted = '',
    text: Wanted = '',
    days: Days = 0.0,
    after: After = None,
    verify: bool = False,
    limit: Most = 100,
    cursor: Cursor = '',
) -> Response:
    """Newest first; with `after` oldest first, and unfiltered. `verify` reads everything, and tells
    whether the chain of hashes is whole."""
    rights.refuse(call.person, 'audit.read')
    (last,) = cursors.read(cursor, int) or (after or 0,)
    if last < 0:
        raise Malformed('this is no cursor')
    wanted = Sought(who, what, text, time.time() - days * DAY if days else 0.0)
    if after is None:
        found = audit.listed(call.store, int(last), limit + 1, wanted)
    elif wanted == audit.EVERYTHING:
        found = list(islice(audit.after(call.store, int(last)), limit + 1))
    else:
        raise Mistaken('`after` goes with no filter')
    return _entries(call, found, limit, audit.broken(call.store) if verify else None)


def _entries(call: Call, found: list[Entry], limit: int, broken: int | None) -> Response:
    shown = found[:limit]
    following = cursors.write((shown[-1].seq,)) if len(found) > limit else None
    told = {'entries': [one._asdict() for one in shown], 'broken': broken, 'next': following}
    request = call.request
    link = cursors.link(request.url.path, request.query_params.multi_items(), following)
    return JSONResponse(told, headers=link)


def _token(one: Token) -> dict[str, object]:
    return {**one._asdict(), 'scopes': one.scopes.split()}

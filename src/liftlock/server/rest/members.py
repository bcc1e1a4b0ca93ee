"""Accounts of people, what they may beyond their role, and where they are logged in."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from liftlock.errors import UserError
from liftlock.server import rights
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Admin, Call
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.refusals import Missing
from liftlock.server.rest.shapes import members as shapes
from liftlock.server.rest.shapes.base import WITHOUT_NUL
from liftlock.server.rest.shapes.people import Grant as GrantShape
from liftlock.store import access, people
from liftlock.store.people import Grant, User

router = APIRouter(tags=['users'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
Name = Annotated[str, Path(max_length=128, pattern=WITHOUT_NUL)]
Session = Annotated[str, Path(pattern='^[0-9a-f]{16}$')]


@router.get('/users', response_model=shapes.Users)
async def list_users(call: Admin) -> Response:
    rights.refuse(call.person, 'user.manage')
    return JSONResponse({'users': [_user(call, one) for one in people.listed(call.store)]})


@router.post('/users', status_code=201, response_model=shapes.CreatedUser, responses=SENDING)
async def add_user(call: Admin, given: shapes.NewUser) -> Response:
    """The link is told this once. (So no `Idempotency-Key` here: it would have to be kept.)"""
    made, code = call.here.members.add(call.person, given.name, given.role, given.email)
    return JSONResponse({**_user(call, made), 'link': _link(code)}, 201)


@router.get('/users/{name}', response_model=shapes.User)
async def show_user(call: Admin, name: Name) -> Response:
    rights.refuse(call.person, 'user.manage')
    return JSONResponse(_user(call, _named(call, name)))


@router.patch('/users/{name}', response_model=shapes.User, responses=SENDING)
async def change_user(call: Admin, name: Name, given: shapes.ChangedUser) -> Response:
    """Another role, or no access any more."""
    rights.refuse(call.person, 'user.manage')
    members, was = call.here.members, _named(call, name)
    with call.store.transaction(durable=True):
        if given.role is not None and given.role != was.role:
            members.set_role(call.person, name, given.role)
        if given.disabled is not None and given.disabled != bool(was.disabled):
            change = members.disable if given.disabled else members.enable
            change(call.person, name)
    return JSONResponse(_user(call, _named(call, name)))


@router.post('/users/{name}/link', status_code=201, response_model=shapes.Link, responses=SENDING)
async def make_link(call: Admin, name: Name) -> Response:
    """By which a new password is set, told this once; the old one holds until then."""
    rights.refuse(call.person, 'user.manage')
    _named(call, name)
    return JSONResponse({'link': _link(call.here.members.invite(call.person, name))}, 201)


@router.post('/users/{name}/grant', response_model=shapes.Grants, responses=SENDING)
async def grant(
    call: Admin, name: Name, given: shapes.NewGrant, key: IdempotencyKey = ''
) -> Response:
    """Let this person, and tokens of this name, do more in one place."""

    def act() -> shapes.Grants:
        call.here.members.grant(call.person, name, _grant(given))
        return _grants(call, name)

    return once(call, key, act, 200)


@router.post('/users/{name}/ungrant', response_model=shapes.Grants, responses=SENDING)
async def take_grant(
    call: Admin, name: Name, given: shapes.NewGrant, key: IdempotencyKey = ''
) -> Response:
    """Take it again."""

    def act() -> shapes.Grants:
        call.here.members.ungrant(call.person, name, _grant(given))
        return _grants(call, name)

    return once(call, key, act, 200)


# --- where people are logged in


@router.get('/sessions', response_model=shapes.Sessions)
async def list_sessions(call: Admin) -> Response:
    """One's own; as an admin everybody's."""
    own = '' if rights.may(call.person, 'user.manage') else call.person.name
    return JSONResponse({'sessions': [one._asdict() for one in access.visits(call.store, own)]})


@router.delete('/sessions/{session}', status_code=204, responses=SENDING)
async def end_session(call: Admin, session: Session) -> Response:
    """One's own; as an admin anybody's."""
    try:
        call.here.members.end_session(call.person, session)
    except UserError as error:
        raise Missing(str(error), error.hint) from None
    return Response(status_code=204)


def _named(call: Call, name: str) -> User:
    try:
        return people.named(call.store, name)
    except UserError as error:
        raise Missing(str(error), error.hint) from None


def _user(call: Call, one: User) -> dict[str, Any]:
    return people.record(one, people.grants(call.store, one.name))


def _link(code: str) -> str:
    return f'/login/new/{code}'


def _grant(given: shapes.NewGrant) -> Grant:
    return Grant(given.role, given.repository, given.environment)


def _grants(call: Call, name: str) -> shapes.Grants:
    found = people.grants(call.store, name)
    return shapes.Grants(grants=[GrantShape.model_validate(one._asdict()) for one in found])

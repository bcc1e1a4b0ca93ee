"""Who asks, whether he may, and what every request is told about."""

import hmac
from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request

from liftlock.errors import UserError
from liftlock.language.nearest import suggestion
from liftlock.language.printable import harmless
from liftlock.language.records import NamedTuple
from liftlock.server import guard, site
from liftlock.server.picture import Plans
from liftlock.server.rest.refusals import Missing, Mistaken
from liftlock.server.rest.shapes.base import LARGEST, WITHOUT_NUL
from liftlock.server.rights import Forbidden, Person
from liftlock.server.site import Site
from liftlock.store import runs
from liftlock.store.database import Store
from liftlock.store.deliveries import Place
from liftlock.store.runs import Run
from liftlock.store.scopes import covers

CSRF: Final = 'x-csrf-token'  # what a page's own scripts send along with its cookie
MOST: Final = 100  # of a list


class Call(NamedTuple):
    """A request by somebody who may ask this."""

    request: Request
    here: Site
    person: Person

    @property
    def store(self) -> Store:
        return self.here.store

    @property
    def plans(self) -> Plans:
        found = self.request.app.state.plans
        assert isinstance(found, Plans)
        return found

    def run(self, number: int) -> Run:
        try:
            return runs.find(self.store, str(number))
        except UserError as error:
            raise Missing(str(error), error.hint) from None

    def place(self, identity: int) -> Place:
        try:
            return self.here.place(identity)
        except UserError as error:
            raise Missing(str(error), error.hint) from None


class May:
    """For tokens with this scope, or without any. '' for whoever is known."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, request: Request) -> Call:
        _refuse_unknown(request)
        person = site.person(request)
        if self.scope and not covers(person.scopes, self.scope):
            raise Forbidden(f'the token has no scope {self.scope}', 'use another token')
        session = site.session(request)
        if session is not None and request.method not in guard.SAFE:
            word = request.headers.get(CSRF, '').encode()
            if not hmac.compare_digest(word, guard.csrf(session).encode()):
                raise Forbidden(f'with a cookie this wants the header {CSRF}', 'or use a token')
        return Call(request, site.of(request), person)


def _refuse_unknown(request: Request) -> None:
    """A misspelt filter would let everything through, and of two with one name one would."""
    known = {one.alias for one in request.scope['route'].dependant.query_params}
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if given.count(name) > 1:
            raise Mistaken(f'"{harmless(name)}" is given more than once', 'each parameter is one')
        if name not in known:
            listed = f'there are: {", ".join(sorted(known))}' if known else 'there is none here'
            hint = suggestion(name, known, listed)
            raise Mistaken(f'there is no parameter "{harmless(name)}"', hint)


Anybody = Annotated[Call, Depends(May(''))]
RunsRead = Annotated[Call, Depends(May('runs:read'))]
RunsWrite = Annotated[Call, Depends(May('runs:write'))]
DeploymentsRead = Annotated[Call, Depends(May('deployments:read'))]
DeploymentsWrite = Annotated[Call, Depends(May('deployments:write'))]
SecretsRead = Annotated[Call, Depends(May('secrets:read'))]
SecretsWrite = Annotated[Call, Depends(May('secrets:write'))]
HooksRead = Annotated[Call, Depends(May('hooks:read'))]
HooksWrite = Annotated[Call, Depends(May('hooks:write'))]
Admin = Annotated[Call, Depends(May('admin'))]

RunNumber = Annotated[int, Path(ge=1, le=LARGEST, description='Of the run.')]
Identity = Annotated[int, Path(ge=1, le=LARGEST, description='Its id.')]
Key = Annotated[str, Query(max_length=512, pattern=WITHOUT_NUL, description='Of the job.')]
Wanted = Annotated[str, Query(max_length=256, pattern=WITHOUT_NUL)]
Limit = Annotated[int, Query(ge=1, le=MOST, description='At most so many.')]
Cursor = Annotated[
    str, Query(max_length=512, pattern=WITHOUT_NUL, description='`next` of the page before.')
]

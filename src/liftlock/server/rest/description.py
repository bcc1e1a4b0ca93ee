"""The API's description: what is said of it as a whole, and by whom each address may be asked."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from liftlock.server.rest.asking import May

TEXT: Final = """\
What `liftlock serve` can tell and do.

Send `Authorization: Bearer llt_…` (`liftlock token create`, or the page Tokens). A token may what
its role may; one with scopes only what they name. The cookie of somebody who is logged in is good,
too; what changes something then wants the word of the page's forms in `X-CSRF-Token`.

Lists come in pages: `next` is the `cursor` of the one that follows, and stands in the header `Link`
as well. What comes in meanwhile moves nothing to another page.

A POST that is sent again with the same `Idempotency-Key` is not done again, but answered as the
first was (with `Idempotency-Replayed: true`), for 24 hours.

Times are seconds since 1970. What went wrong is told as `{"error": …, "hint": …}`.
"""
SCHEME: Final = 'token'


def complete(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Say by what one is known, which FastAPI cannot see: it is checked before it is asked; and
    which scope each operation wants of tokens that have some."""
    plain, scopes = app.openapi, dict(_scopes(routers))

    def described() -> dict[str, Any]:
        found = plain()
        parts = found.setdefault('components', {})
        parts['securitySchemes'] = {
            SCHEME: {'type': 'http', 'scheme': 'bearer', 'bearerFormat': 'llt_…'}
        }
        found['security'] = [{SCHEME: []}]
        for item in found['paths'].values():
            for one in item.values():
                scope = scopes[one['operationId']]
                one['security'] = [{SCHEME: [scope] if scope else []}]
        return found

    app.openapi = described  # type: ignore[method-assign] # FastAPI's own way


def _scopes(routers: Iterable[APIRouter]) -> Iterator[tuple[str, str]]:
    """By the names of operations."""
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute):
            yield route.name, next(_asked(route.dependant))


def _asked(dependant: Dependant) -> Iterator[str]:
    for one in dependant.dependencies:
        if isinstance(one.call, May):
            yield one.call.scope
        yield from _asked(one)

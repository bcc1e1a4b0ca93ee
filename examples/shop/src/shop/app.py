"""The shop as a WSGI application."""

import json
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shop import stock

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Answer = tuple[str, Any]
LARGEST = 64 * 1024  # bytes of an order


def make(database: sqlite3.Connection) -> "WSGIApplication":
    def application(environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        status, content = answer(database, environ)
        body = json.dumps(content).encode()
        respond(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return application


def answer(database: sqlite3.Connection, environ: "WSGIEnvironment") -> Answer:
    match (environ["REQUEST_METHOD"], environ["PATH_INFO"].strip("/").split("/")):
        case ("GET", ["health"]):
            return "200 OK", {"status": "ok"}
        case ("GET", ["products"]):
            return "200 OK", [product._asdict() for product in stock.products(database)]
        case ("POST", ["orders"]):
            return _place(database, environ)
        case ("GET", ["orders", number]) if number.isdecimal():
            order = stock.find(database, int(number))
            return ("200 OK", order._asdict()) if order else _missing(f"order {number}")
        case _:
            return _missing(environ["PATH_INFO"])


def _place(database: sqlite3.Connection, environ: "WSGIEnvironment") -> Answer:
    try:
        items = _items(environ)
    except ValueError as error:
        return "400 Bad Request", {"error": str(error)}
    try:
        order = stock.place(database, items)
    except stock.UnknownProduct as error:
        return _missing(f"product {error}")
    except stock.OutOfStock as error:
        return "409 Conflict", {"error": str(error)}
    return "201 Created", order._asdict()


def _items(environ: "WSGIEnvironment") -> dict[str, int]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LARGEST:
        raise ValueError("the order is too large")
    content = json.loads(environ["wsgi.input"].read(length))
    items = content.get("items") if isinstance(content, dict) else None
    if not isinstance(items, dict) or not items:
        raise ValueError('expected {"items": {"name": count}}')
    for name, count in items.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ValueError(f"{name}: the count must be a whole number above 0")
    return items


def _missing(what: str) -> Answer:
    return "404 Not Found", {"error": f"there is no {what}"}

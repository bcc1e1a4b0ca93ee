import json
import sqlite3
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from shop import app


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def url(database: sqlite3.Connection) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app.make(database), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def ask(url: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_it_is_healthy(url: str) -> None:
    assert ask(f"{url}/health") == (200, {"status": "ok"})


def test_products_have_prices_and_stock(url: str) -> None:
    status, products = ask(f"{url}/products")
    assert status == 200
    assert {"name": "tea", "cents": 450, "stock": 20} in products


def test_an_order_is_kept(url: str) -> None:
    status, order = ask(f"{url}/orders", {"items": {"tea": 2}})
    assert (status, order["cents"]) == (201, 900)
    assert ask(f"{url}/orders/{order['id']}") == (200, order)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"items": {"mug": 99}}, 409),
        ({"items": {"yacht": 1}}, 404),
        ({"items": {"tea": 0}}, 400),
        ({"items": {"tea": True}}, 400),
        ({}, 400),
        ([], 400),
    ],
)
def test_a_bad_order_is_refused(url: str, body: Any, status: int) -> None:
    assert ask(f"{url}/orders", body)[0] == status


def test_other_places_do_not_exist(url: str) -> None:
    assert ask(f"{url}/secrets")[0] == 404
    assert ask(f"{url}/orders/7")[0] == 404

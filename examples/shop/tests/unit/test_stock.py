import sqlite3

import pytest

from shop import stock


def test_an_order_takes_goods_from_the_shelf(database: sqlite3.Connection) -> None:
    order = stock.place(database, {"tea": 2, "mug": 1})
    assert order.cents == 2 * 450 + 1200
    assert {product.name: product.stock for product in stock.products(database)} == {
        "coffee": 12,
        "mug": 2,
        "tea": 18,
    }


def test_an_order_that_cannot_be_filled_takes_nothing(database: sqlite3.Connection) -> None:
    before = stock.products(database)
    with pytest.raises(stock.OutOfStock, match="mug: 3 left"):
        stock.place(database, {"tea": 2, "mug": 4})
    assert stock.products(database) == before


def test_what_was_never_sold_cannot_be_ordered(database: sqlite3.Connection) -> None:
    with pytest.raises(stock.UnknownProduct, match="yacht"):
        stock.place(database, {"yacht": 1})


def test_an_order_can_be_found_again(database: sqlite3.Connection) -> None:
    order = stock.place(database, {"coffee": 3})
    assert stock.find(database, order.id) == order
    assert stock.find(database, order.id + 1) is None

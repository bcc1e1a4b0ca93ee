"""What the shop has and what was ordered, in SQLite."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (
    name TEXT PRIMARY KEY,
    cents INTEGER NOT NULL CHECK (cents >= 0),
    stock INTEGER NOT NULL CHECK (stock >= 0)
);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    product TEXT NOT NULL REFERENCES products (name),
    count INTEGER NOT NULL CHECK (count > 0)
);
"""
FIRST_GOODS = (("tea", 450, 20), ("coffee", 790, 12), ("mug", 1200, 3))


class Product(NamedTuple):
    name: str
    cents: int
    stock: int


class Order(NamedTuple):
    id: int
    cents: int
    items: dict[str, int]


class OutOfStock(Exception):
    """Somebody wants more than there is."""


class UnknownProduct(Exception):
    """Somebody wants what was never sold here."""


def connect(path: str) -> sqlite3.Connection:
    """Open the database, with a few goods on its shelves if it is new."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.executescript(SCHEMA)
    database.executemany("INSERT OR IGNORE INTO products VALUES (?, ?, ?)", FIRST_GOODS)
    return database


def products(database: sqlite3.Connection) -> list[Product]:
    rows = database.execute("SELECT name, cents, stock FROM products ORDER BY name")
    return [Product(*row) for row in rows]


def place(database: sqlite3.Connection, items: Mapping[str, int]) -> Order:
    """Take the goods from the shelf and write the order down; all of it, or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        order = _write(database, items)
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
    return order


def _write(database: sqlite3.Connection, items: Mapping[str, int]) -> Order:
    shelf = {product.name: product for product in products(database)}
    cents = 0
    for name, count in items.items():
        if name not in shelf:
            raise UnknownProduct(name)
        if shelf[name].stock < count:
            raise OutOfStock(f"{name}: {shelf[name].stock} left")
        cents += shelf[name].cents * count
        database.execute("UPDATE products SET stock = stock - ? WHERE name = ?", (count, name))
    number = database.execute("INSERT INTO orders (cents) VALUES (?)", (cents,)).lastrowid
    assert number is not None
    database.executemany(
        "INSERT INTO items VALUES (?, ?, ?)", [(number, *item) for item in items.items()]
    )
    return Order(number, cents, dict(items))


def find(database: sqlite3.Connection, number: int) -> Order | None:
    row = database.execute("SELECT cents FROM orders WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    items = database.execute("SELECT product, count FROM items WHERE order_id = ?", (number,))
    return Order(number, row[0], dict(items.fetchall()))

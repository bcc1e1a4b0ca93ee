"""A small web shop: products, stock and orders over HTTP."""

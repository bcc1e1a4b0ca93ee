"""Tokens of a server."""

from typing import Any

from liftlock.cli.remote.client import Client
from liftlock.store.access import Token


def create(server: str, body: dict[str, Any]) -> str:
    """The token, which is told this once."""
    return str(Client(server).post('/tokens', body)['token'])


def listed(server: str) -> list[Token]:
    return [_token(one) for one in Client(server).get('/tokens')['tokens']]


def revoke(server: str, number: int) -> Token:
    return _token(Client(server).post(f'/tokens/{number}/revoke', {}))


def _token(told: dict[str, Any]) -> Token:
    known = {name: told[name] for name in Token._fields}
    return Token(**{**known, 'scopes': ' '.join(told['scopes'])})

"""A small OpenID provider: everybody who comes is the person it is told to be, at once.

It checks what a provider checks (the client's secret, PKCE, that a code is used once), and can be
made to lie in what it signs.
"""

import base64
import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

CLIENT, SECRET = 'liftlock', 'a secret/of:the client'
Sign = Callable[['Provider', dict[str, Any]], str]


class Provider:
    """`claims` are told of whoever comes; `sign` makes the ID token of them."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.sign: Sign = lambda provider, claims: provider.signed(claims)
        self.told: dict[str, Any] = {}  # at userinfo
        self.keys: dict[str, tuple[str, PrivateKeyTypes]] = {}
        self.key = self.add_key('RS256')
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count()
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), self._handler())
        self.issuer = f'http://127.0.0.1:{self._server.server_address[1]}'
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add_key(self, algorithm: str) -> str:
        name = f'key-{len(self.keys)}'
        made: PrivateKeyTypes = (
            rsa.generate_private_key(65537, 2048)
            if algorithm == 'RS256'
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.keys[name] = algorithm, made
        self.key = name
        return name

    def shown(self) -> list[dict[str, Any]]:
        """JWKS."""
        return [public(name, *kept) for name, kept in self.keys.items()]

    def signed(self, claims: Mapping[str, Any], **headers: Any) -> str:
        algorithm, key = self.keys[self.key]
        return jwt.encode(dict(claims), key, algorithm, {'kid': self.key, **headers})  # type: ignore[arg-type]

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser is sent."""
        code = f'code-{next(self._numbers)}'
        self._codes[code] = dict(query)
        back = {'code': code, 'state': query['state'], 'iss': self.issuer}
        return f'{query["redirect_uri"]}?{urlencode(back)}'

    def tokens(self, given: Mapping[str, str], secret: str) -> tuple[int, dict[str, Any]]:
        asked = self._codes.pop(given.get('code', ''), None)
        if secret != SECRET:
            return 401, {'error': 'invalid_client'}
        if asked is None or asked['redirect_uri'] != given.get('redirect_uri'):
            return 400, {'error': 'invalid_grant'}
        digest = hashlib.sha256(given.get('code_verifier', '').encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b'=').decode() != asked['code_challenge']:
            return 400, {'error': 'invalid_grant'}
        now = int(time.time())
        claims = {
            'iss': self.issuer, 'aud': CLIENT, 'iat': now, 'exp': now + 300,
            'nonce': asked['nonce'], **self.claims,
        }  # fmt: skip
        return 200, {
            'access_token': 'access',
            'token_type': 'Bearer',
            'id_token': self.sign(self, claims),
        }

    def _answer(self, how: str, path: str, query: str, body: str, headers: Any) -> Any:
        given = {name: values[-1] for name, values in parse_qs(query or body).items()}
        self.asked.append(path)
        match path:
            case '/.well-known/openid-configuration':
                ends = ('authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint')
                names = ('authorize', 'token', 'jwks', 'userinfo')
                told = {end: f'{self.issuer}/{name}' for end, name in zip(ends, names, strict=True)}
                return 200, {'issuer': self.issuer, **told}
            case '/authorize':
                return self.authorize(given)
            case '/token':
                basic = base64.b64decode(
                    headers.get('authorization', '').partition(' ')[2]
                ).decode()
                client, _, secret = basic.partition(':')
                known = unquote(client) == CLIENT
                return self.tokens(given, unquote(secret) if known else '')
            case '/jwks':
                return 200, {'keys': self.shown()}
            case '/userinfo' if headers.get('authorization') == 'Bearer access':
                return 200, self.told
            case _:
                return 404, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                where = urlsplit(self.path)
                length = int(self.headers.get('content-length', 0))
                body = self.rfile.read(length).decode()
                found = provider._answer(self.command, where.path, where.query, body, self.headers)
                if isinstance(found, str):
                    self.send_response(302)
                    self.send_header('location', found)
                    self.end_headers()
                    return
                status, told = found
                text = json.dumps(told).encode()
                self.send_response(status)
                self.send_header('content-type', 'application/json')
                self.send_header('content-length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

            def log_message(self, *_: object) -> None: ...

        return Handler


def public(name: str, algorithm: str, key: Any) -> dict[str, Any]:
    kinds = {'RS256': jwt.algorithms.RSAAlgorithm, 'ES256': jwt.algorithms.ECAlgorithm}
    found = json.loads(kinds[algorithm].to_jwk(key.public_key()))
    return {**found, 'kid': name, 'use': 'sig', 'alg': algorithm}

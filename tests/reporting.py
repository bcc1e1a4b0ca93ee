"""A forge that takes commit statuses, as its documentation says, and refuses everything else.

GitHub, Gitea and GitLab cannot be installed from a package registry: this knows their paths, their
fields, the words for states, and how each wants a token. What is wrong is answered as they do.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

TOKEN: Final = 'the-token'
GITHUB_STATES: Final = {'error', 'failure', 'pending', 'success'}
GITEA_STATES: Final = {'error', 'failure', 'pending', 'success', 'warning'}
GITLAB_STATES: Final = {'pending', 'running', 'success', 'failed', 'canceled', 'skipped'}


class Kind(NamedTuple):
    path: str
    states: set[str]
    fields: set[str]
    context: str
    proof: tuple[str, str]


KINDS: Final[Mapping[str, Kind]] = {
    'github': Kind(
        r'/api/v3/repos/NAME/statuses/([0-9a-f]{40})',
        GITHUB_STATES,
        {'state', 'target_url', 'description', 'context'},
        'context',
        ('authorization', f'Bearer {TOKEN}'),
    ),
    'gitea': Kind(
        r'/api/v1/repos/NAME/statuses/([0-9a-f]{40})',
        GITEA_STATES,
        {'state', 'target_url', 'description', 'context'},
        'context',
        ('authorization', f'token {TOKEN}'),
    ),
    'gitlab': Kind(
        r'/api/v4/projects/NAME/statuses/([0-9a-f]{40})',
        GITLAB_STATES,
        {'state', 'ref', 'name', 'target_url', 'description', 'pipeline_id', 'coverage'},
        'name',
        ('private-token', TOKEN),
    ),
}


class Forge:
    """`statuses` are what it was told, in order: (sha, context, state). `fail` may answer first:
    status, headers and body; None lets the request through."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.name = 'octo/shop'
        self.url = ''
        self.statuses: list[tuple[str, str, str]] = []
        self.urls: dict[str, str] = {}
        self.asked = 0
        self.fail: Callable[[int], tuple[int, dict[str, str], str] | None] = lambda count: None
        self.lock = threading.Lock()

    @property
    def web(self) -> str:
        return f'{self.url}/{self.name}'

    def states(self, sha: str = '') -> dict[str, str]:
        """The newest state of each context."""
        with self.lock:
            return {context: state for one, context, state in self.statuses if sha in ('', one)}

    def answer(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], str]:
        self.asked += 1
        failed = self.fail(self.asked)
        if failed:
            return failed
        kind = KINDS[self.kind]
        name, proof = kind.proof
        if headers.get(name) != proof:
            return 401, {}, '{"message": "Bad credentials"}'
        name = quote(self.name, safe='' if self.kind == 'gitlab' else '/')
        found = re.fullmatch(kind.path.replace('NAME', name), path)
        if found is None:
            return 404, {}, json.dumps({'message': 'Not Found', 'path': unquote(path)})
        return self._take(kind, found[1], json.loads(body))

    def _take(self, kind: Kind, sha: str, told: Any) -> tuple[int, dict[str, str], str]:
        odd = set(told) - kind.fields
        long = len(told.get('description', '')) > (140 if self.kind == 'github' else 255)
        if odd or told.get('state') not in kind.states or long or not told.get(kind.context):
            return 422, {}, json.dumps({'message': f'Validation Failed: {sorted(odd)} {told}'})
        before = self.states(sha).get(told[kind.context])
        if self.kind == 'gitlab' and before == told['state'] and before in ('pending', 'running'):
            event = {'pending': 'enqueue', 'running': 'run'}[before]
            message = f'Cannot transition status via :{event} from :{before}'
            return 400, {}, json.dumps({'message': message})
        with self.lock:
            self.statuses.append((sha, told[kind.context], told['state']))
            self.urls[told[kind.context]] = told.get('target_url', '')
        return 201, {}, '{}'


@contextmanager
def forge(kind: str) -> Iterator[Forge]:
    made = Forge(kind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get('content-length', 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, text = made.answer(self.path, headers, body)
            if not status:  # no answer at all
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header('content-length', str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    made.url = f'http://127.0.0.1:{server.server_port}'
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

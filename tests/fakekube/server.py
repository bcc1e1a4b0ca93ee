"""HTTP in front of the store: discovery, objects, watches, and who may not."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

import yaml

from fakekube import answers, execution, openapi, patches, sockets, spdy
from fakekube.containers import Kubelet
from fakekube.refusal import Refused
from fakekube.resources import RESOURCES, Resource, find
from fakekube.routers import Rollouts, Services
from fakekube.store import Doc, Key, Store, matcher
from fakekube.workloads import Behaviour, Workloads

APPLIED: Final = 'application/apply-patch+yaml'
STRATEGIC: Final = 'application/strategic-merge-patch+json'
MERGE: Final = 'application/merge-patch+json'
JSON_PATCH: Final = 'application/json-patch+json'


class Cluster:
    """A server on a free port of the loopback, with its controllers.

    `forbidden` holds (verb, plural) that the account may not. While `locked`, nobody is let in: by
    plain HTTP kubectl sends no credentials that could be judged. `usage` is what metrics-server
    says of pods, None where there is none. `requests` are all that came, `writes` is how many of
    them were to change anything. With `containers`, bare pods are what runs there, in Docker.
    """

    def __init__(self, ready_after: float = 0.05, *, containers: bool = False) -> None:
        self.store = Store()
        self.kubelet = Kubelet(self.store) if containers else None
        self.connections: set[Any] = set()  # over which processes in containers are heard
        self.behaviour = Behaviour(ready_after)
        self.forbidden: set[tuple[str, str]] = set()
        self.usage: dict[str, tuple[str, str]] | None = None
        self.locked = False
        self.requests: list[tuple[str, str]] = []
        self.writes = 0
        self.managers: dict[tuple[Key, str], Doc] = {}
        self.stopped = threading.Event()
        workloads = Workloads(self.store, self.behaviour)
        self._controllers: tuple[Any, ...] = (
            (self.kubelet,)
            if self.kubelet
            else (workloads, Services(self.store), Rollouts(self.store, workloads))
        )
        handler = type('Handler', (_Handler,), {'cluster': self})
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
        self._server.daemon_threads = True
        self.address = f'http://127.0.0.1:{self._server.server_port}'
        self.failure: BaseException | None = None

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self._reconciling = threading.Thread(target=self._reconcile, daemon=True)
        self._reconciling.start()

    def stop(self) -> None:
        self.stopped.set()
        with self.store.changed:
            self.store.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._reconciling.join()
        if self.kubelet:
            self.kubelet.stop()
        if self.failure is not None:
            raise self.failure

    def _reconcile(self) -> None:
        """Whenever something has changed, and now and then because time has passed."""
        seen = 0
        try:
            while not self.stopped.is_set():
                with self.store.changed:
                    if seen == self.store.number:
                        self.store.changed.wait(0.05)
                    seen = self.store.number
                    for one in self._controllers:
                        one.step()
        except BaseException as error:  # told when it is stopped
            self.failure = error

    def cut(self) -> int:
        """Break all connections to processes in containers; how many these were. They go on."""
        found = list(self.connections)
        for one in found:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        return len(found)

    def kubeconfig(self, path: Path) -> Path:
        doc = {
            'apiVersion': 'v1',
            'kind': 'Config',
            'clusters': [{'name': 'fake', 'cluster': {'server': self.address}}],
            'users': [{'name': 'fake', 'user': {}}],
            'contexts': [{'name': 'fake', 'context': {'cluster': 'fake', 'user': 'fake'}}],
            'current-context': 'fake',
        }
        path.write_text(yaml.safe_dump(doc))
        return path


@contextmanager
def running(**options: Any) -> Iterator[Cluster]:
    cluster = Cluster(**options)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


class _Handler(BaseHTTPRequestHandler):
    cluster: Cluster
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_all(self) -> None:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        body = self._body()
        try:
            self._admit()
            answer = self._discover(url.path.rstrip('/')) or self._rest(url.path, query, body)
        except Refused as error:
            self._send(error.code, answers.status(error))
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            if answer is not None:
                self._send(*answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_all

    def _body(self) -> bytes:
        if self.headers.get('Transfer-Encoding') != 'chunked':
            return self.rfile.read(int(self.headers.get('Content-Length') or 0))
        chunks = []
        while size := int(self.rfile.readline().strip() or b'0', 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b''.join(chunks)

    def _admit(self) -> None:
        if self.cluster.locked:
            raise Refused(401, 'Unauthorized', 'Unauthorized')
        if 'protobuf' in (self.headers.get('Content-Type') or ''):
            raise Refused(415, 'UnsupportedMediaType', 'this server speaks JSON only')

    def _send(self, code: int, content: Any) -> None:
        raw = isinstance(content, (bytes, str))
        data = (
            content
            if isinstance(content, bytes)
            else (content.encode() if raw else json.dumps(content).encode())
        )
        self.send_response(code)
        kind = 'application/json' if not raw else 'text/plain'
        if isinstance(content, bytes):
            kind = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    # --- discovery

    def _discover(self, path: str) -> tuple[int, Any] | None:
        if path == '/version':
            return 200, {'major': '1', 'minor': '32', 'gitVersion': 'v1.32.0'}
        if path in ('/healthz', '/readyz', '/livez'):
            return 200, 'ok'
        if path == '/openapi/v2':
            return 200, openapi.document()
        if path == '/api':
            return 200, {'kind': 'APIVersions', 'versions': ['v1']}
        if path == '/apis':
            return 200, {'kind': 'APIGroupList', 'apiVersion': 'v1', 'groups': answers.groups()}
        listed = [one for one in RESOURCES if one.root == path]
        return (200, answers.resource_list(listed)) if listed else None

    # --- objects

    def _rest(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any] | None:
        parts = path.strip('/').split('/')
        if path.startswith('/apis/metrics.k8s.io/'):
            return self._metrics(parts[4])
        if parts[0] == 'api':
            group, version, rest = '', parts[1], parts[2:]
        elif parts[0] == 'apis' and len(parts) > 3:
            group, version, rest = parts[1], parts[2], parts[3:]
        else:
            raise _nowhere()
        namespace = ''
        if rest[0] == 'namespaces' and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        resource = find(group, version, rest[0])
        if resource is None:
            raise _nowhere()
        name = rest[1] if len(rest) > 1 else ''
        sub = rest[2] if len(rest) > 2 else ''
        self._allow(resource, namespace, name)
        return self._act(resource, (resource.full, namespace, name), sub, query, body)

    def _allow(self, resource: Resource, namespace: str, name: str) -> None:
        verb = {'GET': 'get', 'POST': 'create', 'PUT': 'update', 'PATCH': 'patch'}.get(
            self.command, 'delete'
        )
        if verb == 'get' and not name:
            verb = 'list'
        self.cluster.requests.append((verb, resource.plural))
        if verb not in ('get', 'list') and 'dryRun' not in self.path:
            self.cluster.writes += 1
        if (verb, resource.plural) in self.cluster.forbidden:
            message = (
                f'{resource.full} "{name}" is forbidden: User "tester" cannot {verb} resource '
                f'"{resource.plural}" in API group "{resource.group}" in the namespace '
                f'"{namespace}"'
            )
            raise Refused(403, 'Forbidden', message)

    def _act(
        self, resource: Resource, key: Key, sub: str, query: dict[str, str], body: bytes
    ) -> tuple[int, Any] | None:
        if sub == 'exec' and self.cluster.kubelet:
            return self._execute(key)
        if sub and not (
            (sub == 'status' and resource.status)
            or (sub == 'scale' and resource.scale)
            or (sub == 'log' and resource.kind == 'Pod')
        ):
            raise _nowhere()
        if self.command == 'GET':
            return self._get(resource, key, sub, query)
        dry, store = 'dryRun' in query, self.cluster.store
        match self.command:
            case 'POST':
                if resource.kind == 'Pod' and self.cluster.kubelet and self.cluster.kubelet.full:
                    message = 'pods "" is forbidden: exceeded quota: builds, requested: pods=1'
                    raise Refused(403, 'Forbidden', message)
                return 201, store.create(resource, key[1], _parse(body), dry)
            case 'DELETE':
                options = _parse(body) if body else {}
                propagation = options.get('propagationPolicy') or query.get('propagationPolicy')
                if dry:
                    return 200, store.get(resource.kind, key[2], key[1] or 'default')
                return 200, store.delete(
                    resource, key, propagation or 'Background', options.get('gracePeriodSeconds')
                )
            case 'PUT':
                return 200, self._put(resource, key, sub, _parse(body), dry)
        return self._patch(resource, key, sub, query, body)

    def _get(
        self, resource: Resource, key: Key, sub: str, query: dict[str, str]
    ) -> tuple[int, Any] | None:
        if sub == 'log':
            return self._log(key, query)
        if query.get('watch') in ('true', '1'):
            return self._watch(resource, key, query)
        if not key[2]:
            return 200, self._listed(resource, key[1], query)
        found = self.cluster.store.get(resource.kind, key[2], key[1] or 'default')
        if found is None:
            raise Refused(404, 'NotFound', f'{resource.full} "{key[2]}" not found')
        return 200, answers.scale(found) if sub == 'scale' else found

    def _listed(self, resource: Resource, namespace: str, query: dict[str, str]) -> Doc:
        store = self.cluster.store
        with store.changed:
            items = store.listed(
                resource, namespace, query.get('labelSelector', ''), query.get('fieldSelector', '')
            )
            return {
                'kind': f'{resource.kind}List',
                'apiVersion': resource.api,
                'metadata': {'resourceVersion': str(store.number)},
                'items': json.loads(json.dumps(items)),
            }

    def _put(self, resource: Resource, key: Key, sub: str, given: Doc, dry: bool) -> Doc:
        if sub == 'scale':
            made = self.cluster.store.change(
                resource, key, lambda doc: answers.scaled(doc, given), '', dry
            )
            return answers.scale(made)
        return self.cluster.store.change(resource, key, lambda _: given, sub, dry)

    def _patch(
        self, resource: Resource, key: Key, sub: str, query: dict[str, str], body: bytes
    ) -> tuple[int, Doc]:
        kind = (self.headers.get('Content-Type') or '').partition(';')[0]
        given: Any = yaml.safe_load(body) if kind == APPLIED else _parse(body)
        dry = 'dryRun' in query
        store = self.cluster.store
        if kind == APPLIED:
            return self._apply(resource, key, query, given, dry)
        if kind == STRATEGIC and resource.custom:
            message = (
                'the body of the request was in an unknown format - accepted media types include: '
                f'{JSON_PATCH}, {MERGE}, {APPLIED}'
            )
            raise Refused(415, 'UnsupportedMediaType', message)
        make = {STRATEGIC: patches.strategic, MERGE: patches.merge, JSON_PATCH: patches.json_patch}
        if kind not in make:
            raise Refused(415, 'UnsupportedMediaType', f'unknown patch type {kind}')
        if sub == 'scale':
            made = store.change(
                resource,
                key,
                lambda doc: answers.scaled(doc, make[kind](answers.scale(doc), given)),
                '',
                dry,
            )
            return 200, answers.scale(made)
        return 200, store.change(resource, key, lambda doc: make[kind](doc, given), sub, dry)

    def _apply(
        self, resource: Resource, key: Key, query: dict[str, str], given: Doc, dry: bool
    ) -> tuple[int, Doc]:
        manager = query.get('fieldManager', '')
        if not manager:
            raise Refused(422, 'Invalid', 'fieldManager: Required value')
        store = self.cluster.store
        before = self.cluster.managers.get((key, manager))
        if not dry:
            self.cluster.managers[key, manager] = given
        if store.get(resource.kind, key[2], key[1] or 'default') is None:
            return 201, store.create(resource, key[1], given, dry)
        made = store.change(resource, key, lambda doc: patches.applied(doc, before, given), '', dry)
        return 200, made

    # --- streams

    def _execute(self, key: Key) -> None:
        """The connection becomes one of several channels, and is no HTTP any more."""
        kubelet, query = self.cluster.kubelet, parse_qs(urlsplit(self.path).query)
        assert kubelet is not None
        pod = self.cluster.store.get('Pod', key[2], key[1])
        if pod is None:
            raise Refused(404, 'NotFound', f'pods "{key[2]}" not found')
        if kubelet.silent:
            raise Refused(500, 'InternalError', 'error dialing backend: dial tcp: i/o timeout')
        container = query.get('container', [pod['spec']['containers'][0]['name']])[0]
        if (pod.get('status') or {}).get('phase') != 'Running':
            raise execution.not_running(container)
        stdin = query.get('stdin', [''])[0] in ('true', '1')
        streams = self._upgrade(stdin=stdin)
        self.close_connection = True
        self.cluster.connections.add(self.connection)
        try:
            execution.carry(streams, kubelet.execute(pod, container, query['command'], stdin=stdin))
        finally:
            self.cluster.connections.discard(self.connection)

    def _upgrade(self, *, stdin: bool) -> execution.Streams:
        wanted = self.headers.get('Upgrade', '').lower()
        self.send_response(101)
        self.send_header('Connection', 'Upgrade')
        self.send_header('Upgrade', wanted)
        if wanted == 'websocket':
            asked = self.headers.get('Sec-WebSocket-Protocol', '').replace(' ', '').split(',')
            protocol = next(one for one in sockets.PROTOCOLS if one in asked)
            accepted = sockets.accept(self.headers['Sec-WebSocket-Key'])
            self.send_header('Sec-WebSocket-Accept', accepted)
            self.send_header('Sec-WebSocket-Protocol', protocol)
            self.end_headers()
            return sockets.Channels(self.rfile, self.wfile)
        self.send_header('X-Stream-Protocol-Version', 'v4.channel.k8s.io')
        self.end_headers()
        given = (sockets.STDIN,) if stdin else ()
        order = (sockets.ERROR, *given, sockets.STDOUT, sockets.STDERR)
        return spdy.Streams(self.rfile, self.wfile, order)

    def _log(self, key: Key, query: dict[str, str]) -> tuple[int, Any] | None:
        name = key[2]
        if self.cluster.kubelet:
            pod = self.cluster.store.get('Pod', name, key[1])
            if pod is None:
                raise Refused(404, 'NotFound', f'pods "{name}" not found')
            return 200, self.cluster.kubelet.logs(pod, query.get('container', ''))
        lines = f'hello from {name}\nand again\n'
        if query.get('previous') == 'true':
            lines = f'last words of {name}\n'
        if query.get('follow') != 'true':
            return 200, lines
        self._begin_stream()
        self._chunk(lines.encode())
        store = self.cluster.store
        with store.changed:
            while not self.cluster.stopped.is_set() and store.get('Pod', name, key[1]):
                store.changed.wait(0.2)
        self._chunk(b'')
        return None

    def _watch(self, resource: Resource, key: Key, query: dict[str, str]) -> None:
        store = self.cluster.store
        fields = query.get('fieldSelector', '')
        if key[2]:
            fields = f'metadata.name={key[2]}'
        fits = matcher(resource, key[1], query.get('labelSelector', ''), fields)
        last = int(query.get('resourceVersion') or 0)
        self._begin_stream()
        if query.get('sendInitialEvents') == 'true':
            last = self._initial(resource, fits)
        until = time.monotonic() + float(query.get('timeoutSeconds') or 300)
        while time.monotonic() < until and not self.cluster.stopped.is_set():
            with store.changed:
                new = [one for one in store.events if one.number > last and fits(one.key, one.doc)]
                last = store.number
                if not new:
                    store.changed.wait(0.2)
            for one in new:
                self._event(one.type, one.doc)
        self._chunk(b'')

    def _initial(self, resource: Resource, fits: Any) -> int:
        """What is there, then a bookmark: newer clients list by watching."""
        store = self.cluster.store
        with store.changed:
            there = [doc for key, doc in store.objects.items() if fits(key, doc)]
            last = store.number
        for doc in there:
            self._event('ADDED', doc)
        mark = {'resourceVersion': str(last), 'annotations': {'k8s.io/initial-events-end': 'true'}}
        self._event(
            'BOOKMARK', {'kind': resource.kind, 'apiVersion': resource.api, 'metadata': mark}
        )
        return last

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()

    def _event(self, type: str, doc: Doc) -> None:
        self._chunk(json.dumps({'type': type, 'object': doc}).encode() + b'\n')

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b'%x\r\n%s\r\n' % (len(data), data))
        self.wfile.flush()

    def _metrics(self, namespace: str) -> tuple[int, Doc]:
        if self.cluster.usage is None:
            raise _nowhere()
        items = [
            {
                'metadata': {'name': name, 'namespace': namespace},
                'containers': [{'name': 'app', 'usage': {'cpu': cpu, 'memory': memory}}],
            }
            for name, (cpu, memory) in self.cluster.usage.items()
        ]
        return 200, {'kind': 'PodMetricsList', 'items': items}


def _nowhere() -> Refused:
    return Refused(404, 'NotFound', 'the server could not find the requested resource')


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Refused(400, 'BadRequest', 'the object provided is unrecognized') from None

import json

import pytest

from liftlock.runner.docker.marking import find_making, mark, once

LINE = b'POST /v1.41/containers/create?name=x HTTP/1.1\r\nHost: docker\r\n'


def head(body: bytes, line: bytes = LINE) -> bytes:
    return line + b'Content-Length: %d\r\n\r\n' % len(body)


@pytest.mark.parametrize(
    ('given', 'sent'),
    [
        (b'', b'Connection: close\r\n'),
        (b'connection: keep-alive\r\n', b'Connection: close\r\n'),
        (b'Connection: Upgrade\r\nUpgrade: tcp\r\n', b'Connection: Upgrade\r\nUpgrade: tcp\r\n'),
    ],
)
def test_a_connection_carries_one_request(given: bytes, sent: bytes) -> None:
    assert once(LINE + given + b'\r\n') == LINE + sent + b'\r\n'


@pytest.mark.parametrize(
    ('line', 'making'),
    [
        (b'POST /v1.41/containers/create HTTP/1.1\r\n', True),
        (b'POST /networks/create HTTP/1.1\r\n', True),
        (b'POST /v4.0.0/libpod/containers/create HTTP/1.1\r\n', True),
        (b'POST /v1.41/containers/1/start HTTP/1.1\r\n', False),
        (b'POST /v1.41/volumes/create HTTP/1.1\r\n', False),
        (b'GET /containers/create HTTP/1.1\r\n', False),
    ],
)
def test_what_makes_a_container_or_a_network(line: bytes, making: bool) -> None:
    assert find_making(head(b'{}', line)) == (2 if making else 0)
    assert find_making(line + b'Transfer-Encoding: chunked\r\n\r\n') == 0


@pytest.mark.parametrize(
    ('line', 'body', 'marked'),
    [
        (LINE, {'Labels': {'a': 'b'}}, {'Labels': {'a': 'b', 'liftlock': 't'}}),
        (LINE, {'Labels': None, 'Image': 'x'}, {'Labels': {'liftlock': 't'}, 'Image': 'x'}),
        (b'POST /libpod/containers/create HTTP/1.1\r\n', {}, {'labels': {'liftlock': 't'}}),
    ],
)
def test_the_label_stands_among_the_others(line: bytes, body: object, marked: object) -> None:
    given = json.dumps(body).encode()
    before, _, after = mark(head(given, line), given, 't').partition(b'\r\n\r\n')
    assert json.loads(after) == marked
    assert b'\r\nContent-Length: %d\r\n' % len(after) in before


@pytest.mark.parametrize('body', [b'no json', b'[1]'])
def test_what_is_no_request_stays_for_docker_to_refuse(body: bytes) -> None:
    assert mark(head(body), body, 't').endswith(b'\r\n\r\n' + body)

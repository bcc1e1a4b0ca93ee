import json

import pytest

from liftlock.runner.docker.relay import mark, once

HEAD = b'POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\n'


@pytest.mark.parametrize(
    ('given', 'sent'),
    [
        (b'', b'Connection: close\r\n'),
        (b'connection: keep-alive\r\n', b'Connection: close\r\n'),
        (b'Connection: Upgrade\r\nUpgrade: tcp\r\n', b'Connection: Upgrade\r\nUpgrade: tcp\r\n'),
    ],
)
def test_a_connection_carries_one_request(given: bytes, sent: bytes) -> None:
    assert once(HEAD + given + b'\r\n') == HEAD + sent + b'\r\n'


def test_the_label_stands_among_the_others() -> None:
    body = json.dumps({'Image': 'x', 'Labels': {'a': 'b'}}).encode()
    assert json.loads(mark(body, 'github_1', libpod=False)) == {
        'Image': 'x',
        'Labels': {'a': 'b', 'liftlock': 'github_1'},
    }
    assert json.loads(mark(b'{"Labels": null}', 't', libpod=False)) == {'Labels': {'liftlock': 't'}}
    assert json.loads(mark(b'{}', 't', libpod=True)) == {'labels': {'liftlock': 't'}}


@pytest.mark.parametrize('body', [b'no json', b'[1]', b''])
def test_what_is_no_request_stays_for_docker_to_refuse(body: bytes) -> None:
    assert mark(body, 't', libpod=False) == body

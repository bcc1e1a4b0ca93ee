"""One GET against real servers, good and bad ones."""

import asyncio
import socket
import time

import pytest

from e2e.delivery.observe.servers import Behaviour, Server, Start
from liftlock.observe.http import LARGEST, Unreachable, get


def ask(url: str, limit: float = 20.0, *, body: bool = True) -> tuple[int, str]:
    answer = asyncio.run(get(url, limit, {'X-Token': 'abc'}, body=body))
    return answer.status, answer.text


def why(url: str, limit: float = 20.0) -> str:
    with pytest.raises(Unreachable) as error:
        ask(url, limit)
    return str(error.value)


def saying(text: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(text)

    return behave


def test_status_body_and_headers_come_and_go(server: Server) -> None:
    server.answers['/a b'] = (200, 'ünïcode')
    server.answers['/a'] = (503, 'busy')
    assert ask(f'{server.url}/a?x=1') == (503, 'busy')
    (asked,) = server.asked
    assert asked.path == '/a?x=1'
    assert asked.headers['x-token'] == 'abc'
    assert asked.headers['host'] == server.address


def test_the_body_may_come_in_any_shape(misbehaving: Start) -> None:
    for shape in (
        b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
        b'HTTP/1.0 200 OK\r\n\r\nhello',
        b'HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n4;x=y\r\nello\r\n0\r\n\r\n',
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
        b'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello',
    ):
        assert ask(f'http://{misbehaving(saying(shape))}/') == (200, 'hello')


def test_without_a_body_only_the_head_is_waited_for(misbehaving: Start) -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
        connection.recv(1)  # until they hang up

    assert ask(f'http://{misbehaving(endless)}/', body=False) == (200, '')


def test_failures_are_told_in_plain_words(nobody: str, misbehaving: Start) -> None:
    assert why(f'http://{nobody}/') == f'nobody listens on {nobody}'
    assert why('http://no-such-name.invalid/') == (
        'the name of no-such-name.invalid cannot be found'
    )
    assert why('ftp://example.org/') == '"ftp://example.org/" is no address of HTTP'
    silent = misbehaving(saying(b''))
    assert why(f'http://{silent}/') == f'{silent} broke the connection off'
    ssh = misbehaving(saying(b'SSH-2.0-OpenSSH_9.2\r\n'))
    assert why(f'http://{ssh}/') == f'{ssh}: what answers there speaks no HTTP'
    short = misbehaving(saying(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello'))
    assert why(f'http://{short}/') == 'the connection was closed in the middle of an answer'
    plain = misbehaving(saying(b'HTTP/1.1 400 Bad Request\r\n\r\n'))
    assert 'speaks no TLS that is understood here' in why(f'https://{plain}/')


def test_an_answer_that_is_too_large_is_not_read(misbehaving: Start) -> None:
    head = f'HTTP/1.1 200 OK\r\nContent-Length: {LARGEST + 1}\r\n\r\n'.encode()
    assert 'larger than 4 MB' in why(f'http://{misbehaving(saying(head))}/')


def test_somebody_who_answers_a_byte_at_a_time_is_not_waited_for(misbehaving: Start) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in b'HTTP/1.1 200 OK\r\n' * 200:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)  # that is how they behave; nothing is waited for by it

    assert why(f'http://{misbehaving(drip)}/', 0.3) == 'no answer within 0.3 s'


def test_nothing_is_redirected(server: Server) -> None:
    server.answers['/old'] = (301, '')
    server.headers['Location'] = f'{server.url}/new'
    assert ask(f'{server.url}/old')[0] == 301
    assert len(server.asked) == 1


def test_a_header_cannot_smuggle_another(server: Server) -> None:
    with pytest.raises(Unreachable, match='a line break'):
        asyncio.run(get(server.url, 5.0, {'X': 'a\r\nHost: evil'}))
    assert server.asked == []

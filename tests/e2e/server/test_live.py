"""Runs that the server carries out, told while they go on, and taken up after its death."""

import json
import socket
from collections.abc import Callable

from liftlock.server import listening
from serving import Project, Server, Site

Eventually = Callable[[Callable[[], object]], None]


def begin_again(server: Server, token: str) -> None:
    """A slow run that was ended, run again by the server."""
    site = Site(server, token, '')
    assert site.api('POST', '/runs/1/rerun', {}).status == 202


def cancelled(project: Project) -> None:
    """A run of the slow workflow, ended as soon as it is under way."""
    process = project.start('run', 'workflow_dispatch', '-W', '.github/workflows/slow.yml')
    assert process.stdout is not None
    for line in process.stdout:
        if 'counting' in line or 'Counts' in line:
            break
    project.liftlock('cancel', '1', '--force')
    process.communicate(timeout=60)


def test_a_run_is_followed_cancelled_and_survives_the_server(
    fresh: tuple[Server, str], eventually: Eventually
) -> None:
    server, token = fresh
    cancelled(server.project)
    site = Site(server, token, '')

    def status() -> str:
        return str(Site(server, token, '').api('GET', '/runs/1').json['status'])

    begin_again(server, token)
    eventually(lambda: status() == 'in_progress')

    events = server.events('/events?topic=log&run=1&job=slow', token)
    counts: list[int] = []
    while len(counts) < 3:
        event = events.next()
        steps = json.loads(event['data'])['steps']
        counts += [sum(step['count'] for step in steps)] if steps else []
    events.close()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]

    server.kill()
    again = Server(server.project)
    try:
        server = again
        eventually(lambda: status() == 'in_progress')
        facts = again.project.liftlock('show', '1', '--json')
        assert json.loads(facts)['attempt'] == 2
        changes = again.events('/events?topic=run&run=1', token, last='r0')
        first = changes.next()  # whoever was away is told at once
        assert Site(again, token, '').api('POST', '/runs/1/cancel', {}).status == 202
        assert changes.next()['id'] != first['id']
        changes.close()
        eventually(lambda: status() == 'completed')
        assert Site(again, token, '').api('GET', '/runs/1').json['conclusion'] == 'cancelled'
    finally:
        again.end()
    assert site.token == token


def test_an_open_stream_does_not_hold_up_the_end_of_the_server(fresh: tuple[Server, str]) -> None:
    server, token = fresh
    events = server.events('/events?topic=runs', token)
    assert events.status == 200
    assert server.end() == 0
    events.close()


def test_there_is_no_stream_of_what_does_not_exist(fresh: tuple[Server, str]) -> None:
    server, token = fresh
    for path in ('?topic=nothing', '', '?topic=log&run=7&job=x', '?topic=environment&id=7'):
        events = server.events(f'/events{path}', token)
        assert events.status == 404, path
        events.close()


def test_no_answer_waits_for_an_acknowledgement() -> None:
    """40 ms for a page of two packets, otherwise."""
    with listening.bind('127.0.0.1', 0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

"""Measurements from real sources; the router is a stand-in of two lines, as any meter may be."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from e2e.delivery.observe.servers import Server, Start
from liftlock.language.settings.model import Analysis, Condition
from liftlock.observe.measuring import Measuring
from liftlock.rollout.analysis import Tally, assess
from liftlock.rollout.reading import Reading
from liftlock.rollout.sight import Window
from liftlock.rollout.trouble import Trouble

OVER = Condition('', '>', 5.0, '%')


class Counting:
    """Answers its windows in turn, by revision."""

    def __init__(self, **windows: list[Window]) -> None:
        self.windows = windows

    async def counted(self, revision: str, reader: str) -> Window:
        return self.windows[revision].pop(0)


class Broken:
    async def counted(self, revision: str, reader: str) -> Window:
        raise Trouble('the router does not answer', 'start it again')


def read(analysis: Analysis, **env: str) -> Reading:
    return asyncio.run(Measuring()(analysis, None, ('r2', 'r1'), env, 'x'))


# --- the router


def test_the_first_look_of_a_reader_opens_its_window() -> None:
    async def three() -> list[Reading]:
        measuring, meter = Measuring(), Counting(r2=[Window(), Window(), Window(50, 1)])
        analysis = Analysis('error_rate', failure=OVER)
        return [await measuring(analysis, meter, ('r2', 'r1'), {}, 'a') for _ in range(3)]

    first, second, third = asyncio.run(three())
    assert first == Reading(opened=True)
    assert second == Reading()  # now it is want of traffic
    assert (third.requests, third.errors) == (50, 1)


def test_a_comparison_asks_for_both() -> None:
    async def twice() -> Reading:
        measuring = Measuring()
        meter = Counting(r2=[Window(), Window(100, 5)], r1=[Window(), Window(900, 9)])
        analysis = Analysis('error_rate', baseline=True)
        await measuring(analysis, meter, ('r2', 'r1'), {}, 'a')
        return await measuring(analysis, meter, ('r2', 'r1'), {}, 'a')

    assert asyncio.run(twice()).counts == (100, 5, 900, 9)


def test_what_the_router_cannot_do_is_an_error() -> None:
    analysis = Analysis('error_rate', failure=OVER)
    found = asyncio.run(Measuring()(analysis, Broken(), ('r2', ''), {}, 'a'))
    assert found == Reading(error='the router does not answer')
    assert 'no router of ours' in read(analysis).error
    assert read(Analysis('cpu')).error == 'the router has no metric "cpu"'


# --- Prometheus, as far as it is a server of HTTP


def test_prometheus_is_asked_with_query_and_headers(server: Server) -> None:
    result = {'resultType': 'vector', 'result': [{'metric': {}, 'value': [1, '0.07']}]}
    server.answers['/base/api/v1/query'] = (
        200,
        json.dumps({'status': 'success', 'data': result}),
    )
    analysis = Analysis(
        prometheus='sum(rate(a{b="c"}[1m]))',
        headers={'Authorization': 'Bearer t'},
        failure=OVER,
    )
    assert read(analysis, PROMETHEUS_URL=f'{server.url}/base/') == Reading(0.07)
    (asked,) = server.asked
    assert parse_qs(urlsplit(asked.path).query) == {'query': ['sum(rate(a{b="c"}[1m]))']}
    assert asked.headers['authorization'] == 'Bearer t'


def test_an_unknown_prometheus_is_an_error(nobody: str) -> None:
    analysis = Analysis(prometheus='up', failure=OVER)
    assert 'where is Prometheus?' in read(analysis).error
    found = read(analysis._replace(address=f'http://{nobody}'))
    assert found.error == f'Prometheus: nobody listens on {nobody}'


# --- a URL, a command


def test_a_url_is_read(server: Server) -> None:
    server.answers['/q'] = (200, '{"data": {"rate": 0.02}}')
    analysis = Analysis(
        url=f'{server.url}/q', path='$.data.rate', headers={'X-Key': 'k'}, failure=OVER
    )
    assert read(analysis) == Reading(0.02)
    assert server.asked[0].headers['x-key'] == 'k'


def test_a_url_that_hangs_is_an_error(
    misbehaving: Start,
) -> None:
    hung = misbehaving(lambda connection: connection.recv(65536) and connection.recv(1))
    analysis = Analysis(url=f'http://{hung}/', timeout=0.2)
    assert read(analysis) == Reading(error='no answer within 0.2 s')


@pytest.mark.parametrize(
    ('command', 'phase', 'message'),
    [
        ('test "$MODE" = smoke', 'successful', 'exit code 0'),
        ('echo 2 of 9 failed; exit 1', 'failed', 'exit code 1: 2 of 9 failed'),
        ('echo begun; sleep 600', 'failed', 'still ran after 1 s: begun'),
    ],
)
def test_a_command_is_judged_by_its_exit_code(command: str, phase: str, message: str) -> None:
    analysis = Analysis(command=command, timeout=1.0 if 'sleep' in command else 30.0)
    found = assess(analysis, read(analysis, MODE='smoke'), Tally())
    assert (found.phase, found.message) == (phase, message)


def test_a_command_may_print_a_number() -> None:
    analysis = Analysis(command='echo measuring; echo 0.08', failure=OVER)
    found = assess(analysis, read(analysis), Tally())
    assert (found.phase, found.value) == ('failed', 0.08)

"""Queries to a real Prometheus that scrapes a real application."""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from containers import lack
from e2e.delivery.observe.servers import Server
from liftlock.language.settings.model import Analysis, Condition
from liftlock.observe.measuring import Measuring
from liftlock.rollout.analysis import Tally, assess
from liftlock.rollout.reading import Reading

PATIENCE = 60.0
METRICS = """\
# TYPE http_requests_total counter
http_requests_total{code="200"} 930
http_requests_total{code="500"} 70
# TYPE idle_total counter
idle_total 0
"""


@pytest.fixture
def prometheus(tmp_path: Path, server: Server) -> Iterator[str]:
    if shutil.which('prometheus') is None:
        lack('there is no prometheus. To run this: apt install prometheus')
    server.answers['/metrics'] = (200, METRICS)
    server.headers['Content-Type'] = 'text/plain; version=0.0.4'
    config = tmp_path / 'prometheus.yml'
    config.write_text(
        'global: {scrape_interval: 1s}\n'
        'scrape_configs:\n'
        f'- {{job_name: shop, static_configs: [{{targets: ["{server.address}"]}}]}}\n'
    )
    log = tmp_path / 'log'
    with log.open('wb') as output:
        process = subprocess.Popen(
            (
                'prometheus',
                f'--config.file={config}',
                f'--storage.tsdb.path={tmp_path}/data',
                '--web.listen-address=127.0.0.1:0',
            ),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield f'http://127.0.0.1:{until(lambda: _port(process, log))}'
    finally:
        process.kill()
        process.wait()


def _port(process: 'subprocess.Popen[bytes]', log: Path) -> str:
    assert process.poll() is None, log.read_text()
    found = re.search(r'Listening on.* address=\S+:(\d+)', log.read_text())
    return found[1] if found else ''


def until(wanted: 'Callable[[], str]') -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := wanted():
            return found
        time.sleep(0.05)
    raise AssertionError('that never happened')


def test_queries_are_judged(prometheus: str) -> None:
    analysis = Analysis(address=prometheus, failure=Condition('', '>', 5.0, '%'))

    def read(query: str) -> Reading:
        asked = analysis._replace(prometheus=query)
        return asyncio.run(Measuring()(asked, None, ('r2', 'r1'), {}, 'x'))

    errors = 'sum(http_requests_total{code=~"5.."}) / sum(http_requests_total)'
    until(lambda: 'scraped' if read(errors).value is not None else '')
    assert read(errors) == Reading(0.07)
    assert assess(analysis, read(errors), Tally()).phase == 'failed'
    assert read('scalar(http_requests_total{code="200"})') == Reading(930.0)
    assert read('no_such_metric') == Reading(message='no data: the query has no result')
    assert 'NaN' in read('idle_total / idle_total').message
    assert 'divided by zero' in read('http_requests_total{code="500"} / 0').error
    assert 'has 2 results' in read('http_requests_total').error
    assert 'Prometheus refuses the query: ' in read('sum(').error
    assert 'a matrix as its result' in read('http_requests_total[1m]').error

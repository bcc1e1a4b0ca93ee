"""What is logged of a request, and what never is."""

import json
import logging

import pytest

from liftlock.engine import trail
from liftlock.server import systemd, tracing
from liftlock.server.counting import Family, Histogram, Requests, text
from liftlock.server.logbook import Json, Plain, Trailing
from liftlock.server.parts import DEGRADED, DOWN, OK, space, staffed
from liftlock.store.backlogs import Backlog


def record(message: str, **extra: object) -> logging.LogRecord:
    found = logging.LogRecord('liftlock.crew', logging.WARNING, 'x.py', 1, message, (), None)
    vars(found).update(extra)
    Trailing().filter(found)
    return found


def test_a_line_carries_what_it_is_about_also_in_tasks_that_were_begun() -> None:
    with trail.about(request='abc'), trail.about(run=7):
        told = json.loads(Json().format(record('it "failed"\n', status=3)))
    assert told.pop('at').endswith('+00:00')
    assert told == {
        'level': 'warning',
        'logger': 'liftlock.crew',
        'message': 'it "failed"\n',
        'request': 'abc',
        'run': 7,
        'status': 3,
    }
    assert trail.ids() == {}


def test_people_read_what_commands_would_say() -> None:
    assert Plain().format(record('run 7: it failed')) == 'liftlock: run 7: it failed'


@pytest.mark.parametrize(
    ('given', 'kept'),
    [('abc-1.2_Z', True), ('a' * 64, True), ('a' * 65, False), ('a b', False), ('a\nb', False)],
)
def test_a_request_keeps_the_id_that_a_proxy_gave_it_if_it_is_one(given: str, kept: bool) -> None:
    assert (tracing.identify(given) == given) is kept
    assert tracing.identify('') != tracing.identify('')


def test_an_address_that_lets_somebody_in_is_not_logged() -> None:
    assert tracing.told('/login/new/s3cret', {'code': 's3cret'}) == '/login/new/…'
    assert tracing.told('/shown/12-ab/3/a.html', {'ticket': '12-ab'}) == '/shown/…/3/a.html'
    assert tracing.told('/runs/1', {'run': 1}) == '/runs/1'
    assert '\n' not in tracing.told('/runs/\nliftlock: all is well', {})


def test_histograms_are_as_prometheus_wants_them() -> None:
    one = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 3.0):
        one.observe(value)
    family = Family('x_seconds', 'histogram', 'How long.', list(one.samples({'a': 'b"c\\\n'})))
    label = 'a="b\\"c\\\\\\n"'
    assert text([family, Family('none', 'gauge', 'Nothing.', [])]).splitlines() == [
        '# HELP x_seconds How long.',
        '# TYPE x_seconds histogram',
        f'x_seconds_bucket{{{label},le="0.1"}} 2',
        f'x_seconds_bucket{{{label},le="1"}} 3',
        f'x_seconds_bucket{{{label},le="+Inf"}} 4',
        f'x_seconds_sum{{{label}}} 3.65',
        f'x_seconds_count{{{label}}} 4',
    ]


def test_requests_are_counted_by_route_not_by_address() -> None:
    requests = Requests()
    for _ in range(3):
        requests.observe('GET', '/runs/{run:int}', 200, 0.01)
    counts = [value for suffix, _, value in requests.family().samples if suffix == '_count']
    assert counts == [3]


@pytest.mark.parametrize(
    ('free', 'whole', 'state'),
    [
        (500 * 10**9, 10**12, OK),
        (40 * 10**9, 10**12, OK),  # four percent, and much
        (2 * 10**9, 10**11, DEGRADED),
        (500 * 10**6, 10**10, DEGRADED),
        (50 * 10**6, 10**10, DOWN),
    ],
)
def test_a_disk_is_full_before_nothing_is_left(free: int, whole: int, state: str) -> None:
    assert space(free, whole).state == state


def test_jobs_that_wait_for_nobody_are_trouble() -> None:
    assert staffed({}, Backlog(0), 1000.0).state == OK
    assert staffed({}, Backlog(3, 990.0), 1000.0).state == OK
    assert staffed({'ready': 1}, Backlog(3, 10.0), 1000.0).state == DEGRADED
    assert staffed({'gone': 1}, Backlog(3, 10.0), 1000.0).state == DOWN


def test_signs_of_life_are_given_to_the_process_that_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv('WATCHDOG_PID', raising=False)
    monkeypatch.setenv('WATCHDOG_USEC', '30000000')
    assert systemd.period() == 15.0
    monkeypatch.setenv('WATCHDOG_PID', '1')
    assert systemd.period() == 0.0

"""Measurements of load tests, and one's own."""

import json
from typing import Any

import pytest

from liftlock.gates.reports.read import read
from liftlock.gates.reports.records import Load, Measure

CSV = """Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,\
50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%
GET,/,200,1,20,30.5,1.5,1751.4,2,10.5,0.1,20,30,40,50,90,310,1000,1800,1800,1800,1800
,Aggregated,200,1,20,30.5,1.5,1751.4,2,10.5,0.1,20,30,40,50,90,310,1000,1800,1800,1800,1800
"""


def entry(**more: Any) -> dict[str, Any]:
    return {
        'num_requests': 100,
        'num_failures': 1,
        'min_response_time': 1.5,
        'max_response_time': 1751.4,
        'total_response_time': 3050.0,
        'start_time': 10.0,
        'last_request_timestamp': 20.0,
        'response_times': {'20': 95, '310': 3, '1800': 2},
        **more,
    }


def load(content: str) -> Load:
    (found,) = read('stats', content.encode()).reports
    assert isinstance(found, Load)
    return found


def test_the_statistics_of_locust_are_read_with_their_rounding() -> None:
    found = load(CSV).measures
    assert found['error_rate'] == Measure(0.5, 0.5, '%')
    assert found['max(response_time)'] == Measure(1.7514, 1.7514, 's')
    assert found['throughput'] == Measure(10.5, 10.5)
    assert found['p95(response_time)'] == pytest.approx((0.305, 0.315, 's'))
    assert found['p99(response_time)'] == pytest.approx((1.75, 1.7514, 's'))


def test_percentiles_come_from_the_histogram_of_all_requests() -> None:
    found = load(json.dumps([entry(), entry(num_failures=0)])).measures
    assert found['requests'] == Measure(200, 200)
    assert found['error_rate'] == Measure(0.5, 0.5, '%')
    assert found['p95(response_time)'] == pytest.approx((0.0195, 0.0205, 's'))
    assert found['p98(response_time)'] == pytest.approx((0.305, 0.315, 's'))
    assert found['p99(response_time)'] == pytest.approx((1.75, 1.7514, 's'))
    assert found['throughput'] == Measure(20, 20)


def test_measurements_of_ones_own_are_read_with_their_units() -> None:
    told = {'memory': '300MB', 'cpu': '41%', 'start': '1.5s', 'wait': '20ms', 'jobs': 3}
    assert load(json.dumps({'measurements': told})).measures == {
        'memory': Measure(300 << 20, 300 << 20, 'B'),
        'cpu': Measure(41, 41, '%'),
        'start': Measure(1.5, 1.5, 's'),
        'wait': Measure(0.02, 0.02, 's'),
        'jobs': Measure(3, 3),
    }


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (CSV.replace(',Aggregated', ',Aggr'), 'it was cut off'),
        (CSV.replace(',200,', ',0,'), 'not one request was made'),
        (CSV.replace(',1751.4,', ',never,'), '"never" is no number'),
        (json.dumps([entry(num_requests=0)]), 'not one request was made'),
        (json.dumps([entry(response_times={})]), 'no response time'),
        (json.dumps([entry(response_times={'1e999': 1})]), 'is no number'),
        (json.dumps([entry(num_failures=-1)]), '"num_failures" is missing, or no number'),
        (json.dumps({'measurements': {'cpu': 'much'}}), 'cpu: "much" is no measurement'),
    ],
)
def test_what_proves_nothing_is_refused(content: str, reason: str) -> None:
    found = read('stats', content.encode())
    assert (found.reports, reason in found.trouble) == ((), True), found.trouble

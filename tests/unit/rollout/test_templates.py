import pytest

from liftlock.language.settings.metrics import BUILT_IN
from liftlock.language.settings.model import Condition
from liftlock.language.settings.words import comparison
from liftlock.rollout import health
from liftlock.rollout.analysis import TEMPLATES, Tally, assess, judge, measured, of_condition, take
from liftlock.rollout.reading import Reading
from liftlock.rollout.templates import find


def condition(text: str) -> Condition:
    found = comparison(text, measured=True)
    assert found is not None
    return found


def test_the_language_knows_all_names() -> None:
    assert tuple(TEMPLATES) == BUILT_IN


def test_a_name_without_arguments_is_measured_by_the_router() -> None:
    for name, metric in (
        ('success-rate', 'success_rate'),
        ('error-rate', 'error_rate'),
        ('latency', 'p95'),
    ):
        analysis = TEMPLATES[name]
        assert analysis.metric == metric
        assert (analysis.interval, analysis.measurements) == (10.0, 12)
        bad = Reading(2.0, 200, 150)
        assert assess(analysis, bad, Tally()).phase == 'failed'
        assert assess(analysis, Reading(0.1, 200, 1), Tally()).phase == 'successful'
    assert find('quality') is None


def test_arguments_of_a_manifest_set_the_limits() -> None:
    args = {'service-name': 'shop', 'failure-threshold': '0.8', 'minimum-success-rate': '0.9'}
    found = find('success-rate', args)
    assert found is not None
    assert found.success == Condition('', '>=', 90.0, '%')
    assert found.failure == Condition('', '<', 80.0, '%')
    found = find('latency', {'maximum-latency': '250ms', 'percentile': '99'})
    assert found is not None
    assert (found.metric, found.failure) == ('p99', Condition('', '>', 250.0, 'ms'))


def test_with_an_address_prometheus_is_asked_as_argo_documents_it() -> None:
    args = {'service-name': 'shop', 'prometheus-address': 'http://prometheus:9090'}
    found = find('success-rate', args)
    assert found is not None
    assert found.address == 'http://prometheus:9090'
    selector = 'reporter="source",destination_service=~"shop"'
    assert found.prometheus == (
        f'sum(rate(istio_requests_total{{{selector},response_code!~"5.*"}}[1m]))'
        f' / sum(rate(istio_requests_total{{{selector}}}[1m]))'
    )


@pytest.mark.parametrize(
    ('name', 'args', 'message'),
    [
        ('success-rate', {'minimum-success-rate': 'high'}, 'minimum-success-rate: "high" is no'),
        ('latency', {'maximum-latency': 'fast'}, 'maximum-latency: "fast" is no duration'),
    ],
)
def test_an_argument_that_cannot_be_read_is_named(
    name: str, args: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        find(name, args)


# --- conditions of rollback


def verdict(text: str, *readings: Reading) -> str:
    analysis = of_condition(condition(text) if ' ' in text else Condition(text, '', 0.0, ''))
    tally = Tally()
    for at, one in enumerate(readings, 1):
        tally = take(tally, measured(1, 'watch', text, one, assess(analysis, one, tally)), at)
    return judge(analysis, tally, 0.0, 100.0).phase


def test_a_condition_follows_the_same_rule() -> None:
    assert verdict('error_rate > 5%', Reading(0.08, 100, 8)) == 'running'  # may be chance
    assert verdict('error_rate > 5%', Reading(0.2, 100, 20)) == 'failed'
    assert verdict('error_rate > 5%', Reading(1.0, 10, 10)) == 'failed'
    assert verdict('p99_latency > 1000ms', Reading(2.0, 200, 50)) == 'failed'
    assert verdict('p99_latency > 1000ms', Reading(0.2, 200, 1)) == 'running'


def test_a_condition_takes_nothing_back_for_want_of_data() -> None:
    assert verdict('error_rate > 5%', *[Reading()] * 100) == 'running'
    assert verdict('error_rate > 5%', *[Reading(error='nobody answers')] * 100) == 'running'


def test_unhealthy_is_about_instances() -> None:
    ill, well = health.Health('unhealthy', 0, 2, 'answered 500'), health.Health('healthy', 3)
    assert verdict('unhealthy', health.reading([well, well])) == 'running'
    assert verdict('unhealthy', health.reading([])) == 'running'
    assert verdict('unhealthy', health.reading([well, ill])) == 'failed'

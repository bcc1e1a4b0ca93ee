import pytest

from liftlock.language.settings import words
from liftlock.language.settings.model import Amount


@pytest.mark.parametrize(
    ('text', 'seconds'),
    [('30s', 30), ('10m', 600), ('1h30m', 5400), ('7d', 604800), ('250ms', 0.25), ('0', 0)],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: float) -> None:
    assert words.duration(text) == seconds


@pytest.mark.parametrize('text', ['30', '', 's', '5 m', '-1s', '1w', '10min'])
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert words.duration(text) is None


def test_a_comparison_names_metric_operator_value_and_unit() -> None:
    found = words.comparison('p95(response_time) <= 1.5s', measured=True)
    assert found is not None
    assert found[:4] == ('p95(response_time)', '<=', 1.5, 's')


def test_a_limit_is_a_comparison_without_its_metric() -> None:
    found = words.comparison('> 5%', measured=False)
    assert found is not None
    assert found[:4] == ('', '>', 5.0, '%')


@pytest.mark.parametrize('text', ['error_rate', 'error_rate 5%', '5% > error_rate', 'a > b', ''])
def test_what_is_no_comparison_is_refused(text: str) -> None:
    assert words.comparison(text, measured=True) is None


def test_a_share_is_a_number_or_a_percentage() -> None:
    assert words.share('2') == Amount(2)
    assert words.share('25%') == Amount(25, percent=True)
    assert words.share('101%') is None
    assert words.share('half') is None


@pytest.mark.parametrize(
    ('text', 'size'),
    [('512MB', 512 << 20), ('4GiB', 4 << 30), ('1.5 GB', 3 << 29), ('100B', 100)],
)
def test_a_size_is_read_as_bytes(text: str, size: int) -> None:
    assert words.size(text) == size


@pytest.mark.parametrize('text', ['4', '0GB', 'GB', '4 gigabytes', '-1MB', ''])
def test_what_is_no_size_is_refused(text: str) -> None:
    assert words.size(text) is None


def test_only_a_reference_is_a_secret() -> None:
    found = words.secret('secret:SLACK_WEBHOOK')
    assert found is not None
    assert found.name == 'SLACK_WEBHOOK'
    assert words.secret('hunter2') is None

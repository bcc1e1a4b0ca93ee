import pytest

from liftlock.cli import figures


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (-0.1, '0.0s'),
        (0.04, '0.0s'),
        (59.9, '59.9s'),
        (59.96, '1m 00s'),
        (245, '4m 05s'),
        (3599.7, '1h 00m'),
        (7380, '2h 03m'),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(
    ('count', 'text'), [(0, '0 bytes'), (1023, '1023 bytes'), (1536, '1.5 KB'), (3 << 30, '3.0 GB')]
)
def test_size(count: int, text: str) -> None:
    assert figures.size(count) == text


def test_one_is_no_plural() -> None:
    assert (figures.count(1, 'job'), figures.count(0, 'job')) == ('1 job', '0 jobs')

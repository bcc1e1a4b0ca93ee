import pytest

from liftlock.language.image import parse
from liftlock.runner.services.versions import numbers, wanted_numbers


@pytest.mark.parametrize(
    ('image', 'parts', 'expected'),
    [
        ('postgres:15.3-alpine', 1, (15,)),
        ('postgres:16', 1, (16,)),
        ('postgres', 1, ()),
        ('postgres:latest', 1, ()),
        ('postgres:alpine3.19', 1, ()),
        ('postgis/postgis:15-3.4', 1, (15,)),
        ('pgvector/pgvector:pg16', 1, (16,)),
        ('pgvector/pgvector:0.7.0-pg16', 1, (16,)),
        ('timescale/timescaledb:latest-pg15-oss', 1, (15,)),
        ('mariadb:10.11', 2, (10, 11)),
        ('mysql:8', 2, (8,)),
        ('mysql:8.0.36-debian', 2, (8, 0)),
        ('redis:v7', 1, (7,)),
        ('nginx:1.25', 0, ()),
    ],
)
def test_what_a_tag_asks_for(image: str, parts: int, expected: tuple[int, ...]) -> None:
    named = parse(image)
    assert named is not None
    assert wanted_numbers(named, parts) == expected


def test_numbers_of_a_version() -> None:
    assert numbers('15.18 (Debian)') == (15, 18)
    assert numbers('of unknown version') == ()

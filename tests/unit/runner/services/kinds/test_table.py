import pytest

from liftlock.language.image import parse
from liftlock.runner.services import kinds
from liftlock.runner.services.kinds import mongo, mysql, nginx, postgres, rabbitmq, redis


@pytest.mark.parametrize(
    ('image', 'kind'),
    [
        ('postgres', postgres),
        ('postgres:15-alpine', postgres),
        ('docker.io/library/postgres:15', postgres),
        ('public.ecr.aws/docker/library/postgres:15', postgres),
        ('registry.example.org/mirror/library/redis', redis),
        (f'postgres@sha256:{"a" * 64}', postgres),
        ('postgis/postgis:15-3.4', postgres),
        ('pgvector/pgvector:pg16', postgres),
        ('redis:7', redis),
        ('valkey/valkey:8', redis),
        ('mysql:8', mysql),
        ('mariadb:10.11', mysql),
        ('rabbitmq:3-management', rabbitmq),
        ('nginx', nginx),
        ('mongo:7', mongo),
    ],
)
def test_an_image_has_its_kind_of_server(image: str, kind: object) -> None:
    named = parse(image)
    assert named is not None
    assert kinds.find(named) is kind


@pytest.mark.parametrize(
    'image',
    [
        'bitnami/postgresql:15',  # takes other variables
        'redis/redis-stack-server',
        'acme/postgres',
        'ghcr.io/acme/postgres:15',  # nobody knows what is in there
        'registry.example.org/postgres',
        'elasticsearch:8.12.0',
    ],
)
def test_an_image_of_which_nothing_is_known_has_none(image: str) -> None:
    named = parse(image)
    assert named is not None
    assert kinds.find(named) is None


def test_products_are_named_once() -> None:
    assert kinds.products() == (
        'PostgreSQL, Redis, Valkey, MySQL, MariaDB, RabbitMQ, nginx and MongoDB'
    )

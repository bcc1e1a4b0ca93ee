import pytest

from liftlock.language.image import Image, parse

DIGEST = f'sha256:{"a" * 64}'


@pytest.mark.parametrize(
    ('written', 'expected'),
    [
        ('postgres', Image('docker.io', 'library/postgres')),
        ('postgres:16', Image('docker.io', 'library/postgres', '16')),
        ('bitnami/redis', Image('docker.io', 'bitnami/redis')),
        ('docker.io/postgres:16', Image('docker.io', 'library/postgres', '16')),
        ('index.docker.io/a/b', Image('docker.io', 'a/b')),
        ('ghcr.io/acme/app:v1', Image('ghcr.io', 'acme/app', 'v1')),
        ('localhost/app', Image('localhost', 'app')),
        ('localhost:5000/app:1', Image('localhost:5000', 'app', '1')),
        ('[::1]:5000/app', Image('[::1]:5000', 'app')),
        ('docker://alpine:3.20', Image('docker.io', 'library/alpine', '3.20')),
        (f'alpine@{DIGEST}', Image('docker.io', 'library/alpine', '', DIGEST)),
        (f'alpine:3@{DIGEST}', Image('docker.io', 'library/alpine', '3', DIGEST)),
        ('a_b/c__d--e.f', Image('docker.io', 'a_b/c__d--e.f')),
    ],
)
def test_an_image_is_read_as_docker_reads_it(written: str, expected: Image) -> None:
    assert parse(written) == expected


@pytest.mark.parametrize(
    'written',
    ['', 'Postgres', 'ghcr.io/', 'a:', 'a@', 'a:b:c', 'a@sha256:12', 'a/../b', 'a b', 'x/-y', '@a'],
)
def test_what_names_no_image_is_none(written: str) -> None:
    assert parse(written) is None


def test_the_name_leaves_out_tag_and_digest() -> None:
    found = parse(f'postgres:16@{DIGEST}')
    assert found is not None
    assert found.name == 'docker.io/library/postgres'

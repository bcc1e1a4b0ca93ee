import pytest

from liftlock.language.image import parse
from liftlock.runner.docker.images import in_full, pick_digest

ONE, TWO = ('sha256:' + digit * 64 for digit in '12')


@pytest.mark.parametrize(
    ('written', 'full'),
    [
        ('debian:12', 'docker.io/library/debian:12'),
        ('octo/app', 'docker.io/octo/app'),
        ('ghcr.io/octo/app:1', 'ghcr.io/octo/app:1'),
        (f'debian:12@{ONE}', f'docker.io/library/debian@{ONE}'),
    ],
)
def test_the_namein_full(written: str, full: str) -> None:
    named = parse(written)
    assert named is not None
    assert in_full(named) == full


def test_the_digest_of_its_own_registry() -> None:
    named = parse('ghcr.io/octo/app:1')
    assert named is not None
    assert pick_digest(named, [f'octo/app@{ONE}', f'ghcr.io/octo/app@{TWO}']) == TWO
    assert pick_digest(named, [f'octo/app@{ONE}']) == ONE
    assert pick_digest(named, []) == ''

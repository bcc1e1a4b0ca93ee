from typing import Any

import pytest

from liftlock.runner.containers import make

GITHUB: Any = {'actor': 'mona', 'token': 'ghs_1'}


@pytest.mark.parametrize('value', ['', None, {'image': ''}, {'options': '-x'}])
def test_without_an_image_there_is_no_container(value: Any) -> None:
    assert make(value, GITHUB) is None


def test_everything_becomes_text() -> None:
    made = make(
        {
            'image': 'docker://postgres:16',
            'env': {'PORT': 5432.0, 'EMPTY': None},
            'ports': [5432.0, '80:80'],
            'credentials': {'username': 'ada', 'password': 'x'},
        },
        GITHUB,
    )
    assert made is not None
    assert made.image == 'postgres:16'
    assert made.env == {'PORT': '5432', 'EMPTY': ''}
    assert made.ports == ('5432', '80:80')
    assert (made.username, made.password) == ('ada', 'x')


@pytest.mark.parametrize(
    ('image', 'credentials', 'known'),
    [
        ('ghcr.io/octo/app', None, ('mona', 'ghs_1')),
        ('ghcr.io/octo/app', {'username': 'ada', 'password': 'x'}, ('ada', 'x')),
        ('ghcr.io.example.org/app', None, ('', '')),
        ('octo/app', None, ('', '')),
    ],
)
def test_packages_of_github_open_with_the_token_of_the_run(
    image: str, credentials: Any, known: tuple[str, str]
) -> None:
    made = make({'image': image, 'credentials': credentials}, GITHUB)
    assert made is not None
    assert (made.username, made.password) == known

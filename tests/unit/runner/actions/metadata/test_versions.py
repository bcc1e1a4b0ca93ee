"""Tags of a repository that are versions."""

import pytest

from liftlock.runner.actions.metadata.versions import parse_pep440, parse_semver


@pytest.mark.parametrize(
    ('text', 'version', 'stages'),
    [
        ('v1.2.3', '1.2.3', ()),
        ('1.2.3-rc.1+build.5', '1.2.3-rc.1', ('rc', '1')),
        ('v1.0.0-alpha-beta', '1.0.0-alpha-beta', ('alpha-beta',)),
    ],
)
def test_semver(text: str, version: str, stages: tuple[str, ...]) -> None:
    found = parse_semver(text)
    assert found is not None
    assert (found.raw, found.version, found.prerelease) == (text, version, stages)


@pytest.mark.parametrize('text', ['1.2', 'v01.2.3', '1.2.3.4', '=v1.2.3', '1.2.3-01', 'main', ''])
def test_no_semver(text: str) -> None:
    assert parse_semver(text) is None


@pytest.mark.parametrize(
    ('text', 'version', 'final'),
    [
        ('v1.2.3', '1.2.3', True),
        ('1.2', '1.2', True),
        ('1.2.3beta2', '1.2.3b2', False),
        ('1.2.3-PREVIEW', '1.2.3rc0', False),
        ('1.2post1', '1.2.post1', False),
        ('1.0-1', '1.0.post1', False),
        ('1.0dev4', '1.0.dev4', False),
        ('2!1.0c1.post2.dev3+Local.1', '2!1.0rc1.post2.dev3+local.1', False),
    ],
)
def test_pep440(text: str, version: str, final: bool) -> None:
    found = parse_pep440(text)
    assert found is not None
    assert (found.version, found.final) == (version, final)


def test_missing_numbers_are_zero() -> None:
    found = parse_pep440('1')
    assert found is not None
    assert (found.major, found.minor, found.patch) == ('1', '0', '0')


@pytest.mark.parametrize('text', ['', 'main', '1.2.x', '1.2.3-alpha.beta', 'release1'])
def test_no_pep440(text: str) -> None:
    assert parse_pep440(text) is None

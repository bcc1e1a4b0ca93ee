"""Version ranges. Rows are `range | fits | doesn't`; the rules are node-semver's."""

import pytest

from liftlock.runner.actions.versions import (
    Version,
    parse_range,
    parse_version,
    pick_newest,
    satisfies,
)

ROWS = (
    ('3.12.1', '3.12.1', '3.12.0 3.12.2'),
    ('3.12', '3.12.0 3.12.9', '3.11.9 3.13.0'),
    ('3.x', '3.6.0 3.13.1', '2.7.18 4.0.0'),
    ('3', '3.0.0 3.99.0', '2.9.9 4.0.0'),
    ('*', '2.7.18 22.0.0', '3.13.0-rc1'),
    ('', '1.0.0', '1.0.0-a1'),
    ('>=3.10', '3.10.0 4.0.0', '3.9.18'),
    ('>=3.10 <3.13', '3.12.9', '3.13.0 3.9.0'),
    ('>=3.10, <3.13'.replace(',', ' '), '3.10.0', '3.13.0'),
    ('>= 3.10', '3.10.1', '3.9.0'),
    ('>3.10', '3.11.0', '3.10.5'),
    ('>3.10.1', '3.10.2', '3.10.1'),
    ('<=3.11', '3.11.9', '3.12.0'),
    ('<3.11', '3.10.9', '3.11.0 3.11.0-rc1'),
    ('3.10 - 3.12', '3.10.0 3.12.9', '3.13.0 3.9.9'),
    ('3.10.1 - 3.12.2', '3.12.2', '3.12.3 3.10.0'),
    ('~3.11.2', '3.11.9', '3.11.1 3.12.0'),
    ('~3.11', '3.11.0', '3.12.0'),
    ('~3', '3.99.0', '4.0.0'),
    ('^3.11', '3.99.0', '4.0.0 3.10.0'),
    ('^0.2.3', '0.2.9', '0.3.0 0.2.2'),
    ('^0.0.3', '0.0.3', '0.0.4'),
    ('^18 || ^20', '18.1.0 20.9.0', '19.0.0 21.0.0'),
    ('v20', '20.1.0', '21.0.0'),
    ('3.13.0-rc1', '3.13.0-rc1', '3.13.0-rc2 3.13.0'),
    ('~3.13.0-0', '3.13.0-a5 3.13.0-rc1 3.13.4', '3.14.0-a1 3.12.9'),
    ('>=1.0.0-beta', '1.0.0-beta.2 1.1.0', '1.1.0-beta'),
    ('3.x.x', '3.1.2', '4.0.0'),
)


@pytest.mark.parametrize(('text', 'fitting', 'other'), ROWS)
def test_a_range_lets_in_what_npm_lets_in(text: str, fitting: str, other: str) -> None:
    wanted = parse_range(text)
    assert wanted is not None
    for word in fitting.split():
        version = parse_version(word)
        assert version is not None
        assert satisfies(version, wanted), word
    for word in other.split():
        version = parse_version(word)
        assert version is not None
        assert not satisfies(version, wanted), word


@pytest.mark.parametrize('text', ['latest', '3.12.foo', '>=', 'pypy3.9', '1.2.3.4'])
def test_what_is_no_range_is_none(text: str) -> None:
    assert parse_range(text) is None


@pytest.mark.parametrize('text', ['3.12', 'v20', 'system', '3.12.1/envs/web', '3.12-dev', ''])
def test_what_is_no_full_version_is_none(text: str) -> None:
    assert parse_version(text) is None


def test_versions_are_ordered_by_number_and_a_release_follows_its_pre_releases() -> None:
    texts = ['3.13.0a1', '3.13.0b2', '3.13.0rc1', '3.13.0rc2', '3.13.0', '3.13.10', '3.20.0']
    versions = [version for text in texts if (version := parse_version(text))]
    assert [*map(str, sorted(versions, key=lambda version: version.order))] == [
        '3.13.0-a1', '3.13.0-b2', '3.13.0-rc1', '3.13.0-rc2', '3.13.0', '3.13.10', '3.20.0',
    ]  # fmt: skip


def test_the_newest_that_fits_is_picked() -> None:
    wanted = parse_range('3.x')
    assert wanted is not None
    known = [Version(3, 9, 18), Version(3, 13, 0, 'rc1'), Version(3, 12, 10), Version(4, 0, 0)]
    assert pick_newest(known, wanted) == Version(3, 12, 10)
    assert pick_newest([Version(2, 7, 18)], wanted) is None

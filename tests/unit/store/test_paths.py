from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from liftlock.store import paths


def test_a_plain_key_is_its_own_file_name() -> None:
    assert paths.slug('build-and_test.1') == 'build-and_test.1'


def test_legs_and_called_jobs_get_plain_file_names() -> None:
    assert paths.slug('test[2]') == 'test=5b2=5d'
    assert paths.slug('deploy/smoke') == 'deploy=2fsmoke'


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_different_keys_never_share_a_file_name(one: str, other: str) -> None:
    assert (paths.slug(one) == paths.slug(other)) == (one == other)


@given(st.text(min_size=1, max_size=300))
def test_file_names_are_short_and_plain(key: str) -> None:
    name = paths.slug(key)
    assert len(name) <= paths.LONGEST
    assert '/' not in name
    assert name.isascii()


def test_two_stores_never_share_a_tracking_id() -> None:
    one = paths.RunPaths(Path('/a'), 1).tracking_id('build', 1)
    other = paths.RunPaths(Path('/b'), 1).tracking_id('build', 1)
    assert one != other

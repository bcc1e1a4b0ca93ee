from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from liftlock.store import paths


def test_a_plain_key_is_its_own_file_name() -> None:
    assert paths.slug('build-and_test-1') == 'build-and_test-1'


def test_legs_and_called_jobs_get_plain_file_names() -> None:
    assert paths.slug('test[2]') == 'test.2'
    assert paths.slug('deploy[0]/smoke') == 'deploy.0..smoke'
    assert paths.slug('deploy/smoke') == 'deploy..smoke'


def test_a_path_of_a_job_needs_no_quoting() -> None:
    for key in ('test[2]', 'deploy[0]/smoke[11]', 'a/b/c'):
        assert not set('=[]%:@ ') & set(paths.slug(key))


KEYS = st.text(st.sampled_from('a0[]/.=5bd'), min_size=1, max_size=12)


@given(KEYS, KEYS)
def test_keys_that_look_alike_never_share_a_file_name(one: str, other: str) -> None:
    assert (paths.slug(one) == paths.slug(other)) == (one == other)


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

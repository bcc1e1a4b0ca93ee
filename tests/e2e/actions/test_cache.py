"""Caches through the real store, tar and zstd."""

import hashlib
import shutil
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from e2e.actions.ground import Ground
from liftlock.runner.actions.caching import compute_version
from liftlock.runner.workbench import StepFailed

CACHE = 'actions/cache@v4'


def job_with(ground: Ground, text: str = 'one') -> Path:
    job = ground.job()
    for place in ('work/deps/lib', 'home/.store'):
        (job / place).mkdir(parents=True)
        (job / place / 'f').write_text(text)
    (job / 'work/deps/link').symlink_to('lib')
    return job


def save(ground: Ground, key: str, path: str = 'deps\n~/.store') -> Bench:
    bench = ground.step(CACHE, {'key': key, 'path': path}, job_with(ground, key))
    bench.main()
    bench.post()
    return bench


def restore(ground: Ground, key: str, uses: str = CACHE, **inputs: str) -> Bench:
    given = {name.replace('_', '-'): value for name, value in inputs.items()}
    bench = ground.step(uses, {'key': key, 'path': 'deps\n~/.store', **given})
    bench.main()
    return bench


def test_the_version_is_that_of_the_original() -> None:
    expected = hashlib.sha256(b'~/.cache/pypoetry|zstd-without-long|1.0').hexdigest()
    assert compute_version(['~/.cache/pypoetry'], zstd=True) == expected
    assert expected.startswith('7b31723a')
    assert compute_version(['a', 'b'], zstd=False) == hashlib.sha256(b'a|b|gzip|1.0').hexdigest()


def test_what_was_saved_comes_back_also_outside_of_the_workspace(ground: Ground) -> None:
    first = save(ground, 'k-1')
    assert 'cache-hit' not in first.outputs
    shutil.rmtree(first.workspace)
    shutil.rmtree(first.home)
    second = ground.step(CACHE, {'key': 'k-1', 'path': 'deps\n~/.store'}, first.workspace.parent)
    second.main()
    assert second.outputs == {'cache-hit': 'true'}
    assert (second.workspace / 'deps/lib/f').read_text() == 'k-1'
    assert (second.workspace / 'deps/link').is_symlink()
    assert (second.home / '.store/f').read_text() == 'k-1'


def test_the_newest_with_the_prefix_serves_and_is_no_hit(ground: Ground) -> None:
    save(ground, 'deps-a')
    save(ground, 'deps-b')
    bench = restore(ground, 'deps-c', restore_keys='other-\ndeps-')
    assert bench.outputs == {'cache-hit': 'false'}
    assert (bench.workspace / 'deps/lib/f').read_text() == 'deps-b'
    bench.post()
    assert 'Cache saved with key: deps-c' in bench.lines


def test_an_exact_hit_is_not_saved_again(ground: Ground) -> None:
    save(ground, 'k')
    bench = restore(ground, 'k')
    bench.post()
    assert bench.lines[-1] == 'Cache hit occurred on the primary key k, not saving cache.'


def test_other_paths_are_another_cache(ground: Ground) -> None:
    save(ground, 'k')
    bench = ground.step(CACHE, {'key': 'k', 'path': 'deps'})
    bench.main()
    assert bench.outputs == {}


def test_a_key_is_saved_once_and_the_job_goes_on(ground: Ground) -> None:
    save(ground, 'k', 'deps')
    late = ground.step('actions/cache/save@v4', {'key': 'k', 'path': 'deps'}, job_with(ground))
    late.main()
    assert late.warnings == ['Cache save failed.']
    assert 'Unable to reserve cache with key k' in late.lines[-1]


def test_a_path_that_is_not_there_is_not_saved(ground: Ground) -> None:
    bench = ground.step(CACHE, {'key': 'k', 'path': 'nothing'})
    bench.main()
    bench.post()
    assert 'Path Validation Error' in bench.lines[-1]


def test_the_halves_alone_tell_their_keys(ground: Ground) -> None:
    job = job_with(ground)
    ground.step('actions/cache/save@v4', {'key': 'k-1', 'path': 'deps\n~/.store'}, job).main()
    bench = restore(ground, 'k-2', 'actions/cache/restore@v4', restore_keys='k-')
    assert bench.outputs == {
        'cache-primary-key': 'k-2', 'cache-matched-key': 'k-1', 'cache-hit': 'false',
    }  # fmt: skip


def test_looking_up_unpacks_nothing(ground: Ground) -> None:
    save(ground, 'k')
    bench = restore(ground, 'k', lookup_only='true')
    assert bench.outputs == {'cache-hit': 'true'}
    assert not (bench.workspace / 'deps').exists()


def test_a_miss_fails_the_step_where_that_is_asked_for(ground: Ground) -> None:
    with pytest.raises(StepFailed, match='fail-on-cache-miss is set'):
        restore(ground, 'k', fail_on_cache_miss='true')


@pytest.mark.parametrize(
    ('key', 'others'), [('a,b', ''), ('x' * 513, ''), ('k', '\n'.join('abcdefghij')), ('', '')]
)
def test_keys_have_their_limits(ground: Ground, key: str, others: str) -> None:
    with pytest.raises(StepFailed):
        restore(ground, key, restore_keys=others)


def test_without_zstd_gzip_serves(ground: Ground, tmp_path: Path) -> None:
    tools = tmp_path / 'bin'
    tools.mkdir()
    for name in ('tar', 'gzip'):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    given = {'key': 'k', 'path': 'deps'}
    first = ground.step(CACHE, given, job_with(ground), PATH=str(tools))
    first.main()
    first.post()
    second = ground.step(CACHE, given, PATH=str(tools))
    second.main()
    assert second.outputs == {'cache-hit': 'true'}
    assert (second.workspace / 'deps/lib/f').read_text() == 'one'

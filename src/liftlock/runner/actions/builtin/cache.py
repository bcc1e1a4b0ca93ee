"""actions/cache: restore now, and save when the job ended well and there was no exact hit."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import caching
from liftlock.runner.workbench import Workbench

INPUTS: Final[Mapping[str, str]] = {
    'path': '',
    'key': '',
    'restore-keys': '',
    'upload-chunk-size': '',
    'enableCrossOsArchive': 'false',
    'fail-on-cache-miss': 'false',
    'lookup-only': 'false',
    'save-always': 'false',
}
POST_IF: Final = 'success()'


async def main(bench: Workbench) -> None:
    key = bench.inputs['key'].strip()
    bench.save_state('CACHE_KEY', key)
    matched = await caching.restore(bench)
    if matched:  # on a miss the output stays unset, as in the original
        bench.save_state('CACHE_RESULT', matched)
        bench.set_output('cache-hit', str(caching.same(key, matched)).lower())


async def post(bench: Workbench) -> None:
    key = bench.state.get('CACHE_KEY', '')
    if not key:
        bench.log('[warning]Key is not specified.')
    elif caching.same(key, bench.state.get('CACHE_RESULT', '')):
        bench.log(f'Cache hit occurred on the primary key {key}, not saving cache.')
    else:
        await caching.save(bench, key)

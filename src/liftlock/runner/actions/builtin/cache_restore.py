"""actions/cache/restore: only the first half, with its keys as outputs."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import caching
from liftlock.runner.workbench import Workbench

INPUTS: Final[Mapping[str, str]] = {
    'path': '',
    'key': '',
    'restore-keys': '',
    'enableCrossOsArchive': 'false',
    'fail-on-cache-miss': 'false',
    'lookup-only': 'false',
}


async def main(bench: Workbench) -> None:
    key = bench.inputs['key'].strip()
    bench.set_output('cache-primary-key', key)
    matched = await caching.restore(bench)
    if matched:
        bench.set_output('cache-matched-key', matched)
        bench.set_output('cache-hit', str(caching.same(key, matched)).lower())

"""actions/cache/save: only the second half, wherever in the job it stands."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import caching
from liftlock.runner.workbench import Workbench

INPUTS: Final[Mapping[str, str]] = {
    'path': '',
    'key': '',
    'upload-chunk-size': '',
    'enableCrossOsArchive': 'false',
}


async def main(bench: Workbench) -> None:
    if not await caching.save(bench, bench.inputs['key'].strip()):
        bench.warning('Cache save failed.')

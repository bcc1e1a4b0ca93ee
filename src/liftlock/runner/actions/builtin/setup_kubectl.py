"""azure/setup-kubectl, all majors: the kubectl of this machine in the version that is asked for."""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import tools
from liftlock.runner.actions.versions import parse_range
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {'version': 'latest'}
_VERSION: Final = re.compile(r'v?(\d+\.\d+(?:\.\d+)?)', re.ASCII)


async def main(bench: Workbench) -> None:
    wanted = bench.inputs['version'].strip()
    found = _VERSION.fullmatch(wanted)
    if wanted.lower() != 'latest' and found is None:
        raise StepFailed(
            f'Invalid version format: "{wanted}". Version must be in "major.minor" or '
            '"major.minor.patch" format (e.g., "1.27" or "v1.27.15").'
        )
    range_ = parse_range(found[1] if found else '')
    assert range_ is not None
    words = ('version', '--client', '--output=json')
    tool = await tools.find(bench, 'kubectl', range_, wanted, words)
    if tool.directory is not None:
        bench.add_path(tool.directory)
    bench.set_output('kubectl-path', tool.path)
    bench.log(f'kubectl v{tool.version}: {tool.path}')

"""azure/setup-helm, all majors: the helm of this machine in the version that is asked for."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import tools
from liftlock.runner.actions.versions import parse_range
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'version': 'latest',
    'token': '',
    'downloadBaseURL': 'https://get.helm.sh',
}


async def main(bench: Workbench) -> None:
    wanted = bench.inputs['version'].strip()
    range_ = parse_range('' if wanted.lower() == 'latest' else wanted)
    if range_ is None:
        raise StepFailed(f"'{wanted}' is no version of helm")
    tool = await tools.find(bench, 'helm', range_, wanted, ('version', '--template={{.Version}}'))
    if tool.directory is not None:
        bench.add_path(tool.directory)
    bench.set_output('helm-path', tool.path)
    bench.log(f'helm v{tool.version}: {tool.path}')

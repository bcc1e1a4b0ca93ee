"""docker/setup-qemu-action, all majors: tells what this machine emulates, and changes nothing.

The original registers emulators with the kernel, for the whole machine and until it is restarted.
On GitHub that machine is thrown away; here it is somebody's own.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import engines, platforms
from liftlock.runner.actions.inputs import split_list
from liftlock.runner.workbench import Workbench

INPUTS: Final[Mapping[str, str]] = {
    'image': 'docker.io/tonistiigi/binfmt:latest',
    'platforms': 'all',
    'reset': 'false',
    'cache-image': 'true',
}
_REMEDY: Final = (
    'To build for them, register emulators on this machine once '
    '(Debian and Ubuntu: apt install qemu-user-static binfmt-support)'
)


async def main(bench: Workbench) -> None:
    engine = await engines.find(bench, 'docker/setup-qemu-action')
    own = platforms.normalise(engine.platform)
    here = list(dict.fromkeys([own, *platforms.emulated()]))
    bench.set_output('platforms', ','.join(here))
    bench.log(f'This machine runs images for {", ".join(here)}. Nothing on it was changed.')
    wanted = [name for name in split_list(bench.inputs['platforms']) if name != 'all']
    missing = platforms.missing(wanted, own)
    if missing:
        bench.warning(f'Not emulated here: {", ".join(missing)}. {_REMEDY}')
    elif not wanted and len(here) == 1:
        bench.log(f'No other platform is emulated here. {_REMEDY}')

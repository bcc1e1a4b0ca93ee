"""dependency-check/Dependency-Check_Action: OWASP's tool with the same arguments."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import scanning
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.actions.scanning import DEPENDENCY_CHECK, Scan
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'project': '',
    'path': '',
    'format': '',
    'out': 'reports',
    'args': '',
}


async def main(bench: Workbench) -> None:
    project, path, form = (read_required(bench, name) for name in ('project', 'path', 'format'))
    out = bench.workspace / bench.inputs['out']
    words = (
        '--project', project, '--scan', str(bench.workspace / path), '--format', form,
        '--out', str(out), '--noupdate', *bench.inputs['args'].split(),
    )  # fmt: skip
    status = await scanning.run(bench, DEPENDENCY_CHECK, Scan(words))
    if status:
        raise StepFailed(f'Dependency-Check ended with exit code {status}')
    if not out.is_file() and not any(out.glob('dependency-check-*')):
        scanning.require(out / 'dependency-check-report', DEPENDENCY_CHECK)

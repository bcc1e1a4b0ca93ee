"""zaproxy/action-full-scan, all versions: ZAP's script, its reports as an artifact, no issue."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.plan.facts import ArtifactStored
from liftlock.runner.actions import scanning
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.actions.scanning import ZAP_FULL, Scan, Scanner
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'token': '',
    'target': '',
    'rules_file_name': '',
    'docker_name': 'ghcr.io/zaproxy/zaproxy:stable',
    'cmd_options': '',
    'issue_title': 'ZAP Full Scan Report',
    'fail_action': 'false',
    'allow_issue_writing': 'true',
    'artifact_name': 'zap_scan',
}
_REPORTS: Final = ('report_json.json', 'report_md.md', 'report_html.html')
_INSIDE: Final = '/zap/wrk/'
_HEADERS: Final = ('ZAP_AUTH_HEADER', 'ZAP_AUTH_HEADER_VALUE', 'ZAP_AUTH_HEADER_SITE')
_ALERTS: Final = (1, 2)  # failures, or warnings only; 3 is a scan that failed


async def main(bench: Workbench) -> None:
    await scan(bench, ZAP_FULL)


async def scan(bench: Workbench, scanner: Scanner) -> None:
    """What both actions do."""
    target = read_required(bench, 'target')
    for name in _REPORTS:  # whoever ZAP is in its container must be able to write them
        scanning.write(bench, bench.workspace / name, '', 0o666)
    tools = ('-J', _REPORTS[0], '-w', _REPORTS[1], '-r', _REPORTS[2])
    rules = bench.inputs['rules_file_name']
    words = ['-t', target, *tools, *bench.inputs['cmd_options'].split()]
    words += ['-c', rules] if rules else []
    asked = Scan(
        words=words,
        wanted=(scanner.programs[0], *words),
        env={name: bench.env[name] for name in _HEADERS if name in bench.env},
        image=bench.inputs['docker_name'],
        inside=_INSIDE,
        options=('--network', 'host'),
    )
    status = await scanning.run(bench, scanner, asked)
    if status and status not in _ALERTS:
        raise StepFailed(f'failed to scan the target: exit code {status}')
    scanning.require(bench.workspace / _REPORTS[0], scanner)
    await _keep(bench)
    bench.log('No issue is written: the reports are kept with this run.')
    if status and bench.inputs['fail_action'].lower() == 'true':
        raise StepFailed('Scan action failed as ZAP has identified alerts')


async def _keep(bench: Workbench) -> None:
    name = bench.inputs['artifact_name'] or 'zap_scan'
    files = [(name, bench.workspace / name) for name in _REPORTS if _holds(bench.workspace / name)]
    try:
        _, size, digest = await bench.world.artifacts.store(
            name, files, merge=False, overwrite=True, retention_days=0, compression=6
        )
    except UserError as error:
        raise StepFailed(str(error)) from None
    bench.report(ArtifactStored(bench.job, name, digest, size, len(files)))


def _holds(file: Path) -> bool:
    return file.stat().st_size > 0

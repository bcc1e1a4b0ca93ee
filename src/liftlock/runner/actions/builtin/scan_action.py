"""anchore/scan-action, all majors: runs grype and says where its report is."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import scanning
from liftlock.runner.actions.documents import read_text
from liftlock.runner.actions.inputs import read_boolean
from liftlock.runner.actions.majors import major
from liftlock.runner.actions.scanning import GRYPE, Scan
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'image': '',
    'path': '',
    'sbom': '',
    'fail-build': 'true',
    'output-format': 'sarif',
    'output-file': '',
    'severity-cutoff': 'medium',
    'only-fixed': 'false',
    'add-cpes-if-none': 'false',
    'by-cve': 'false',
    'grype-version': '',
    'vex': '',
    'config': '',
    'cache-db': '',
    'registry-username': '',
    'registry-password': '',
}
_SEVERITIES: Final = ('negligible', 'low', 'medium', 'high', 'critical')
_FORMATS: Final = ('sarif', 'json', 'table', 'cyclonedx', 'cyclonedx-xml', 'cyclonedx-json')
_IN_WORKSPACE: Final = 5  # up to here the report is ./results.<format>
_FOUND: Final = 2  # exit status for findings at or above the cutoff
_SOCKET: Final = '/var/run/docker.sock'


async def main(bench: Workbench) -> None:
    form, cutoff = bench.inputs['output-format'].lower(), bench.inputs['severity-cutoff'].lower()
    if form not in _FORMATS:
        raise StepFailed(f'Invalid output-format value is set to {form} - choose json or sarif')
    if cutoff not in _SEVERITIES:
        raise StepFailed(
            f'Invalid severity-cutoff value is set to {cutoff} - must be one of '
            f'{", ".join(_SEVERITIES)}'
        )
    report = _report(bench, form)
    words = ['-o', form, '--file', report, '--fail-on', cutoff]
    words += [
        f'--{name}' for name in ('only-fixed', 'add-cpes-if-none', 'by-cve')
        if read_boolean(bench, name)
    ]  # fmt: skip
    words += ['--vex', bench.inputs['vex']] if bench.inputs['vex'] else []
    for name in bench.inputs['config'].split():
        words += ['--config', name]
    tag = bench.inputs['grype-version'] or 'latest'
    options = ('--volume', f'{_SOCKET}:{_SOCKET}') if bench.inputs['image'] else ()
    scan = Scan((*words, _source(bench)), _env(bench), f'{GRYPE.image}:{tag}', options=options)
    file = bench.own(bench.workspace / report)
    file.unlink(missing_ok=True)  # an older one must not stand for this one
    status = await scanning.run(bench, GRYPE, scan)
    if status not in (0, _FOUND) and not file.exists():
        raise StepFailed(f'grype had a non-zero exit status when running: {status}')
    scanning.require(file, GRYPE)
    if form == 'table':
        bench.log(read_text(bench, file))
    else:
        bench.set_output(form, report)
    if status:
        _judge(bench, status, cutoff)


def _judge(bench: Workbench, status: int, cutoff: str) -> None:
    """Grype once had 1 for findings too: there only the report tells them from a crash."""
    message = (
        f"Failed minimum severity level. Found vulnerabilities with level '{cutoff}' or higher"
    )
    if status != _FOUND and major(bench.ref) > _IN_WORKSPACE:
        raise StepFailed('grype had a non-zero exit status when running')
    if read_boolean(bench, 'fail-build', default=True):
        raise StepFailed(message)
    bench.warning(message)


def _report(bench: Workbench, form: str) -> str:
    if bench.inputs['output-file']:
        return bench.inputs['output-file']
    ending = 'txt' if form == 'table' else form
    name = f'results.{ending}'
    return f'./{name}' if major(bench.ref) <= _IN_WORKSPACE else str(bench.temp / name)


def _source(bench: Workbench) -> str:
    image, path, sbom = (bench.inputs[name] for name in ('image', 'path', 'sbom'))
    if sum(map(bool, (image, path, sbom))) > 1:
        raise StepFailed('The following options are mutually exclusive: image, path, sbom')
    if image:
        return image
    return f'sbom:{sbom}' if sbom else f'dir:{path or "."}'


def _env(bench: Workbench) -> dict[str, str]:
    env = {'GRYPE_CHECK_FOR_APP_UPDATE': 'false'}
    user, password = bench.inputs['registry-username'], bench.inputs['registry-password']
    if user or password:
        env |= {
            'GRYPE_REGISTRY_AUTH_USERNAME': user,
            'GRYPE_REGISTRY_AUTH_PASSWORD': password,
        }
    return env

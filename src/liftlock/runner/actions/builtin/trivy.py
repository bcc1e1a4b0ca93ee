"""aquasecurity/trivy-action, all versions: runs trivy with the same variables and arguments."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import scanning
from liftlock.runner.actions.documents import read_text
from liftlock.runner.actions.scanning import TRIVY, Scan
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'scan-type': 'image',
    'image-ref': '',
    'input': '',
    'scan-ref': '.',
    'exit-code': '',
    'ignore-unfixed': 'false',
    'vuln-type': 'os,library',
    'severity': 'UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL',
    'format': 'table',
    'template': '',
    'output': '',
    'skip-dirs': '',
    'skip-files': '',
    'cache-dir': '',
    'timeout': '',
    'ignore-policy': '',
    'hide-progress': '',
    'list-all-pkgs': 'false',
    'scanners': '',
    'trivyignores': '',
    'github-pat': '',
    'trivy-config': '',
    'tf-vars': '',
    'limit-severities-for-sarif': '',
    'docker-host': '',
    'version': '',
    'cache': 'true',
    'skip-setup-trivy': 'false',
    'token-setup-trivy': '',
}
# What is left at its default is not said: a variable or a file of settings may say it.
_VARIABLES: Final = {
    'input': 'TRIVY_INPUT',
    'exit-code': 'TRIVY_EXIT_CODE',
    'ignore-unfixed': 'TRIVY_IGNORE_UNFIXED',
    'vuln-type': 'TRIVY_PKG_TYPES',
    'severity': 'TRIVY_SEVERITY',
    'format': 'TRIVY_FORMAT',
    'template': 'TRIVY_TEMPLATE',
    'output': 'TRIVY_OUTPUT',
    'skip-dirs': 'TRIVY_SKIP_DIRS',
    'skip-files': 'TRIVY_SKIP_FILES',
    'timeout': 'TRIVY_TIMEOUT',
    'ignore-policy': 'TRIVY_IGNORE_POLICY',
    'hide-progress': 'TRIVY_QUIET',
    'list-all-pkgs': 'TRIVY_LIST_ALL_PKGS',
    'scanners': 'TRIVY_SCANNERS',
    'trivy-config': 'TRIVY_CONFIG',
    'tf-vars': 'TRIVY_TF_VARS',
    'docker-host': 'TRIVY_DOCKER_HOST',
}
_SOCKET: Final = '/var/run/docker.sock'


async def main(bench: Workbench) -> None:
    env = {
        variable: bench.inputs[name]
        for name, variable in _VARIABLES.items()
        if bench.inputs[name] not in ('', INPUTS[name])
    }
    env |= _ignores(bench)
    if env.get('TRIVY_FORMAT') == 'sarif' and bench.inputs['limit-severities-for-sarif'] != 'true':
        bench.log('Building SARIF report with all severities')
        env.pop('TRIVY_SEVERITY', None)
    if env.get('TRIVY_FORMAT') == 'github':
        bench.warning('The dependency snapshot is not sent to GitHub: this run is not there')
    if bench.inputs['cache-dir']:
        env['TRIVY_CACHE_DIR'] = bench.inputs['cache-dir']
    words = (bench.inputs['scan-type'], bench.inputs['image-ref'] or bench.inputs['scan-ref'])
    version = bench.inputs['version'].removeprefix('v')
    bench.log(f'Running Trivy with options: trivy {" ".join(words)}')
    image = f'{TRIVY.image}:{version or "latest"}'
    options = ('--volume', f'{_SOCKET}:{_SOCKET}') if words[0] == 'image' else ()
    status = await scanning.run(bench, TRIVY, Scan(words, env, image, options=options))
    if status:
        raise StepFailed(f'Process completed with exit code {status}.')
    if bench.inputs['output']:
        scanning.require(bench.workspace / bench.inputs['output'], TRIVY)


def _ignores(bench: Workbench) -> dict[str, str]:
    """One file of YAML, or all plain ones in one."""
    names = bench.inputs['trivyignores'].replace(',', ' ').split()
    for name in names:
        if not (bench.workspace / name).is_file():
            raise StepFailed(f"ERROR: cannot find ignorefile '{name}'.")
    yaml = [name for name in names if name.endswith(('.yml', '.yaml'))]
    if not names:
        return {}
    if yaml:
        if len(names) > 1:
            raise StepFailed('ERROR: one YAML ignore file, or several plain ones, but not both.')
        return {'TRIVY_IGNOREFILE': yaml[0]}
    texts = [read_text(bench, name) for name in names]
    scanning.write(bench, bench.workspace / 'trivyignores', ''.join(texts))
    return {'TRIVY_IGNOREFILE': './trivyignores'}

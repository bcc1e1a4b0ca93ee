"""azure/k8s-set-context, all majors: a kubeconfig of the job's own, which KUBECONFIG names.

From a kubeconfig or from the secret of a service account. Clusters that Azure Arc connects need the
az program and a login at Azure, and are refused.
"""

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any, Final

from liftlock.runner.actions.documents import BadDocument, parse_yaml
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'cluster-type': 'generic',
    'method': 'kubeconfig',
    'kubeconfig': '',
    'kubeconfig-encoding': 'plaintext',
    'context': '',
    'k8s-url': '',
    'k8s-secret': '',
    'token': '',
    'resource-group': '',
    'cluster-name': '',
}


async def main(bench: Workbench) -> None:
    if bench.inputs['cluster-type'].strip().lower() == 'arc':
        raise StepFailed(
            'cluster-type: arc needs Azure (az connectedk8s), which this stand-in does not reach. '
            'Give a kubeconfig, or run the original with --real-actions'
        )
    if bench.inputs['cluster-type'].strip().lower() != 'generic':
        bench.warning('Cluster type not recognized. Defaulting to generic.')
    text = _choose(bench, _read(bench))
    opened, path = tempfile.mkstemp(prefix='kubeconfig_', dir=bench.temp)
    with os.fdopen(opened, 'w', encoding='utf-8') as stream:
        stream.write(text)
    bench.export('KUBECONFIG', path)
    bench.log('KUBECONFIG environment variable is set')


def _read(bench: Workbench) -> str:
    method = bench.inputs['method'].strip().lower()
    if method == 'service-account':
        return _of_service_account(bench)
    if method == 'service-principal':
        bench.warning('Service Principal method not supported for default cluster type')
    elif method != 'kubeconfig':
        bench.warning('Defaulting to kubeconfig method')
    text = read_required(bench, 'kubeconfig')
    encoding = bench.inputs['kubeconfig-encoding'].strip().lower() or 'plaintext'
    if encoding not in ('plaintext', 'base64'):
        raise StepFailed(
            f"Invalid kubeconfig-encoding: '{encoding}'. Must be 'plaintext' or 'base64'."
        )
    return text if encoding == 'plaintext' else _decode(text, 'kubeconfig')


def _decode(text: str, name: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise StepFailed(f'{name} is not encoded in base64') from None


def _of_service_account(bench: Workbench) -> str:
    url = read_required(bench, 'k8s-url')
    try:
        secret = parse_yaml(read_required(bench, 'k8s-secret'))
    except BadDocument:
        secret = None
    if not isinstance(secret, dict):
        raise StepFailed('K8s secret yaml is invalid')
    data = secret.get('data')
    if not isinstance(data, dict):
        raise StepFailed('K8s secret yaml does not contain data field')
    for field in ('token', 'ca.crt'):
        if not data.get(field):
            raise StepFailed(f'K8s secret yaml does not contain {field} field')
    token = _decode(str(data['token']), 'the token of k8s-secret')
    bench.mask(token)
    cluster = {'server': url, 'certificate-authority-data': str(data['ca.crt'])}
    context = {'cluster': 'default', 'user': 'default-user'}
    return json.dumps({
        'apiVersion': 'v1',
        'kind': 'Config',
        'clusters': [{'name': 'default', 'cluster': cluster}],
        'users': [{'name': 'default-user', 'user': {'token': token}}],
        'contexts': [{'name': 'loaded-context', 'context': context}],
        'current-context': 'loaded-context',
    })  # fmt: skip


def _choose(bench: Workbench, text: str) -> str:
    """With another current context, if one is asked for."""
    wanted = bench.inputs['context'].strip()
    if not wanted:
        return text
    try:
        config: Any = parse_yaml(text)
    except BadDocument as error:
        raise StepFailed(f'The kubeconfig is no YAML: {error}') from None
    listed = config.get('contexts') if isinstance(config, dict) else None
    names = [str(one.get('name')) for one in listed or () if isinstance(one, dict)]
    if wanted not in names:
        raise StepFailed(
            f"The kubeconfig has no context '{wanted}' (it has {', '.join(names) or 'none'})"
        )
    return json.dumps({**config, 'current-context': wanted})

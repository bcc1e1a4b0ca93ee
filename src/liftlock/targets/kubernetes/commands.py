"""Command lines of `kubectl` and `helm`. These functions build words; they run nothing."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from liftlock.language.records import NamedTuple

Command: TypeAlias = tuple[str, ...]

STDIN: Final = ('--filename', '-')
JSON: Final = ('--output', 'json')


class Cluster(NamedTuple):
    """Where a command line goes. An empty context is the current one of the kubeconfig, which
    both programs find by their environment."""

    context: str = ''
    namespace: str = 'default'
    program: str = 'kubectl'
    helm: str = 'helm'
    kubeconfig: str = ''  # a file; '' is that of whoever runs Liftlock


def kubectl(cluster: Cluster, *words: str) -> Command:
    context = (f'--context={cluster.context}',) if cluster.context else ()
    return (cluster.program, *context, f'--namespace={cluster.namespace}', *words)


def get(cluster: Cluster, *objects: str) -> Command:
    """`kind/name` each; those that are not there are left out."""
    return kubectl(cluster, 'get', *objects, '--ignore-not-found', *JSON)


def listing(cluster: Cluster, kinds: Iterable[str], selector: str) -> Command:
    return kubectl(cluster, 'get', ','.join(kinds), f'--selector={selector}', *JSON)


def kustomize(cluster: Cluster, directory: str) -> Command:
    """Needs no cluster."""
    return (cluster.program, 'kustomize', directory)


def apply(cluster: Cluster, *, dry: bool = False, options: Iterable[str] = ()) -> Command:
    """Reads the objects from the standard input, and prints them as the server has them then."""
    dried = ('--dry-run=server',) if dry else ()
    return kubectl(cluster, 'apply', *dried, *options, *STDIN, *JSON)


def diff(cluster: Cluster) -> Command:
    """Ends with 1 where something differs."""
    return kubectl(cluster, 'diff', *STDIN)


def create(cluster: Cluster) -> Command:
    return kubectl(cluster, 'create', *STDIN, *JSON)


def patch(cluster: Cluster, target: str, kind: str, subresource: str = '') -> Command:
    """The patch comes from the standard input: it may hold what nobody should see in `ps`."""
    below = (f'--subresource={subresource}',) if subresource else ()
    return kubectl(
        cluster, 'patch', target, f'--type={kind}', *below, '--patch-file=/dev/stdin', *JSON
    )


def put_status(cluster: Cluster, path: str) -> Command:
    """For a kubectl before 1.24, which has no --subresource. `path` as in a URL."""
    return kubectl(cluster, 'replace', f'--raw={path}/status', *STDIN)


def undo(cluster: Cluster, target: str, revision: int) -> Command:
    return kubectl(cluster, 'rollout', 'undo', target, f'--to-revision={revision}')


def scale(cluster: Cluster, target: str, replicas: int) -> Command:
    return kubectl(cluster, 'scale', target, f'--replicas={replicas}')


def delete(cluster: Cluster, *objects: str, cascade: str = 'background') -> Command:
    return kubectl(
        cluster, 'delete', *objects, '--ignore-not-found', '--wait=false', f'--cascade={cascade}'
    )


def mark(cluster: Cluster, kind: str, selector: str, *labels: str) -> Command:
    """Set (`key=value`) or remove (`key-`) labels of all that the selector finds."""
    return kubectl(cluster, 'label', kind, f'--selector={selector}', '--overwrite', *labels)


def logs(
    cluster: Cluster, selector: str, container: str, *, follow: bool, previous: bool
) -> Command:
    inside = (f'--container={container}',) if container else ('--all-containers',)
    also = [('--follow', follow), ('--previous', previous)]
    return kubectl(
        cluster,
        'logs',
        f'--selector={selector}',
        *inside,
        '--prefix',
        '--tail=1000',
        '--max-log-requests=100',
        *(word for word, wanted in also if wanted),
    )


def usage(cluster: Cluster, selector: str) -> Command:
    """CPU and memory of pods, where the cluster measures them."""
    from urllib.parse import quote

    path = f'/apis/metrics.k8s.io/v1beta1/namespaces/{cluster.namespace}/pods'
    return kubectl(cluster, 'get', '--raw', f'{path}?labelSelector={quote(selector)}')


# --- helm


def helm(cluster: Cluster, *words: str) -> Command:
    context = (f'--kube-context={cluster.context}',) if cluster.context else ()
    return (cluster.helm, *context, f'--namespace={cluster.namespace}', *words)


def _chart(release: str, chart: str, values: Iterable[str]) -> Command:
    """What we set ourselves comes last, from the standard input: it wins, and `ps` shows none."""
    return (release, chart, *(f'--values={name}' for name in values), '--values=-')


def template(cluster: Cluster, release: str, chart: str, values: Iterable[str]) -> Command:
    """Needs no cluster."""
    return helm(cluster, 'template', *_chart(release, chart, values))


def upgrade(
    cluster: Cluster,
    release: str,
    chart: str,
    values: Iterable[str],
    *,
    note: str,
    namespace: bool = False,
) -> Command:
    """Without --wait: what becomes of it is seen at the next looks."""
    created = ('--create-namespace',) if namespace else ()
    words = ('upgrade', '--install', *_chart(release, chart, values))
    return helm(cluster, *words, *created, f'--description={note}', *JSON)


def manifest(cluster: Cluster, release: str) -> Command:
    return helm(cluster, 'get', 'manifest', release)


def shown(command: Command, env: Mapping[str, str] = {}) -> str:
    """For people, as they could type it."""
    import shlex

    return shlex.join((*(f'{name}={value}' for name, value in env.items()), *command))

"""Which kind of target the settings ask for."""

from pathlib import Path
from typing import TypeAlias

from liftlock.language.settings import model
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes import options, routers
from liftlock.targets.kubernetes.applied import Applied
from liftlock.targets.kubernetes.charts import Chart
from liftlock.targets.kubernetes.client import PATIENCE, Client
from liftlock.targets.kubernetes.coloured import Coloured
from liftlock.targets.kubernetes.commands import Cluster
from liftlock.targets.kubernetes.names import label
from liftlock.targets.kubernetes.patched import Patched
from liftlock.targets.kubernetes.place import Lay, Place
from liftlock.targets.kubernetes.shape import Shape

Kubernetes: TypeAlias = Applied | Chart | Patched | Coloured


def make(
    target: model.Kubernetes,
    strategy: model.Strategy,
    *,
    name: str,
    directory: Path,
    lay: Lay,
    cluster: Cluster | None = None,
    patience: float = PATIENCE,
    kubeconfig: str = '',
) -> Kubernetes:
    """`name` is unlike that of every other environment in the namespace: what is ours carries it
    as a label. `directory` is for records; `lay` puts a version's files into a directory.
    `kubeconfig` is a file, or what stands in one.

    Raises Trouble where the settings cannot be carried out.
    """
    where = (cluster or Cluster())._replace(
        context=target.context, namespace=target.namespace, kubeconfig=_file(kubeconfig, directory)
    )
    rolling = strategy if isinstance(strategy, model.Rolling) else None
    place = Place(
        target,
        Client(where, patience),
        label(name),
        directory,
        lay,
        options.read(target.sync_options),
        Shape(target.instances, rolling),
    )
    if isinstance(strategy, model.BlueGreen | model.Canary):
        if target.helm or target.rollout:
            raise Trouble(
                'a chart or an Argo Rollout has no colours of ours: it is updated in place',
                'take strategy: rolling, or name the Deployment and its Service',
            )
        return Coloured(place, routers.choose(target, place.label))
    return _in_place(target, place)


def _file(kubeconfig: str, directory: Path) -> str:
    """kubectl wants a file; nobody else may read it."""
    if 'apiVersion' not in kubeconfig:
        return str(Path(kubeconfig).expanduser()) if kubeconfig else ''
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / 'kubeconfig'
    draft = file.with_suffix('.new')
    draft.touch(mode=0o600)
    draft.write_text(kubeconfig, encoding='utf-8')
    draft.replace(file)
    return str(file)


def _in_place(target: model.Kubernetes, place: Place) -> Kubernetes:
    if target.helm:
        return Chart(place)
    if target.manifests or target.kustomize:
        return Applied(place)
    if target.deployment or target.rollout:
        return Patched(place)
    raise Trouble(
        'nothing says what is deployed',
        'add deployment, rollout, manifests, kustomize or helm to target: kubernetes',
    )

"""The nouns of `target:`: where an environment lives. Told to the world by `model.py`."""

from collections.abc import Mapping
from typing import TypeAlias

from liftlock.language.records import NamedTuple


class Process(NamedTuple):
    """Programs on this machine; each gets its own `$PORT`. The router listens on `listen`, and on
    `preview` for the version that is not public yet; where they are None it takes free ports, and
    keeps them. `grace` is the time between SIGTERM and SIGKILL."""

    command: str
    instances: int = 1
    env: Mapping[str, str] = {}
    artifact: str = ''
    prepare: str = ''  # run once for a version, before its first start
    listen: int | None = None
    preview: int | None = None
    grace: float = 30.0


class Compose(NamedTuple):
    """A project of its own for each revision; `port` is the service's, inside its container."""

    service: str
    file: str = 'compose.yaml'
    port: int | None = None
    instances: int = 1
    listen: int | None = None
    preview: int | None = None
    grace: float = 30.0


class Ecs(NamedTuple):
    """`task_definition` is a file; without it the service's present one gets another image.
    `secrets` are names and ARNs for `valueFrom`."""

    cluster: str
    service: str
    region: str = ''
    container: str = ''
    task_definition: str = ''
    image: str = ''
    secrets: Mapping[str, str] = {}
    instances: int | None = None


class Helm(NamedTuple):
    chart: str
    release: str = ''
    values: tuple[str, ...] = ()
    set: Mapping[str, str] = {}


class Kubernetes(NamedTuple):
    """At most one of `manifests`, `kustomize` and `helm` is applied. `service` (its selector) or
    `virtual_service` or `http_route` (weights) send traffic; `rollout` is an Argo Rollout.
    With `destination_rule`, revisions are its subsets; without, Services of their own."""

    deployment: str = ''
    namespace: str = 'default'
    context: str = ''
    container: str = ''
    image: str = ''
    manifests: tuple[str, ...] = ()
    kustomize: str = ''
    helm: Helm | None = None
    service: str = ''
    preview_service: str = ''
    virtual_service: str = ''
    destination_rule: str = ''
    http_route: str = ''
    rollout: str = ''
    instances: int | None = None
    sync_options: tuple[str, ...] = ()


class Command(NamedTuple):
    """The user's own commands, with the version in `$VERSION`. `verify` succeeds once it is there;
    `rollback` goes back to `$VERSION`; `status` prints the version that runs."""

    deploy: str
    verify: str = ''
    rollback: str = ''
    status: str = ''


Target: TypeAlias = Process | Compose | Ecs | Kubernetes | Command

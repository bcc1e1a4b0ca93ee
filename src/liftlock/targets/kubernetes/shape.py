"""How many replicas, and how they are replaced: what `liftlock.yml` says of it goes before what the
manifests say."""

from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.targets.kubernetes.names import Doc


class Shape(NamedTuple):
    """None: as the manifests say."""

    instances: int | None = None
    rolling: model.Rolling | None = None


def spec(shape: Shape, kind: str) -> Doc:
    """What of a workload's `spec` is set by it."""
    made: Doc = {}
    if shape.instances is not None and kind != 'DaemonSet':
        made['replicas'] = shape.instances
    if shape.rolling is not None and kind == 'Deployment':
        made['strategy'] = {
            'type': 'RollingUpdate',
            'rollingUpdate': {
                'maxSurge': amount(shape.rolling.max_surge),
                'maxUnavailable': amount(shape.rolling.max_unavailable),
            },
        }
    return made


def amount(one: model.Amount) -> int | str:
    return f'{one.value}%' if one.percent else one.value

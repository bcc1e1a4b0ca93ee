"""GitHub: what it sends is what workflows see."""

from collections.abc import Mapping

from liftlock.engine.intake import filling
from liftlock.engine.intake.forges.told import OWN, Ignored, Told
from liftlock.language.expressions.values import Value


def read(kind: str, payload: Mapping[str, Value]) -> Told | Ignored:
    if kind == 'ping':
        return Ignored('GitHub asks whether somebody is here')
    if kind in OWN:
        return Ignored(f"`{kind}` tells of GitHub's own runs")
    told = dict(payload)
    pusher = filling.text(told, 'pusher', 'name')
    return Told(kind, told, filling.text(told, 'sender', 'login') or pusher)

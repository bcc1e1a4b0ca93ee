"""A bare repository: its hook (`liftlock hooks install`) tells in GitHub's words what git knows."""

from collections.abc import Mapping
from typing import Final

from liftlock.engine.intake import filling
from liftlock.engine.intake.forges.told import Ignored, Told
from liftlock.language.expressions.values import Value

KNOWN: Final = ('push', 'merge_group')


def read(kind: str, payload: Mapping[str, Value]) -> Told | Ignored:
    if kind not in KNOWN:
        return Ignored(f'a bare repository has no `{kind}`')
    return Told(kind, payload, filling.text(payload, 'sender', 'login'))

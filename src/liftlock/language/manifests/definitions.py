"""An analysis as `liftlock.yml` writes it down."""

from typing import Final

from liftlock.language.manifests import words
from liftlock.language.manifests.draft import Tree
from liftlock.language.settings.model import Analysis, Condition

TIMES: Final = ('interval', 'initial_delay', 'timeout')
NAMES: Final = {
    'measurements': 'count',
    'initial_delay': 'initialDelay',
    'failure_limit': 'failureLimit',
    'inconclusive_limit': 'inconclusiveLimit',
    'consecutive_error_limit': 'consecutiveErrorLimit',
}
USUAL: Final = Analysis()


def render(analysis: Analysis) -> Tree:
    """What differs from what is usual."""
    made: Tree = {}
    for field, value in analysis._asdict().items():
        if field == 'span' or value == getattr(USUAL, field):
            continue
        if isinstance(value, Condition):
            value = f'{value.operator} {value.value:g}{value.unit}'
        elif field in TIMES:
            value = words.of_seconds(value)
        made[NAMES.get(field, field)] = value
    return made

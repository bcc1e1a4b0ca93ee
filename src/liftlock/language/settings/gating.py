"""Limits of gates that could never be compared with what is measured."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.rule import Rule
from liftlock.language.settings.model import Gates
from liftlock.language.settings.rules import VALUE
from liftlock.language.source import Span

Finding = tuple[Rule, Span, str, str]
# What is measured of a load test, the units in which it is, and an example.
UNITS: Final = {
    'response_time': (('ms', 's', 'm', 'h'), 'a time', '< 2s'),
    'error_rate': (('%',), 'a percentage', '< 1%'),
}


def check(gates: Gates) -> Iterator[Finding]:
    for name, limit in gates.performance.items():
        for word, (units, wanted, example) in UNITS.items():
            if word in name and limit.unit not in units:
                message = f'{name} is {wanted}, and can be compared with nothing else'
                yield VALUE, limit.span, message, f'for example: {example}'

"""`--server URL`: the same commands, told and done by a server instead of the store here.

Nothing of HTTP is imported before somebody names a server. What a server tells are the documents
and facts that the store would have given, so what prints them never knows the difference.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

Decorated = TypeVar('Decorated', bound=Callable[..., Any])
VARIABLE: Final = 'LIFTLOCK_SERVER'
option: Final = click.option(
    '--server',
    default='',
    metavar='URL',
    envvar=VARIABLE,
    help=f'Ask this server, not the store here. [default: ${VARIABLE}]',
)

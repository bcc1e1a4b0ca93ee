"""Our own stand-ins for actions that need GitHub itself. To add one, write its module and name
it here; `docs/actions.md` has a row for each.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from liftlock.runner.workbench import Builtin

# By name in lower case, path of the action included. A module is imported when it is used: a run
# that checks nothing out should not pay for it.
BUILTINS: Final[Mapping[str, str]] = {
    'actions/cache': 'cache',
    'actions/cache/restore': 'cache_restore',
    'actions/cache/save': 'cache_save',
    'actions/checkout': 'checkout',
    'actions/download-artifact': 'download_artifact',
    'actions/setup-node': 'setup_node',
    'actions/setup-python': 'setup_python',
    'actions/upload-artifact': 'upload_artifact',
    'astral-sh/setup-uv': 'setup_uv',
    'codecov/codecov-action': 'codecov',
    'github/codeql-action/upload-sarif': 'upload_sarif',
}


def find_builtin(name: str) -> 'Builtin | None':
    """The stand-in for `owner/repo[/path]`; None where the original is to run."""
    module = BUILTINS.get(name.lower())
    if module is None:
        return None
    return cast('Builtin', import_module(f'{__name__}.{module}'))

"""Releases and pull requests on the forge where a run's repository lives.

GitHub's API is the measure; Gitea and Forgejo speak most of it, GitLab has words of its own. To
add a kind, write its module, name it here and in `runner/forge.py`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from liftlock.runner.actions.forges import gitea, github, gitlab
from liftlock.runner.actions.forges.api import Api
from liftlock.runner.actions.forges.place import Client, Place
from liftlock.runner.workbench import StepFailed, Workbench

_PATH: Final = re.compile(r'(?:[\w.-]*\w[\w.-]*/)+[\w.-]*\w[\w.-]*')
_CLIENTS: Final[Mapping[str, Callable[[Api], Client]]] = {
    'github': github.GitHub,
    'gitea': gitea.Gitea,
    'forgejo': gitea.Gitea,
    'gitlab': gitlab.GitLab,
}


def enter(bench: Workbench, token: str, repository: str = '') -> Place:
    """The repository of the run, or another one at its forge. StepFailed says what is missing."""
    home = bench.world.home
    if not home.host:
        raise StepFailed(
            'This repository has no remote, so there is no forge to write to. '
            'Give it one: git remote add origin https://github.com/OWNER/NAME.git'
        )
    if home.forge is None:
        raise StepFailed(
            f'It is not known what runs at {home.host}, where the remote of this repository is. '
            f'Say so in config.yml: forges: {{{home.host}: gitea}} (or github, forgejo, gitlab)'
        )
    if not token:
        raise StepFailed(
            'Parameter token or opts.auth is required. This run has no GITHUB_TOKEN: give one '
            f'that {home.host} accepts with `liftlock run -s GITHUB_TOKEN`'
        )
    bench.mask(token)
    path = repository or home.path
    if not _PATH.fullmatch(path):
        raise StepFailed(f"'{path}' names no repository: owner/name is expected")
    client = _CLIENTS[home.forge.kind](Api(bench.env, home.forge, path, token))
    return Place(home.forge, path, client, token)

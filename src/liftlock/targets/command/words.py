"""What the user's commands are told and what they answer. Pure."""

from collections.abc import Mapping
from typing import Final

from liftlock.rollout.version import Version

# Of our own environment; the rest of it depends on who happened to start the supervisor.
KEPT: Final = ('HOME', 'LANG', 'LOGNAME', 'PATH', 'SSH_AUTH_SOCK', 'TMPDIR', 'TZ', 'USER')
_PATH: Final = '/usr/local/bin:/usr/bin:/bin'
_SHORTEST: Final = 7  # characters of a commit that still name it


def environment(
    base: Mapping[str, str],
    env: Mapping[str, str],
    name: str,
    revision: str,
    version: Version,
    previous: str,
) -> dict[str, str]:
    """`name` is the environment's, `previous` the version that was there before, '' for none."""
    kept = {key: base[key] for key in KEPT if key in base}
    told = {
        'VERSION': version.name,
        'COMMIT': version.commit,
        'IMAGE': version.image,
        'REVISION': revision,
        'ENVIRONMENT': name,
        'PREVIOUS_VERSION': previous,
    }
    return {'PATH': _PATH, **kept, **env, **told}


def line(shell: str, command: str) -> tuple[str, ...]:
    return (shell, '-e', '-c', command)


def last(text: str) -> str:
    """The last line that says anything."""
    return next((one.strip() for one in reversed(text.splitlines()) if one.strip()), '')


def names(told: str, version: Version) -> bool:
    """Whether what `status` prints means this version: its name, commit, or image."""
    word = last(told)
    known = {version.name, version.commit, version.image, version.id} - {''}
    if word in known:
        return True
    return len(word) >= _SHORTEST and bool(version.commit) and version.commit.startswith(word)

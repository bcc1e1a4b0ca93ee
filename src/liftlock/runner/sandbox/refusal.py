"""Why bubblewrap does not start on this machine, in words that help."""

# Paths are texts here: these are files of the kernel.
# ruff: noqa: PTH123

import os
from typing import Final

INSTALL: Final = 'apt install bubblewrap'
MISSING: Final = f'The sandbox needs bubblewrap, which is not installed: {INSTALL}'
_RESTRICTED: Final = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'
_SWITCHES: Final = (
    ('/proc/sys/kernel/unprivileged_userns_clone', 'kernel.unprivileged_userns_clone=1'),
    ('/proc/sys/user/max_user_namespaces', 'user.max_user_namespaces=10000'),
)
_PERMISSIONS: Final = ('permission', 'not permitted', 'uid map', 'no space left')


def explain(said: str) -> str:
    """`said` is what bubblewrap, or what went before it, printed."""
    last = said.strip().splitlines()[-1:] or ['it printed nothing']
    told = f'The sandbox cannot be made here: {last[0]}'
    if not any(word in said.lower() for word in _PERMISSIONS):
        return told
    return f'{told}. {_remedy()}'


def explain_limit(name: str) -> str:
    """`name` is the key in liftlock.yml."""
    return (
        f'This machine cannot hold jobs to sandbox.{name}: there is no control group that Liftlock '
        'may use, see `liftlock doctor`'
    )


def _remedy() -> str:
    if not os.geteuid():
        return (
            'Even root may make no name spaces here, as in most containers: run Liftlock outside '
            'of the container, or start that one with more privileges'
        )
    if _read(_RESTRICTED) == '1':
        return (
            'AppArmor forbids user name spaces to programs that it has no profile of. Give '
            'bubblewrap one (package apparmor-profiles: copy /usr/share/apparmor/extra-profiles/'
            'bwrap-userns-restrict to /etc/apparmor.d and reload AppArmor), or set '
            'kernel.apparmor_restrict_unprivileged_userns=0 with sysctl'
        )
    for path, setting in _SWITCHES:
        if _read(path) == '0':
            return f'This machine forbids user name spaces to plain users: `sysctl {setting}`'
    return 'Plain users may make no user name spaces here; a container, say, can forbid it'


def _read(path: str) -> str:
    try:
        with open(path, encoding='ascii') as file:
            return file.read().strip()
    except OSError:
        return ''

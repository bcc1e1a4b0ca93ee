"""How much memory and how many processes a job may have, by the means that this machine offers.

    control groups       where we may make them: as root, or among those of the user's own systemd
    RLIMIT_NPROC         processes only; in a user name space it counts those of the sandbox

Sizes of address spaces are no measure: node and Java reserve a hundred times what they use.
"""

# Paths are texts here: these are files of the kernel.
# ruff: noqa: PTH102, PTH106, PTH110, PTH123, PTH207

import contextlib
import hashlib
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from glob import iglob
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.settings.sandbox import Sandbox

PROCESSES: Final = 4096  # where nothing is said
MEMORY: Final = 'memory'
PIDS: Final = 'pids'
_ROOT: Final = '/sys/fs/cgroup'
_TRIES: Final = 50
_MOMENT: Final = 0.01  # seconds
_COUNTS_BY_NAME_SPACE: Final = (5, 14)  # the kernel from which on RLIMIT_NPROC does
# What a shell does before it becomes bubblewrap.
_MOVE: Final = ('systemd-run', '--user', '--scope', '--quiet', '--collect', '--')
_JOIN: Final = (
    'while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit; shift; done; shift; exec "$@"'
)


class Group(NamedTuple):
    """A control group of ours. `files` are set in it."""

    controller: str  # '' for all of them (version 2)
    path: str
    files: tuple[tuple[str, str], ...]


class Means(NamedTuple):
    """`missing` are the limits that cannot be kept here.

    Groups among those of the user's systemd are ours to make, but only a process that is among
    them already may join: `by_systemd` says that ours is to be moved there first.
    """

    groups: tuple[Group, ...] = ()
    by_systemd: bool = False
    processes: int = 0  # RLIMIT_NPROC; 0 = not set
    missing: tuple[str, ...] = ()


class Held:
    """Limits that are set. `words` go before the command that is to be held to them."""

    def __init__(self, means: Means) -> None:
        self._groups = means.groups
        self.processes = means.processes
        self.words: tuple[str, ...] = ()
        if means.groups:
            self.words = ('sh', '-c', _JOIN, 'sh', *(group.path for group in means.groups), '--')
        if means.by_systemd:
            self.words = (*_MOVE, *self.words)

    def killed(self) -> int:
        """How often the kernel has ended something because the memory was used up."""
        for group in self._groups:
            for name in ('memory.events', 'memory.oom_control'):
                for line in _read(f'{group.path}/{name}').splitlines():
                    if line.startswith('oom_kill '):
                        return int(line.split()[1])
        return 0

    def close(self) -> None:
        for group in self._groups:
            _remove(group.path)


def hold(wanted: Sandbox, tracking_id: str) -> tuple[Held, tuple[str, ...]]:
    """Set the limits; also, in words, those of them that were asked for and cannot be set here."""
    name = name_of(tracking_id)
    means = choose(wanted, name)
    made: list[Group] = []
    try:
        for group in means.groups:
            os.mkdir(group.path)
            made.append(group)
            for file, value in group.files:
                _write(f'{group.path}/{file}', value)
    except OSError:
        for group in made:
            _remove(group.path)
        means = _fall_back(wanted)
    return Held(means), means.missing


def end_leftovers(tracking_id: str) -> None:
    """Groups of an attempt that was killed, with whatever is in them."""
    for path in iglob(f'{_ROOT}/**/{name_of(tracking_id)}', recursive=True):
        for process in _read(f'{path}/cgroup.procs').split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)
        _remove(path)


def choose(wanted: Sandbox, name: str) -> Means:
    own = _own()
    if os.path.exists(f'{_ROOT}/cgroup.controllers'):
        here = _place(own.get('', '/'))
        asked = wanted.memory or wanted.processes  # else it is not worth systemd's time
        above = here or (_place_of_manager() if asked else '')
        if not above:
            return _fall_back(wanted)
        group = Group('', f'{above}/{name}', tuple(_unified(wanted)))
        return Means(groups=(group,), by_systemd=not here)
    groups = tuple(_separate(wanted, own, name))
    held = {group.controller for group in groups}
    rest = _fall_back(wanted)
    return Means(
        groups=groups,
        processes=0 if PIDS in held else rest.processes,
        missing=tuple(one for one in rest.missing if one.split()[0] not in _kept(held)),
    )


def _kept(controllers: set[str]) -> set[str]:
    return {'memory' if one == MEMORY else 'processes' for one in controllers}


# --- control groups


def _own() -> dict[str, str]:
    """Our own group by controller; that of version 2 under ''."""
    found = {}
    for line in _read('/proc/self/cgroup').splitlines():
        _, controllers, path = line.split(':', 2)
        found.update(dict.fromkeys(controllers.split(','), path))
    return found


def _place(own: str) -> str:
    """Where a group of version 2 can be made that we may move a process to; '' for nowhere.

    Groups with processes have no groups with controllers in them: so it is beside ours.
    """
    path = own.rstrip('/')
    while path:
        path = path.rpartition('/')[0]
        if _is_enabled(f'{_ROOT}{path}'):
            return f'{_ROOT}{path}' if _is_open(f'{_ROOT}{path}') else ''
    return ''


def _place_of_manager() -> str:
    """The same among the groups of this user's systemd, to which it can move our processes."""
    user, runtime = os.geteuid(), os.environ.get('XDG_RUNTIME_DIR', '')
    if not os.path.exists(f'{runtime}/systemd/private') or shutil.which('systemd-run') is None:
        return ''
    manager = f'{_ROOT}/user.slice/user-{user}.slice/user@{user}.service'
    for above in (f'{manager}/app.slice', manager):
        if _is_enabled(above) and _is_open(above):
            return above
    return ''


def _is_enabled(path: str) -> bool:
    """Whether groups in there can be limited."""
    return {MEMORY, PIDS} <= set(_read(f'{path}/cgroup.subtree_control').split())


def _is_open(path: str) -> bool:
    return os.access(path, os.W_OK) and os.access(f'{path}/cgroup.procs', os.W_OK)


def _unified(wanted: Sandbox) -> Iterator[tuple[str, str]]:
    yield 'pids.max', str(wanted.processes or PROCESSES)
    if wanted.memory:
        yield 'memory.max', str(wanted.memory)
        if os.path.exists('/proc/swaps') and len(_read('/proc/swaps').splitlines()) > 1:
            yield 'memory.swap.max', '0'


def _separate(wanted: Sandbox, own: Mapping[str, str], name: str) -> Iterator[Group]:
    """Version 1, where every controller has groups of its own."""
    files = [(PIDS, ('pids.max', str(wanted.processes or PROCESSES)))]
    if wanted.memory:
        files.append((MEMORY, ('memory.limit_in_bytes', str(wanted.memory))))
    for controller, file in files:
        above = f'{_ROOT}/{controller}{own.get(controller, "").rstrip("/")}'
        if controller in own and os.access(f'{above}/cgroup.procs', os.W_OK):
            more = 'memory.memsw.limit_in_bytes'
            both = controller == MEMORY and os.path.exists(f'{above}/{more}')
            yield Group(controller, f'{above}/{name}', (file, (more, file[1])) if both else (file,))


def _remove(path: str) -> None:
    """A group can be removed when its processes are gone, which takes a moment."""
    for _ in range(_TRIES):
        try:
            os.rmdir(path)
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(_MOMENT)
        else:
            return


# --- without them


def _fall_back(wanted: Sandbox) -> Means:
    """Root's jobs have no user name space, so theirs would be counted with those of all others."""
    missing = ['memory'] if wanted.memory else []
    counted = os.geteuid() and _kernel() >= _COUNTS_BY_NAME_SPACE
    if wanted.processes and not counted:
        missing.append('processes')
    processes = (wanted.processes or PROCESSES) if counted else 0
    return Means(processes=processes, missing=tuple(missing))


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split('.')[:2] if part.isdecimal())


def name_of(tracking_id: str) -> str:
    return f'liftlock-{hashlib.sha256(tracking_id.encode()).hexdigest()[:16]}'


def _read(path: str) -> str:
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def _write(path: str, value: str) -> None:
    with open(path, 'w', encoding='utf-8') as file:
        file.write(value)

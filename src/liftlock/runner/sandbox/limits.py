"""How much memory and how many processes a job may have, by the means that this machine offers.

    control groups       where we may make them: as root, or below a slice of the user's own
    systemd              `systemd-run --user --scope`, where a user's manager has the controllers
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
_JOIN: Final = (
    'while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit; shift; done; shift; exec "$@"'
)


class Group(NamedTuple):
    """A control group of ours. `files` are set in it."""

    controller: str  # '' for one with all controllers (version 2)
    path: str
    files: tuple[tuple[str, str], ...]


class Means(NamedTuple):
    """`missing` are the limits that cannot be kept here."""

    groups: tuple[Group, ...] = ()
    scope: tuple[str, ...] = ()  # properties for systemd-run
    processes: int = 0  # RLIMIT_NPROC; 0 = not set
    missing: tuple[str, ...] = ()


class Held:
    """Limits that are set. `words` go before the command that is to be held to them."""

    def __init__(self, means: Means, name: str) -> None:
        self._groups = means.groups
        self.processes = means.processes
        self.words: tuple[str, ...] = ()
        if means.scope:
            self.words = (
                'systemd-run', '--user', '--scope', '--quiet', '--collect', f'--unit={name}',
                *means.scope, '--',
            )  # fmt: skip
        elif means.groups:
            self.words = ('sh', '-c', _JOIN, 'sh', *(group.path for group in means.groups), '--')

    def killed(self, process: int) -> int:
        """How often the kernel has ended something because the memory was used up.

        `process` is one in the sandbox."""
        found = [group.path for group in self._groups if group.controller in ('', MEMORY)]
        if not found and self.words:
            found = [f'{_ROOT}{_own(process).get("", "")}']
        for path in found:
            for name in ('memory.events', 'memory.oom_control'):
                for line in _read(f'{path}/{name}').splitlines():
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
    return Held(means, name), means.missing


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
        above = _place(own.get('', '/'))
        if above:
            return Means(groups=(Group('', f'{above}/{name}', tuple(_unified(wanted))),))
        if os.geteuid() and _has_manager():
            return Means(scope=tuple(_properties(wanted)))
        return _fall_back(wanted)
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


def _own(process: int | None = None) -> dict[str, str]:
    """The group of a process, by controller; that of version 2 under ''."""
    found = {}
    for line in _read(f'/proc/{process or "self"}/cgroup').splitlines():
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
        above = f'{_ROOT}{path}'
        enabled = _read(f'{above}/cgroup.subtree_control').split()
        if {MEMORY, PIDS} <= set(enabled) and os.access(f'{above}/cgroup.procs', os.W_OK):
            return above if os.access(above, os.W_OK) else ''
    return ''


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


def _has_manager() -> bool:
    """Whether this user has a systemd that can limit memory and processes."""
    user = os.geteuid()
    group = f'{_ROOT}/user.slice/user-{user}.slice/user@{user}.service'
    controllers = _read(f'{group}/cgroup.controllers').split()
    runtime = os.environ.get('XDG_RUNTIME_DIR', '')
    return (
        {MEMORY, PIDS} <= set(controllers)
        and shutil.which('systemd-run') is not None
        and os.path.exists(f'{runtime}/systemd/private')
    )


def _properties(wanted: Sandbox) -> Iterator[str]:
    yield f'--property=TasksMax={wanted.processes or PROCESSES}'
    if wanted.memory:
        yield f'--property=MemoryMax={wanted.memory}'
        yield '--property=MemorySwapMax=0'


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

"""How a sandbox is opened: bubblewrap is started, and in it the process that starts all others."""

# Paths are texts here.
# ruff: noqa: PTH101, PTH103

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare, CannotStart, Order
from liftlock.runner.sandbox import accounts, limits, mounts, refusal, seccomp, view
from liftlock.runner.sandbox.accounts import Account
from liftlock.runner.sandbox.link import Link
from liftlock.runner.sandbox.mounts import COPY, TEXT, Mount
from liftlock.runner.sandbox.root import Root
from liftlock.runner.sandbox.workplace import Outer, Sandbox

_TEMPORARY: Final = ('tmp', 'var-tmp')  # everybody may write there, as is usual
_FRESH: Final = (*_TEMPORARY, 'tools', 'packages')
_PATIENCE: Final = 60.0  # seconds, on a machine that has a lot to do
_STICKY: Final = 0o1777
_PASSED: Final = ('PATH', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS')  # for systemd-run


class _Wanted(NamedTuple):
    """All that bubblewrap is told."""

    program: str
    order: Order
    account: Account
    seen: Sequence[Mount]
    held: limits.Held

    @property
    def network(self) -> bool:
        return bool(self.order.sandbox.network)


class _Begun(NamedTuple):
    """Bubblewrap runs. It names its child in `told`, a pipe, and what it prints is in `said`."""

    bubblewrap: 'subprocess.Popen[bytes]'
    link: Link
    told: int
    said: int


async def open_for(order: Order) -> Sandbox:
    """Raises CannotPrepare and OSError."""
    program = shutil.which('bwrap')
    if not sys.platform.startswith('linux') or program is None:
        raise CannotPrepare(refusal.MISSING)
    account = accounts.choose()
    _make_directories(order, account)
    seen = view.make(order, account, str(Path.home()))
    held, missing = limits.hold(order.sandbox, order.tracking_id)
    for limit in missing:
        order.say(f'##[warning]{refusal.explain_limit(limit)}')
    wanted = _Wanted(program, order, account, seen, held)
    with ExitStack() as undone, ExitStack() as always:
        undone.callback(held.close)
        begun = _begin(wanted, undone, always)
        sandbox = await _meet(wanted, begun)
        undone.pop_all()
    return sandbox


def _make_directories(order: Order, account: Account) -> None:
    places = order.directories
    fresh = [*(view.own(order, name) for name in _FRESH), *view.shelves(order)]
    brought = (f'{places.root}/{name}' for name in (*view.BROUGHT, *view.GIVEN))
    for path in (*fresh, *brought):
        os.makedirs(path, exist_ok=True)
    for name in _TEMPORARY:
        os.chmod(view.own(order, name), _STICKY)
    if account.user != os.geteuid():
        own = (places.runner_workspace, places.workspace, places.temp, places.home)
        for path in (*own, *fresh):
            os.chown(path, account.user, account.group)


# --- starting it


def _begin(wanted: _Wanted, undone: ExitStack, always: ExitStack) -> _Begun:
    told, teller = os.pipe2(os.O_CLOEXEC)
    always.callback(os.close, told)
    said = _paper(b'', always)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ExitStack() as passed:  # our copies go, else we would not notice that theirs are gone
        passed.callback(os.close, teller)
        passed.callback(theirs.close)
        try:
            bubblewrap = _spawn(wanted, theirs.fileno(), teller, said, passed)
        except BaseException:
            ours.close()
            raise
    link = Link(ours)
    undone.callback(bubblewrap.wait)
    undone.callback(_end, bubblewrap)
    undone.callback(link.close)
    return _Begun(bubblewrap, link, told, said)


def _end(bubblewrap: 'subprocess.Popen[bytes]') -> None:
    """With the child that it may just have made, which would wait for it without end."""
    with suppress(ProcessLookupError):
        os.killpg(bubblewrap.pid, signal.SIGKILL)


def _spawn(
    wanted: _Wanted, theirs: int, teller: int, said: int, passed: ExitStack
) -> 'subprocess.Popen[bytes]':
    listed = mounts.ordered(wanted.seen)
    files = [_file(one, passed) for one in listed if one.kind in (COPY, TEXT)]
    calls = _paper(seccomp.make(os.uname().machine), passed)
    words = (
        *wanted.held.words, wanted.program, *_apart(wanted), *_filtered(calls),
        '--info-fd', str(teller), '--proc', '/proc', '--dev', '/dev',
        *mounts.words(listed, files), '--remount-ro', '/', '--chdir', '/', '--',
        os.path.realpath(sys.executable), '-I', '-S', view.INIT,
        *map(str, (theirs, wanted.account.user, wanted.account.group, wanted.held.processes,
                   wanted.order.sandbox.disk or 0)),
    )  # fmt: skip
    return subprocess.Popen(
        words,
        env={
            'LC_ALL': 'C.UTF-8',
            'RUNNER_TRACKING_ID': wanted.order.tracking_id,  # by which leftovers are found
            **{name: os.environ[name] for name in _PASSED if name in os.environ},
        },
        cwd='/',
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
        pass_fds=(theirs, teller, calls, *files),
        start_new_session=True,
    )


def _file(mount: Mount, stack: ExitStack) -> int:
    if mount.kind == TEXT:
        return _paper(mount.source.encode(), stack)
    opened = os.open(mount.source, os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, opened)
    return opened


def _paper(text: bytes, stack: ExitStack) -> int:
    """A file in memory, closed with the stack."""
    paper = os.memfd_create('paper', os.MFD_CLOEXEC)
    stack.callback(os.close, paper)
    os.write(paper, text)
    os.lseek(paper, 0, os.SEEK_SET)
    return paper


def _apart(wanted: _Wanted) -> Iterator[str]:
    """Name spaces of its own, and no power in them."""
    yield from ('--die-with-parent', '--as-pid-1', '--new-session', '--hostname', 'sandbox')
    yield from ('--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try')
    if not wanted.network:
        yield '--unshare-net'
    yield from ('--cap-drop', 'ALL')
    if os.geteuid():
        user, group = str(wanted.account.user), str(wanted.account.group)
        yield from ('--unshare-user', '--uid', user, '--gid', group)
    else:  # until the first process has become nobody in particular
        for capability in ('CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'):
            yield from ('--cap-add', capability)


def _filtered(calls: int) -> tuple[str, ...]:
    return ('--seccomp', str(calls)) if os.fstat(calls).st_size else ()


# --- the first words


async def _meet(wanted: _Wanted, begun: _Begun) -> Sandbox:
    link = begun.link
    try:
        async with asyncio.timeout(_PATIENCE):
            _, (root, *_) = await link.listen_for('ready')
        listener = None if wanted.network else await listen(link, 0)
    except (CannotStart, TimeoutError, ValueError):
        words = os.pread(begun.said, 1 << 14, 0).decode('utf-8', 'replace')
        raise CannotPrepare(refusal.explain(words)) from None
    init = int(json.loads(os.read(begun.told, 1 << 10))['child-pid'])
    outer = Outer(begun.bubblewrap, init, os.pidfd_open(init))
    files = Root(root, wanted.account)
    return Sandbox(wanted.order, wanted.seen, wanted.held, outer, link, files, listener)


async def listen(link: Link, port: int) -> socket.socket:
    """A socket in the network of the sandbox. Raises CannotStart, and OSError as it is there."""
    number, (*descriptors,) = await link.ask(f'listen {port}', 'listening')
    if int(number):
        raise OSError(int(number), os.strerror(int(number)))
    return socket.socket(fileno=descriptors[0])

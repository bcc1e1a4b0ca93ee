"""What a job in the sandbox sees of this machine. All that is not named here is not there.

Nothing that is not readable by everybody is shown of the system; of the home of whoever runs
Liftlock, only programs that PATH leads to, and what `liftlock.yml` declares.
"""

# Paths are texts here.
# ruff: noqa: PTH110, PTH112, PTH113, PTH114, PTH115, PTH119, PTH120, PTH207

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Final

import liftlock
from liftlock.runner.executors.base import CannotPrepare, Order
from liftlock.runner.sandbox import accounts, programs, repositories
from liftlock.runner.sandbox.accounts import Account
from liftlock.runner.sandbox.mounts import (
    COPY,
    FOLDER,
    LINK,
    READ,
    TEXT,
    WRITE,
    Mount,
    lies_in,
    same,
    shows,
)

SYSTEM: Final = (
    '/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store',
)  # fmt: skip
# What programs need of /etc, and everybody may know.
_ETC: Final = (
    'alternatives', 'bash.bashrc', 'ca-certificates', 'ca-certificates.conf', 'crypto-policies',
    'debian_version', 'fonts', 'host.conf', 'inputrc', 'java*', 'ld.so.cache', 'ld.so.conf',
    'ld.so.conf.d', 'locale.alias', 'locale.conf', 'localtime', 'lsb-release', 'magic', 'mailcap',
    'maven/logging', 'maven/m2.conf', 'mime.types', 'nsswitch.conf', 'os-release', 'perl', 'php',
    'pki/ca-trust/extracted', 'pki/java', 'pki/tls/certs', 'profile', 'profile.d', 'protocols',
    'python*', 'redhat-release', 'rpc', 'services', 'sgml', 'shells', 'ssl/cert.pem', 'ssl/certs',
    'ssl/openssl.cnf', 'terminfo', 'timezone', 'xml',
)  # fmt: skip
_ETC_OF_NETWORK: Final = ('gai.conf', 'hosts', 'resolv.conf')
_HOSTS: Final = '127.0.0.1 localhost sandbox\n::1 localhost\n'
_FOLDERS: Final = ('/run', '/home', '/root', '/var', '/mnt', '/media', '/opt', '/srv')
# Variables that name files of certificates or packages, which programs then look for.
_NAMING: Final = (
    'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS',
    'GIT_SSL_CAINFO', 'PIP_CERT', 'PIP_FIND_LINKS', 'PYENV_ROOT',
)  # fmt: skip
# What nobody can declare: these are ways to the rest of the machine.
_CLOSED: Final = ('/proc', '/sys', '/dev', '/run', '/var/run')

_PACKAGE: Final = os.path.dirname(liftlock.__file__)
GIT: Final = '/run/liftlock/gitconfig'
# For git of ours, inside: nothing there belongs to anybody of whom it need be warned.
_TRUSTING: Final = '[safe]\n\tdirectory = *\n'
INIT: Final = '/run/liftlock/init.py'
# In the job's root: what only sandboxed jobs need; what we bring for jobs, and what they may change
# of that.
OWN: Final = '_sandbox'
BROUGHT: Final = ('_actions', '_self')
GIVEN: Final = ('_origin.git',)


def make(order: Order, account: Account, home: str) -> list[Mount]:
    """`home` is that of whoever runs Liftlock. Makes directories. Raises CannotPrepare, OSError."""
    network = bool(order.sandbox.network)
    mounts = [*_own(order), *_declared(order, home)]
    mounts += [*_system(), *_etc(order, account, network=network)]
    mounts += _interpreter(mounts)
    mounts += _readable(order, mounts)
    mounts += _programs(order, home, mounts)
    mounts += _caches(order, mounts)
    return _without_doubles(mounts)


def _without_doubles(mounts: Sequence[Mount]) -> list[Mount]:
    """One for each place. What came first stays, for it was declared, or is the job's own."""
    found: dict[str, Mount] = {}
    for mount in mounts:
        found.setdefault(mount.place, mount)
    return list(found.values())


# --- the system


def _system() -> Iterator[Mount]:
    for path in SYSTEM:
        if os.path.islink(path):
            yield Mount(LINK, path, os.readlink(path))
        elif os.path.isdir(path):
            yield same(READ, path)
    for path in _FOLDERS:
        yield Mount(FOLDER, path)
    yield Mount(LINK, '/var/run', '/run')
    if os.path.isdir('/sys/devices/system/cpu'):
        yield same(READ, '/sys/devices/system/cpu')


def _etc(order: Order, account: Account, *, network: bool) -> Iterator[Mount]:
    for pattern in _ETC + (_ETC_OF_NETWORK if network else ()):
        for path in glob(f'/etc/{pattern}'):
            if os.path.isdir(path):
                yield same(READ, path)
            elif os.path.isfile(path):
                yield same(COPY, path)
    if not network:
        yield Mount(TEXT, '/etc/hosts', _HOSTS)
    yield Mount(TEXT, '/etc/passwd', accounts.passwd(account, order.directories.home))
    yield Mount(TEXT, '/etc/group', accounts.group(account))
    yield Mount(TEXT, INIT, Path(__file__).with_name('inner.py').read_text(encoding='utf-8'))


# --- the job's own


def own(order: Order, name: str) -> str:
    """A directory that lives as long as the attempt."""
    return f'{order.directories.root}/{OWN}/{name}'


def _own(order: Order) -> Iterator[Mount]:
    """The files of commands, and of the event, are mounts: so nobody inside can move them away
    and put a link in their place, which we would then follow."""
    places = order.directories
    yield Mount(WRITE, '/tmp', own(order, 'tmp'))  # noqa: S108 - only inside
    yield Mount(WRITE, '/var/tmp', own(order, 'var-tmp'))  # noqa: S108
    for path in (places.runner_workspace, places.temp, places.home, places.commands):
        yield same(WRITE, path)
    yield same(READ, os.path.dirname(places.event))
    for kind, names in ((READ, BROUGHT), (WRITE, GIVEN)):
        yield from (same(kind, f'{places.root}/{name}') for name in names)


def _caches(order: Order, mounts: Sequence[Mount]) -> Iterator[Mount]:
    """Tools and packages that jobs bring here are used by later jobs, outside of sandboxes too:
    so what a job here brings is its own, and lies over what others have brought."""
    for name, path in (('tools', order.tool_cache), ('packages', order.package_caches)):
        if not path or any(mount.place == path and mount.kind == WRITE for mount in mounts):
            continue
        if order.sandbox.caches == 'shared':
            os.makedirs(path, exist_ok=True)  # noqa: PTH103
            yield same(WRITE, path)
            continue
        yield Mount(WRITE, path, own(order, name))
        if name == 'tools':
            yield from (same(READ, tool) for tool in _tools(path))


def shelves(order: Order) -> list[str]:
    """Directories of the job's own in which others' tools are shown, outermost first. They are to
    be the job's, or it could put nothing beside what is there."""
    found: set[str] = set()
    for tool in _tools(order.tool_cache) if order.tool_cache else ():
        parts = os.path.relpath(tool, order.tool_cache).split('/')[:-1]
        found.update('/'.join(parts[:count]) for count in range(1, len(parts) + 1))
    return [f'{own(order, "tools")}/{name}' for name in sorted(found)]


def _tools(tool_cache: str) -> Iterator[str]:
    """`Python/3.12.4` and the like. Others may come beside them, so these are shown one by one."""
    for tool in glob(f'{tool_cache}/[!.]*/[!.]*/'):
        if lies_in(tool, f'{tool_cache}/liftlock'):  # what Pythons of jobs are made from
            yield from (one.rstrip('/') for one in glob(f'{tool}[!.]*/'))
        else:
            yield tool.rstrip('/')


# --- what others have put there


def _interpreter(mounts: Sequence[Mount]) -> Iterator[Mount]:
    """The Python that runs Liftlock runs the first process inside, and stand-ins."""
    folder = os.path.dirname(os.path.realpath(sys.executable))
    for path in (sys.base_prefix, folder, _PACKAGE, *_site()):
        if not shows(mounts, path):
            yield same(READ, path)
    yield Mount(TEXT, GIT, _TRUSTING)


def modules() -> tuple[str, ...]:
    """Where Liftlock's modules are found, and those that it needs."""
    return (os.path.dirname(_PACKAGE), *_site())


def _site() -> Iterator[str]:
    """Not all of sys.path: there may be somebody's project on it."""
    for path in sys.path:
        if os.path.basename(path) in ('site-packages', 'dist-packages') and os.path.isdir(path):
            yield path


def _readable(order: Order, mounts: Sequence[Mount]) -> Iterator[Mount]:
    """What comes to be in these directories while the job runs is seen, but not the directories
    themselves, so they are made now."""
    for path in filter(repositories.is_repository, order.repositories):
        yield from repositories.parts(path)
    for path in filter(None, (*order.shared, order.externals)):
        if not shows(mounts, path):
            if not os.path.exists(path):
                os.makedirs(path)  # noqa: PTH103
            yield same(READ, path)
    for path in (order.env.get(name, '') for name in _NAMING):
        if path.startswith('/') and os.path.exists(path) and not shows(mounts, path):
            yield same(READ, path)


def _programs(order: Order, home: str, mounts: Sequence[Mount]) -> Iterator[Mount]:
    known = tuple(
        mount.place for mount in mounts if mount.kind == LINK or mount.place == mount.source
    )
    for path in programs.directories(order.env.get('PATH', ''), home, known):
        if not any(lies_in(secret, path) or lies_in(path, secret) for secret in order.closed):
            yield same(READ, path)


# --- what was declared


def _declared(order: Order, home: str) -> Iterator[Mount]:
    for kind, paths in ((WRITE, order.sandbox.write), (READ, order.sandbox.read)):
        for written in paths or ():
            yield same(kind, _check(written, f'sandbox.{kind}', home, order))


def _check(written: str, key: str, home: str, order: Order) -> str:
    where = f'{key} of liftlock.yml names {written}'
    path = os.path.normpath(home + written[1:] if written.startswith('~/') else written)
    real = os.path.realpath(path)
    if not os.path.exists(real):
        raise CannotPrepare(f'{where}, which does not exist on this machine')
    if lies_in(os.path.realpath(home), real):
        raise CannotPrepare(
            f'{where}, which is all of your home or more: name what is needed in it'
        )
    for secret in map(os.path.realpath, (*order.closed, order.directories.root)):
        if lies_in(secret, real) or lies_in(real, secret):
            raise CannotPrepare(f'{where}, where Liftlock keeps what no job may see')
    for closed in _CLOSED:
        if lies_in(real, closed) or lies_in(closed, real):
            raise CannotPrepare(f'{where}, which leads out of the sandbox')
    return path


def ground(order: Order, base: Mapping[str, str], mounts: Sequence[Mount]) -> dict[str, str]:
    """The environment on which the job's variables are laid."""
    found = {**base, **order.sandbox_env}
    if not order.sandbox.network:
        for name in [name for name in found if name.lower().endswith('_proxy')]:
            del found[name]
    found['PATH'] = ':'.join(
        entry for entry in found.get('PATH', '').split(':') if shows(mounts, entry)
    )
    return found

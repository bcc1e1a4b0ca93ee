"""System calls that no job needs and attackers like, as a filter for bubblewrap.

Refused: name spaces, mounts and roots of the job's own (most ways out of a sandbox begin there),
the kernel's keys, BPF, tracing and asynchronous queues, modules, clocks, and pushing characters
into a terminal. Sockets are those of files, of the internet and of netlink: a virtual machine's
socket to its host, say, belongs to no network that could be kept away.

The same as Docker and Flatpak refuse, but for what a job without capabilities is refused anyway.
Numbers: the kernel's unistd.h. Machines that are not in the table go without.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.language.records import NamedTuple

_CLONE_NEW: Final = 0x7E020000  # every kind of name space
_CLONE_NEWTIME: Final = 0x80  # which only unshare() can be asked for
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FAMILIES: Final = (0, 1, 2, 10, 16)  # unspecified, unix, inet, inet6, netlink
_X32: Final = 0x40000000

_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_KILL: Final = 0x80000000

_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # where they stand in seccomp_data
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL, _AT_LEAST, _ANY_OF = 0x15, 0x35, 0x45  # BPF_JMP | …JEQ, JGE, JSET | BPF_K
_RETURN: Final = 0x06


class _Machine(NamedTuple):
    """`architecture` is the kernel's AUDIT_ARCH_…"""

    architecture: int
    clone: int
    clone3: int
    unshare: int
    socket: int
    ioctl: int
    refused: tuple[int, ...]
    has_x32: bool = False


# What has the same number everywhere: io_uring, the calls around mounts, quotactl_fd.
_EVERYWHERE: Final = (*range(425, 434), 442, 443, 467)
_MACHINES: Final[Mapping[str, _Machine]] = {
    'x86_64': _Machine(
        0xC000003E, clone=56, clone3=435, unshare=272, socket=41, ioctl=16, has_x32=True,
        refused=(
            103, 134, 136, 139, 153, 154, 155, 156, 159, 161,  # syslog … chroot
            163, 164, 165, 166, 167, 168, 169, 172, 173, 174,  # acct … create_module
            175, 176, 177, 178, 179, 180, 212, 227,  # init_module … clock_settime
            246, 248, 249, 250, 298, 300, 304, 305, 308,  # kexec_load … setns
            313, 320, 321, 323,  # finit_module, kexec_file_load, bpf, userfaultfd
        ),
    ),
    'aarch64': _Machine(
        0xC00000B7, clone=220, clone3=435, unshare=97, socket=198, ioctl=29,
        refused=(
            18, 39, 40, 41, 42, 51, 58, 60, 89, 104, 105, 106,  # lookup_dcookie … delete_module
            112, 116, 142, 170, 171, 217, 218, 219,  # clock_settime … keyctl
            224, 225, 241, 262, 265, 266, 268,  # swapon … setns
            273, 280, 282, 294,  # finit_module, bpf, userfaultfd, kexec_file_load
        ),
    ),
}  # fmt: skip


def make(machine: str) -> bytes:
    """The filter for this machine, by what uname calls it; b'' if there is none."""
    known = _MACHINES.get(machine)
    return b'' if known is None else b''.join(_assemble(known))


def _assemble(machine: _Machine) -> Iterator[bytes]:
    yield _one(_LOAD, _ARCHITECTURE)
    yield _one(_EQUAL, machine.architecture, 1, 0)
    yield _one(_RETURN, _KILL)
    yield _one(_LOAD, _NUMBER)
    if machine.has_x32:
        yield from _test((_AT_LEAST, _X32), _ENOSYS)
    for number in (*machine.refused, *_EVERYWHERE):
        yield from _test((_EQUAL, number), _EPERM)
    yield from _test((_EQUAL, machine.clone3), _ENOSYS)  # so that clone() is called
    yield from _with(machine.clone, _FIRST, *_test((_ANY_OF, _CLONE_NEW), _EPERM))
    flags = _CLONE_NEW | _CLONE_NEWTIME
    yield from _with(machine.unshare, _FIRST, *_test((_ANY_OF, flags), _EPERM))
    terminal = (*_test((_EQUAL, _TIOCSTI), _EPERM), *_test((_EQUAL, _TIOCLINUX), _EPERM))
    yield from _with(machine.ioctl, _SECOND, *terminal)
    families = [_one(_EQUAL, family, len(_FAMILIES) - index, 0)
                for index, family in enumerate(_FAMILIES)]  # fmt: skip
    yield from _with(machine.socket, _FIRST, *families, _one(_RETURN, _ERRNO | _EAFNOSUPPORT))
    yield _one(_RETURN, _ALLOW)


def _test(condition: tuple[int, int], error: int) -> tuple[bytes, bytes]:
    """Fail with this error if it holds, else go on."""
    return _one(*condition, 0, 1), _one(_RETURN, _ERRNO | error)


def _with(number: int, argument: int, *body: bytes) -> Iterator[bytes]:
    """Look at an argument of one call; all others pass. The low half is enough: these are ints."""
    yield _one(_EQUAL, number, 0, len(body) + 2)
    yield _one(_LOAD, argument)
    yield from body
    yield _one(_LOAD, _NUMBER)


def _one(code: int, value: int, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack('=HBBI', code, jump_true, jump_false, value)

"""Which platforms images can be built for here: the machine's own, and those it can emulate.

The kernel knows emulators by binfmt_misc. One that was registered without the flag F is looked
for by its path, which in a container is not there.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_REGISTERED: Final = Path('/proc/sys/fs/binfmt_misc')
_BY_EMULATOR: Final = {
    'aarch64': ('linux/arm64',),
    'arm': ('linux/arm/v7', 'linux/arm/v6'),
    'i386': ('linux/386',),
    'loongarch64': ('linux/loong64',),
    'mips64': ('linux/mips64',),
    'mips64el': ('linux/mips64le',),
    'ppc64le': ('linux/ppc64le',),
    'riscv64': ('linux/riscv64',),
    's390x': ('linux/s390x',),
    'x86_64': ('linux/amd64',),
}
_NAMES: Final = {
    'x86_64': 'amd64',
    'x86-64': 'amd64',
    'amd64/v1': 'amd64',
    'aarch64': 'arm64',
    'arm64/v8': 'arm64',
    'armhf': 'arm/v7',
    'arm': 'arm/v7',
    'armel': 'arm/v6',
    'i386': '386',
    'i686': '386',
}


def normalise(platform: str) -> str:
    """`linux/aarch64`, `arm64` and `linux/arm64/v8` are `linux/arm64`."""
    parts = platform.strip().lower().split('/', 1)
    system, machine = parts if len(parts) == 2 else ('linux', parts[0])
    return f'{system}/{_NAMES.get(machine, machine)}'


def emulated(registered: Path = _REGISTERED) -> list[str]:
    """What else than its own platform this machine can run, containers included."""
    return sorted({name for entry in _entries(registered) for name in _BY_EMULATOR.get(entry, ())})


def _entries(registered: Path) -> Iterator[str]:
    try:
        files = sorted(registered.glob('qemu-*'))
    except OSError:
        return
    for file in files:
        lines = file.read_text(encoding='ascii', errors='replace').splitlines()
        flags = next((line for line in lines if line.startswith('flags:')), '')
        if 'enabled' in lines and 'F' in flags.partition(':')[2]:
            yield file.name.removeprefix('qemu-')


def missing(wanted: Sequence[str], own: str) -> list[str]:
    """Those of them that cannot be run here."""
    here = {normalise(own), *emulated()}
    return [name for name in dict.fromkeys(map(normalise, wanted)) if name not in here]

"""What actions/cache, its /restore and its /save share: keys, versions and archives.

A cache is found by key *and* version. The version is the SHA-256 of the paths as written, the
compression and a salt, as in npm's @actions/cache, so that caches of the stand-in and of the
original are one another's.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from liftlock.errors import UserError
from liftlock.runner.actions import paths
from liftlock.runner.workbench import StepFailed, Workbench

_SALT = '1.0'


def read_lines(bench: Workbench, name: str) -> list[str]:
    """An input with one thing a line; `! a` is `!a`."""
    lines = (line.strip() for line in bench.inputs[name].splitlines())
    return [f'!{line[1:].lstrip()}' if line.startswith('!') else line for line in lines if line]


def compute_version(patterns: Sequence[str], zstd: bool) -> str:
    compression = 'zstd-without-long' if zstd else 'gzip'
    return hashlib.sha256('|'.join([*patterns, compression, _SALT]).encode()).hexdigest()


def same(key: str, other: str) -> bool:
    """An exact hit; the original compares without regard to case."""
    return key.lower() == other.lower()


async def restore(bench: Workbench) -> str:
    """Look the cache up and unpack it. Returns the key that matched, '' if none did.

    StepFailed for keys and paths that cannot be, and for a miss where that was asked for.
    """
    key, patterns = _read_required(bench)
    others = read_lines(bench, 'restore-keys')
    _check_keys([key, *others])
    zstd = _has_zstd(bench)
    found = await bench.world.caches.find(key, others, compute_version(patterns, zstd))
    if found is None:
        if _is_true(bench, 'fail-on-cache-miss'):
            raise StepFailed(
                'Failed to restore cache entry. Exiting as fail-on-cache-miss is set. '
                f'Input key: {key}'
            )
        bench.log(f'Cache not found for input keys: {", ".join([key, *others])}')
        return ''
    matched, archive = found
    if _is_true(bench, 'lookup-only'):
        bench.log(f'Cache found and can be restored from key: {matched}')
        return matched
    try:
        await _unpack(bench, archive, zstd)
    except StepFailed as error:
        bench.log(f'[warning]Failed to restore: {error}')
        return ''
    bench.log(f'Cache restored from key: {matched}')
    return matched


async def save(bench: Workbench, key: str) -> bool:
    """Pack and keep what the paths match now. A cache that cannot be saved fails no job."""
    zstd = _has_zstd(bench)
    archive = bench.temp / f'cache-{hashlib.sha256(key.encode()).hexdigest()[:16]}.tar'
    try:
        _, patterns = _read_required(bench)
        _check_keys([key])
        await _pack(bench, patterns, archive, zstd)
        if await bench.world.caches.store(key, compute_version(patterns, zstd), archive):
            bench.log(f'Cache saved with key: {key}')
            return True
        bench.log(
            f'Failed to save: Unable to reserve cache with key {key}, '
            'another job may be creating this cache.'
        )
    except (StepFailed, UserError) as error:
        bench.log(f'[warning]{error}')
    finally:
        archive.unlink(missing_ok=True)
    return False


def _read_required(bench: Workbench) -> tuple[str, list[str]]:
    key = bench.inputs['key'].strip()
    patterns = read_lines(bench, 'path')
    for name, value in (('key', key), ('path', patterns)):
        if not value:
            raise StepFailed(f'Input required and not supplied: {name}')
    return key, patterns


def _check_keys(keys: Sequence[str]) -> None:
    if len(keys) > 10:
        raise StepFailed('Key Validation Error: Keys are limited to a maximum of 10.')
    for key in keys:
        if len(key) > 512:
            raise StepFailed(f'Key Validation Error: {key} cannot be larger than 512 characters.')
        if ',' in key:
            raise StepFailed(f'Key Validation Error: {key} cannot contain commas.')


def _is_true(bench: Workbench, name: str) -> bool:
    return bench.inputs.get(name, '').strip().lower() == 'true'


def _has_zstd(bench: Workbench) -> bool:
    return shutil.which('zstd', path=bench.env.get('PATH')) is not None


async def _pack(bench: Workbench, patterns: Sequence[str], archive: Path, zstd: bool) -> None:
    """Paths relative to the workspace, also those outside of it: so they are restored."""
    found = paths.find('\n'.join(patterns), bench.workspace, bench.env, descend=False)
    if not found.paths:
        raise StepFailed(
            'Path Validation Error: Path(s) specified in the action for caching do(es) not '
            'exist, hence no cache is being saved.'
        )
    manifest = archive.with_suffix('.txt')
    _write_manifest(manifest, found.paths, bench.workspace)
    program = ('--use-compress-program', 'zstd -T0') if zstd else ('-z',)
    try:
        await bench.capture(
            'tar', '--posix', '-cf', str(archive), '-P', '-C', str(bench.workspace), *program,
            '--verbatim-files-from', '--null', '--files-from', str(manifest),
        )  # fmt: skip
    finally:
        manifest.unlink()


def _write_manifest(manifest: Path, files: Sequence[Path], workspace: Path) -> None:
    names = (os.fsencode(os.path.relpath(file, workspace)) for file in files)
    manifest.write_bytes(b'\0'.join(names))


async def _unpack(bench: Workbench, archive: Path, zstd: bool) -> None:
    program = ('--use-compress-program', 'zstd -d') if zstd else ('-z',)
    await bench.capture('tar', '-xf', str(archive), '-P', '-C', str(bench.workspace), *program)

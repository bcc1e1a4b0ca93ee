"""What tests of the sandbox share: jobs in it, and things outside that no job may reach."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import fakes
from containers import lack
from fakes import Played
from liftlock.language.settings.sandbox import Sandbox

SECRET = 'the-key-of-this-machine'


def need() -> None:
    if shutil.which('bwrap') is None:
        lack('to run this: apt install bubblewrap')


def play(
    steps: str,
    root: Path,
    declared: Sandbox | None = None,
    *,
    place: str = 'sandbox',
    world: Mapping[str, object] | None = None,
    **more: Any,
) -> Played:
    """Run a job with these steps; `declared` is what liftlock.yml would say."""
    need()
    around = {'sandbox': declared or Sandbox(), 'sources': Nothing(), **(world or {})}
    return fakes.play(steps, root, world=around, place=place, **more)


def scripts(*texts: str) -> str:
    """Steps that all run, whatever becomes of those before."""
    return '\n'.join(
        '- if: always()\n  run: |\n' + ''.join(f'    {line}\n' for line in text.splitlines())
        for text in texts
    )


def private(folder: Path) -> Path:
    """A directory with a secret in it, as somebody's home might be."""
    made = folder / 'private'
    made.mkdir(exist_ok=True)
    (made / 'key').write_text(SECRET)
    os.chmod(made / 'key', 0o644)  # noqa: PTH101 - it is the sandbox that hides it
    return made


class Nothing(fakes.NoSources):
    """Nothing to check out, also where stand-ins run: there are no fakes there."""

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()


class Shelf:
    """Artifacts by name: what was in their files."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, bytes]] = {}
        self.offered: dict[str, Mapping[str, str]] = {}

    async def store(
        self,
        name: str,
        files: Sequence[tuple[str, Path]],
        *,
        merge: bool,
        overwrite: bool,
        retention_days: int,
        compression: int,
        opening: Callable[[Path], IO[bytes]],
    ) -> tuple[str, int, str]:
        self.kept[name] = {}
        for inner, file in files:
            with opening(file) as stream:
                self.kept[name][inner] = stream.read()
        return '1', 1, 'a' * 64

    async def names(self) -> Mapping[str, str]:
        return {name: str(number) for number, name in enumerate(self.offered, 1)}

    async def fetch(self, name: str, directory: Path) -> int:
        for inner, text in self.offered[name].items():
            target = directory / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return len(self.offered[name])


class Caches:
    """One cache, as its archive was handed over."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def find(
        self, key: str, restore_keys: Sequence[str], version: str
    ) -> tuple[str, Path] | None:
        return None

    async def store(self, key: str, version: str, archive: Path) -> bool:
        self.kept[key] = archive.read_bytes()  # noqa: ASYNC240 - a small file
        return True

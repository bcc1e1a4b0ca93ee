"""What is done outside for a stage of a stand-in that runs inside a sandbox.

Whoever asks may have been taken over by the job: arguments are looked at before they are used, and
files come open, or are opened as the sandbox sees them. What cannot be right raises ValueError or
TypeError: then nobody listens to that process any more.
"""

# Paths are texts here and there.
# ruff: noqa: PTH118, PTH119

import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn

from liftlock.language.records import NamedTuple
from liftlock.language.reference import parse
from liftlock.plan import wire
from liftlock.plan.facts import ArtifactStored, Attested
from liftlock.plan.provenance import Subject
from liftlock.runner.executors.files import Files

if TYPE_CHECKING:
    from liftlock.runner.standin import Bench


class Done(NamedTuple):
    """`env`: the step's variables may be others now. Descriptors are closed when they are sent."""

    value: object = None
    env: bool = False
    descriptors: tuple[int, ...] = ()


class Asked(NamedTuple):
    """A question, and the descriptors that came with it."""

    args: Sequence[Any]
    named: Mapping[str, Any]
    descriptors: Sequence[int]


class Errands:
    """`held` is a directory of ours, for what is on its way in or out."""

    def __init__(self, bench: 'Bench', files: Files, held: Path) -> None:
        self._bench = bench
        self._files = files
        self._held = held
        self._made: set[str] = set()  # digests of what was stored and signed

    def close(self) -> None:
        shutil.rmtree(self._held, ignore_errors=True)

    def tell(self, name: str, args: Sequence[Any]) -> None:
        bench = self._bench
        match name, args:
            case 'report', [str(text)]:
                self._report(text)
            case 'add_matcher', [str(file)]:
                bench.add_matcher(Path(file))
            case (('log' | 'debug' | 'mask'), [str(text)]):
                getattr(bench, name)(text)
            case (('notice' | 'warning' | 'error' | 'set_output' | 'save_state'), [str(a), str(b)]):
                getattr(bench, name)(a, b)
            case _:
                _refuse(name)

    async def go(self, name: str, asked: Asked) -> Done:
        errand = _ERRANDS.get(name)
        if errand is None:
            _refuse(name)
        done: Done = await errand(self, asked)
        return done

    # --- the step

    async def _export(self, asked: Asked) -> Done:
        self._bench.export(*_texts(asked, 2))
        return Done(env=True)

    async def _add_path(self, asked: Asked) -> Done:
        (path,) = _texts(asked, 1)
        self._bench.add_path(Path(path))
        return Done(env=True)

    async def _permission(self, asked: Asked) -> Done:
        return Done(self._bench.permission(*_texts(asked, 1)))

    async def _identity(self, asked: Asked) -> Done:
        return Done(dict(await self._bench.identity()))

    async def _run(self, asked: Asked) -> Done:
        command, cwd, env, check = asked.args
        folder = None if cwd is None else Path(_text(cwd))
        status = await self._bench.run(
            *map(_text, command), cwd=folder, env=_pairs(env), check=bool(check)
        )
        return Done(status, env=True)

    async def _collect(self, asked: Asked) -> Done:
        command, cwd, env = asked.args
        folder = None if cwd is None else Path(_text(cwd))
        status, said = await self._bench.collect(
            tuple(map(_text, command)), cwd=folder, env=_pairs(env)
        )
        return Done((status, said.decode('utf-8', 'replace')))

    # --- what it stores, and what was stored before

    async def _store(self, asked: Asked) -> Done:
        name, listed = asked.args
        files = [(_text(inner), Path(_text(file))) for inner, file in listed]
        stored = await self._bench.world.artifacts.store(
            _text(name),
            files,
            merge=bool(asked.named['merge']),
            overwrite=bool(asked.named['overwrite']),
            retention_days=int(asked.named['retention_days']),
            compression=int(asked.named['compression']),
            opening=self._open,
        )
        self._made.add(stored[2])
        return Done(stored)

    def _open(self, path: Path) -> BinaryIO:
        return os.fdopen(self._files.open(str(path)), 'rb')

    async def _store_file(self, asked: Asked) -> Done:
        name, mime = _texts(asked, 2)
        stored = await self._bench.world.artifacts.store_file(
            self._take(name, asked),
            mime,
            overwrite=bool(asked.named['overwrite']),
            retention_days=int(asked.named['retention_days']),
        )
        self._made.add(stored[2])
        return Done(stored)

    async def _names(self, asked: Asked) -> Done:
        return Done(dict(await self._bench.world.artifacts.names()))

    async def _fetch(self, asked: Asked) -> Done:
        (name,) = _texts(asked, 1)
        folder = self._held / os.urandom(8).hex()
        folder.mkdir(parents=True)
        count = await self._bench.world.artifacts.fetch(name, folder)
        _let_read(folder)
        return Done(count, descriptors=(os.open(folder, os.O_RDONLY | os.O_CLOEXEC),))

    async def _find(self, asked: Asked) -> Done:
        key, others, version = asked.args
        found = await self._bench.world.caches.find(
            _text(key), list(map(_text, others)), _text(version)
        )
        if found is None:
            return Done()
        return Done(found[0], descriptors=(os.open(found[1], os.O_RDONLY | os.O_CLOEXEC),))

    async def _keep(self, asked: Asked) -> Done:
        key, version = _texts(asked, 2)
        archive = self._take('cache', asked)
        return Done(await self._bench.world.caches.store(key, version, archive))

    async def _record(self, asked: Asked) -> Done:
        kind, file, flags, root, ref, sha = asked.args
        digest = await self._bench.hand_in(
            _text(kind),
            Path(_text(file)),
            self._take('report', asked),
            flags=tuple(map(_text, flags)),
            root=None if root is None else Path(_text(root)),
            ref=_text(ref),
            sha=_text(sha),
        )
        return Done(digest)

    def _take(self, name: str, asked: Asked) -> Path:
        """A copy of the file that came: its bytes do not change any more."""
        (descriptor,) = asked.descriptors
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or name != os.path.basename(name):
            raise ValueError(name)
        folder = self._held / os.urandom(8).hex()
        folder.mkdir(parents=True)
        copy = folder / name
        with open(descriptor, 'rb', closefd=False) as source, copy.open('xb') as target:
            source.seek(0)
            shutil.copyfileobj(source, target, 1 << 20)
        return copy

    # --- the rest of the world

    async def _action(self, asked: Asked) -> Done:
        name, ref = _texts(asked, 2)
        if parse(f'{name}@{ref}') is None:  # it becomes a path of ours
            raise ValueError(name)
        found = await self._bench.world.actions.find(name, ref, self._bench.log)
        return Done(tuple(found))

    async def _remotes(self, asked: Asked) -> Done:
        return Done(list(self._bench.world.actions.remotes(*_texts(asked, 1))))

    async def _provenance(self, asked: Asked) -> Done:
        assert self._bench.world.attestations is not None
        return Done(await self._bench.world.attestations().provenance(self._bench.job))

    async def _sign(self, asked: Asked) -> Done:
        assert self._bench.world.attestations is not None
        listed, kind, predicate = asked.args
        subjects = [Subject(_text(name), _text(digest)) for name, digest in listed]
        signed = await self._bench.world.attestations().sign(
            self._bench.job, subjects, _text(kind), predicate
        )
        self._made.add(signed[2])
        return Done(signed)

    def _report(self, text: str) -> None:
        """Only of what was stored and signed for this stage."""
        fact = wire.load(text)
        if not isinstance(fact, ArtifactStored | Attested):
            raise ValueError(text)
        if fact.job != self._bench.job or fact.digest not in self._made:
            raise ValueError(text)
        self._bench.report(fact)


_ERRANDS: Final[Mapping[str, Callable[[Errands, Asked], Any]]] = {
    'export': Errands._export,
    'add_path': Errands._add_path,
    'permission': Errands._permission,
    'identity': Errands._identity,
    'run': Errands._run,
    'collect': Errands._collect,
    'store': Errands._store,
    'store_file': Errands._store_file,
    'names': Errands._names,
    'fetch': Errands._fetch,
    'find': Errands._find,
    'keep': Errands._keep,
    'record': Errands._record,
    'action': Errands._action,
    'remotes': Errands._remotes,
    'provenance': Errands._provenance,
    'sign': Errands._sign,
}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _texts(asked: Asked, count: int) -> tuple[str, ...]:
    if len(asked.args) != count:
        raise ValueError(asked.args)
    return tuple(map(_text, asked.args))


def _pairs(value: Mapping[str, Any]) -> dict[str, str]:
    return {_text(name): _text(text) for name, text in value.items()}


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _let_read(folder: Path) -> None:
    """Whoever is inside may be another user of this machine; the way there is closed to others."""
    folder.chmod(0o755)
    for above, folders, files in os.walk(folder):
        for name in folders:
            os.chmod(os.path.join(above, name), 0o755)  # noqa: PTH101, S103
        for name in files:
            path = os.path.join(above, name)
            os.chmod(path, os.stat(path).st_mode | 0o444)  # noqa: PTH101, PTH116

"""Files handed to Envoy, and whether it took them.

A file is written to a temporary name and moved into its place. Envoy then publishes, as a
statistic, the version that it has accepted, or counts one more rejection and says why in its log.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import admin, bootstrap, files
from liftlock.targets.envoy.documents import Documents, Resources

_PATIENCE: Final = 15.0
_PAUSE: Final = 0.005
_STATISTICS: Final = (
    r'^(cluster_manager\.cds|listener_manager\.lds|cluster\.[^.]+|http\.[^.]+\.rds\.[^.]+)'
    r'\.(version_text|update_rejected)$'
)
_REASON: Final = re.compile(r'Filesystem config update rejected: (.*?)\s*(?=\n\[|\Z)', re.DOTALL)
_LISTENER: Final = re.compile(r'(?:^|listener\(s\) )(\S+): ', re.MULTILINE)


class Taken(NamedTuple):
    """What Envoy has of a file."""

    version: str = ''
    rejected: int = 0


def scope(file: str) -> str:
    """The beginning of the names of the file's statistics."""
    if file == bootstrap.CLUSTERS:
        return 'cluster_manager.cds'
    if file == bootstrap.LISTENERS:
        return 'listener_manager.lds'
    room, _, name = file.removesuffix('.json').partition('/')
    return f'cluster.{name}' if room == 'endpoints' else f'http.{name}.rds.{name}'


def reason(log: str) -> str:
    """Why the last file was refused, by Envoy's log; '' if none was."""
    found: list[str] = _REASON.findall(log)
    return found[-1] if found else ''


def refused_listeners(why: str) -> frozenset[str]:
    return frozenset(_LISTENER.findall(why))


class Publication:
    """Not to be used by two at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._before: Mapping[str, Taken] = {}
        self._log = 0  # where its log ended then

    async def lay(self, documents: Documents) -> None:
        """Before Envoy starts, which then reads all files."""
        for file, resources in documents.files().items():
            await asyncio.to_thread(self._write, file, resources)

    async def publish(self, documents: Documents, mine: frozenset[str]) -> None:
        """Returns once Envoy has taken everything of which the scopes are `mine`. Of listeners all
        stand in one file; what it says about others is theirs."""
        self._before = await self._taken()
        self._log = await asyncio.to_thread(self._log_size)
        clusters = {**documents.endpoints, bootstrap.CLUSTERS: documents.clusters}
        await self._send(clusters)
        await self._confirm(clusters, mine)
        entrances = {**documents.routes, bootstrap.LISTENERS: documents.listeners}
        await self._send(entrances)
        await self._confirm(entrances, mine)
        await asyncio.to_thread(self._forget, documents)

    async def accepted(self, documents: Documents, mine: frozenset[str]) -> bool:
        """Whether Envoy has the routes that stand in these documents."""
        routes = _versions(documents.routes, mine)
        try:
            taken = await _read(self._directory)
        except admin.Silent:
            return False
        return all(taken.get(file, Taken()).version == version for file, version in routes.items())

    async def _send(self, resources: Mapping[str, Resources]) -> None:
        for file, some in resources.items():
            await asyncio.to_thread(self._write, file, some)

    def _write(self, file: str, resources: Resources) -> None:
        text, version = files.text_of(resources)
        taken = self._before.get(scope(file), Taken(version))
        path = self._directory / file
        if taken.version != version or files.read(path) != text:
            files.write(path, text)

    async def _confirm(self, resources: Mapping[str, Resources], mine: frozenset[str]) -> None:
        waiting = _versions(resources, mine | {scope(bootstrap.CLUSTERS)})
        listeners = scope(bootstrap.LISTENERS)
        if bootstrap.LISTENERS in resources:
            waiting[listeners] = files.text_of(resources[bootstrap.LISTENERS])[1]
        try:
            async with asyncio.timeout(_PATIENCE):
                while waiting:
                    waiting = await self._still(waiting, mine)
                    await asyncio.sleep(_PAUSE if waiting else 0)
        except TimeoutError:
            told = f'Envoy did not confirm {", ".join(waiting)} within {_PATIENCE:.0f} s'
            raise Trouble(told, again=True) from None

    async def _still(self, waiting: Mapping[str, str], mine: frozenset[str]) -> dict[str, str]:
        """Which of them it has not answered yet."""
        taken = await self._taken()
        left = {}
        for one, version in waiting.items():
            now = taken.get(one, Taken())
            if now.version == version:
                continue
            if now.rejected > self._before.get(one, Taken()).rejected:
                await self._refused(one, mine)
            else:
                left[one] = version
        return left

    async def _refused(self, one: str, mine: frozenset[str]) -> None:
        """The count may be seen a moment before the line in the log."""
        why = ''
        for _ in range(40):
            why = why or reason(await asyncio.to_thread(self._said))
            if why:
                break
            await asyncio.sleep(0.05)
        if one == scope(bootstrap.LISTENERS):
            names = refused_listeners(why)
            if names and not {f'http.{name}.rds.{name}' for name in names} & mine:
                return
        raise Trouble(f'Envoy refused it: {why or "it did not say why"}')

    def _said(self) -> str:
        with (self._directory / bootstrap.LOG).open(encoding='utf-8', errors='replace') as file:
            file.seek(self._log)
            return file.read()

    def _log_size(self) -> int:
        return (self._directory / bootstrap.LOG).stat().st_size

    async def _taken(self) -> Mapping[str, Taken]:
        """Patiently: Envoy may just have been started."""
        for _ in range(int(_PATIENCE / 0.05)):
            try:
                return await _read(self._directory)
            except admin.Silent:
                await asyncio.sleep(0.05)
        raise Trouble('Envoy does not answer', again=True)

    def _forget(self, documents: Documents) -> None:
        for room, kept in (('endpoints', documents.endpoints), ('routes', documents.routes)):
            for path in (self._directory / room).glob('[!.]*.json'):
                if f'{room}/{path.name}' not in kept:
                    files.remove(path)


def _versions(resources: Mapping[str, Resources], scopes: frozenset[str]) -> dict[str, str]:
    return {
        scope(file): files.text_of(some)[1]
        for file, some in resources.items()
        if scope(file) in scopes
    }


def scopes(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(map(scope, paths))


async def _read(directory: Path) -> Mapping[str, Taken]:
    found: dict[str, Taken] = {}
    for name, value in (await admin.statistics(directory, _STATISTICS)).items():
        one, _, leaf = name.rpartition('.')
        before = found.get(one, Taken())
        if leaf == 'version_text':
            found[one] = before._replace(version=value)
        else:
            found[one] = before._replace(rejected=int(value))
    return found

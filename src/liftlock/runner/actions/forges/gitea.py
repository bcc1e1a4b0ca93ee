"""Gitea and Forgejo: GitHub's paths and fields, but for those that stand here.

Labels have numbers, a draft is a title that begins with `WIP: `, a file is a field of a form, and
what only GitHub knows (`make_latest`, `generate_release_notes`) is left out.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

from liftlock.runner.actions.forges.api import part
from liftlock.runner.actions.forges.github import GitHub, read_chunks, read_pull, read_release
from liftlock.runner.actions.forges.records import Decoration, NewPull, NewRelease, Pull, Release

_DRAFT: Final = 'WIP: '
_COLOUR: Final = '#ededed'  # of a label that is new, as GitHub gives it


class Gitea(GitHub):
    def _fields(self, new: NewRelease) -> dict[str, Any]:
        return super()._fields(new._replace(extra={}))

    async def publish_release(self, release: Release, extra: Mapping[str, Any]) -> Release:
        path = f'{self.at}/releases/{release.id}'
        return read_release(await self.api.ask('PATCH', path, {'draft': False}))

    async def upload(self, release: Release, name: str, file: BinaryIO) -> dict[str, Any]:
        path = f'{self.at}/releases/{release.id}/assets'
        url = f'{self.api.forge.api}/{path}?{urlencode({"name": name})}'
        form = _Form(name, file)
        told: dict[str, Any] = await self.api.send('POST', url, form.read(), form.kind, form.size)
        return told

    async def remove_asset(self, release: Release, asset: Mapping[str, Any]) -> None:
        await self.api.ask('DELETE', f'{self.at}/releases/{release.id}/assets/{asset["id"]}')

    async def find_pull(self, new: NewPull) -> Pull | None:
        async for one in self.api.each(f'{self.at}/pulls', state='open'):
            head = one['head']
            repository = (head.get('repo') or {}).get('full_name', self.api.repository)
            if (head['ref'], repository) == (new.head, new.head_repository) and (
                one['base']['ref'] == new.base
            ):
                return read_pull(one)
        return None

    async def open_pull(self, new: NewPull) -> Pull:
        own = new.head_repository == self.api.repository
        owner = new.head_repository.partition('/')[0]
        fields = {
            'title': f'{_DRAFT}{new.title}' if new.draft else new.title,
            'body': new.body,
            'head': new.head if own else f'{owner}:{new.head}',
            'base': new.base,
        }
        return read_pull(await self.api.ask('POST', f'{self.at}/pulls', fields))

    async def decorate(self, pull: Pull, decoration: Decoration) -> None:
        issue = f'{self.at}/issues/{pull.number}'
        changed: dict[str, Any] = {}
        if decoration.milestone:
            changed['milestone'] = decoration.milestone
        if decoration.assignees:
            changed['assignees'] = decoration.assignees
        if changed:
            await self.api.ask('PATCH', issue, changed)
        if decoration.labels:
            numbers = await self._label_numbers(decoration.labels)
            await self.api.ask('POST', f'{issue}/labels', {'labels': numbers})
        await self._ask_for_reviews(pull, decoration)

    async def _label_numbers(self, names: tuple[str, ...]) -> list[int]:
        known: dict[str, int] = {}
        async for label in self.api.each(f'{self.at}/labels'):
            known[label['name']] = label['id']
        owner = part(self.api.repository.partition('/')[0])
        theirs = await self.api.find(f'orgs/{owner}/labels')  # 404 where the owner is a person
        known |= {label['name']: label['id'] for label in theirs or () if label['name'] in names}
        for name in names:
            if name not in known:
                made = await self.api.ask(
                    'POST', f'{self.at}/labels', {'name': name, 'color': _COLOUR}
                )
                known[name] = made['id']
        return [known[name] for name in names]


class _Form:
    """A file as the one field of a form, read piece by piece."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        border = os.urandom(16).hex()
        name = name.replace('\\', '\\\\').replace('"', '\\"')
        head = f'Content-Disposition: form-data; name="attachment"; filename="{name}"'
        text = f'--{border}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n'
        self._file = file
        self._head = text.encode()
        self._tail = f'\r\n--{border}--\r\n'.encode()
        self.kind = f'multipart/form-data; boundary={border}'
        self.size = len(self._head) + os.fstat(file.fileno()).st_size + len(self._tail)

    def read(self) -> Iterator[bytes]:
        yield self._head
        yield from read_chunks(self._file)
        yield self._tail

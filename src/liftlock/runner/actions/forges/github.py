"""GitHub's REST API, also of its Enterprise Server."""

import mimetypes
import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import urlencode

from liftlock.runner.actions.forges.api import Api, part
from liftlock.runner.actions.forges.records import Decoration, NewPull, NewRelease, Pull, Release

CHUNK = 1024 * 1024  # bytes


class GitHub:
    attaches = True

    def __init__(self, api: Api) -> None:
        self.api = api
        self.at = f'repos/{api.repository}'

    # --- releases

    async def find_release(self, tag: str) -> Release | None:
        """Drafts are found only in the list."""
        found = await self.api.find(f'{self.at}/releases/tags/{part(tag)}')
        if found is not None:
            return read_release(found)
        async for one in self.api.each(f'{self.at}/releases'):
            if one['tag_name'] == tag:
                return read_release(one)
        return None

    async def create_release(self, new: NewRelease) -> Release:
        return read_release(await self.api.ask('POST', f'{self.at}/releases', self._fields(new)))

    async def update_release(self, release: Release, new: NewRelease) -> Release:
        path = f'{self.at}/releases/{release.id}'
        return read_release(await self.api.ask('PATCH', path, self._fields(new)))

    async def publish_release(self, release: Release, extra: Mapping[str, Any]) -> Release:
        path = f'{self.at}/releases/{release.id}'
        return read_release(await self.api.ask('PATCH', path, {'draft': False, **extra}))

    def _fields(self, new: NewRelease) -> dict[str, Any]:
        fields = {
            'tag_name': new.tag,
            'name': new.name,
            'body': new.body,
            'draft': new.draft,
            'prerelease': new.prerelease,
            **new.extra,
        }
        return {**fields, 'target_commitish': new.target} if new.target else fields

    async def upload(self, release: Release, name: str, file: BinaryIO) -> dict[str, Any]:
        base = release.upload_url.partition('{')[0]
        kind = mimetypes.guess_type(name)[0] or 'application/octet-stream'
        url = f'{base}?{urlencode({"name": name})}'
        size = os.fstat(file.fileno()).st_size
        told: dict[str, Any] = await self.api.send('POST', url, read_chunks(file), kind, size)
        return told

    async def remove_asset(self, release: Release, asset: Mapping[str, Any]) -> None:
        await self.api.ask('DELETE', f'{self.at}/releases/assets/{asset["id"]}')

    # --- pull requests

    async def find_pull(self, new: NewPull) -> Pull | None:
        head = f'{new.head_repository.partition("/")[0]}:{new.head}'
        query = {'state': 'open', 'head': head, 'base': new.base}
        found = await self.api.ask('GET', f'{self.at}/pulls', query=query)
        return read_pull(found[0]) if found else None

    async def open_pull(self, new: NewPull) -> Pull:
        fields = {
            'title': new.title,
            'body': new.body,
            'head': f'{new.head_repository.partition("/")[0]}:{new.head}',
            'head_repo': new.head_repository,
            'base': new.base,
            'draft': new.draft,
            'maintainer_can_modify': new.maintainers_may_modify,
        }
        return read_pull(await self.api.ask('POST', f'{self.at}/pulls', fields))

    async def update_pull(self, pull: Pull, new: NewPull) -> Pull:
        fields = {'title': new.title, 'body': new.body}
        return read_pull(await self.api.ask('PATCH', f'{self.at}/pulls/{pull.number}', fields))

    async def decorate(self, pull: Pull, decoration: Decoration) -> None:
        issue = f'{self.at}/issues/{pull.number}'
        if decoration.milestone:
            await self.api.ask('PATCH', issue, {'milestone': decoration.milestone})
        if decoration.labels:
            await self.api.ask('POST', f'{issue}/labels', {'labels': decoration.labels})
        if decoration.assignees:
            await self.api.ask('POST', f'{issue}/assignees', {'assignees': decoration.assignees})
        await self._ask_for_reviews(pull, decoration)

    async def _ask_for_reviews(self, pull: Pull, decoration: Decoration) -> None:
        asked = {'reviewers': decoration.reviewers, 'team_reviewers': decoration.teams}
        asked = {name: people for name, people in asked.items() if people}
        if asked:
            await self.api.ask('POST', f'{self.at}/pulls/{pull.number}/requested_reviewers', asked)


def read_release(told: Mapping[str, Any]) -> Release:
    return Release(
        id=str(told['id']),
        url=told.get('html_url') or '',
        upload_url=told.get('upload_url') or '',
        tag=told.get('tag_name') or '',
        name=told.get('name') or '',
        body=told.get('body') or '',
        target=told.get('target_commitish') or '',
        draft=bool(told.get('draft')),
        prerelease=bool(told.get('prerelease')),
        assets=tuple(told.get('assets') or ()),
    )


def read_pull(told: Mapping[str, Any]) -> Pull:
    return Pull(int(told['number']), told.get('html_url') or '', bool(told.get('draft')))


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk

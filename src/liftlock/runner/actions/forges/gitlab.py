"""GitLab: merge requests and releases, as far as GitHub's words have an equal there.

People, reviewers and milestones have numbers of GitLab's own, and files of a release are links to
packages: neither is translated, and what is asked for in vain is an error, not silence.
"""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from liftlock.runner.actions.forges.api import Api, part
from liftlock.runner.actions.forges.records import Decoration, NewPull, NewRelease, Pull, Release
from liftlock.runner.workbench import StepFailed

_DRAFT: Final = 'Draft: '


class GitLab:
    attaches = False

    def __init__(self, api: Api) -> None:
        self.api = api
        self.at = f'projects/{part(api.repository)}'

    async def find_release(self, tag: str) -> Release | None:
        found = await self.api.find(f'{self.at}/releases/{part(tag)}')
        return None if found is None else _read_release(found)

    async def create_release(self, new: NewRelease) -> Release:
        _refuse(draft=new.draft, prerelease=new.prerelease)
        fields = {'tag_name': new.tag, 'name': new.name, 'description': new.body, 'ref': new.target}
        return _read_release(await self.api.ask('POST', f'{self.at}/releases', fields))

    async def update_release(self, release: Release, new: NewRelease) -> Release:
        _refuse(draft=new.draft, prerelease=new.prerelease)
        path = f'{self.at}/releases/{part(release.tag)}'
        fields = {'name': new.name, 'description': new.body}
        return _read_release(await self.api.ask('PUT', path, fields))

    async def publish_release(self, release: Release, extra: Mapping[str, Any]) -> Release:
        return release  # there are no drafts

    async def upload(self, release: Release, name: str, file: BinaryIO) -> dict[str, Any]:
        raise StepFailed('Files cannot be attached to a release on GitLab by this stand-in')

    async def remove_asset(self, release: Release, asset: Mapping[str, Any]) -> None:
        raise AssertionError('nothing was attached')

    async def find_pull(self, new: NewPull) -> Pull | None:
        query = {'state': 'opened', 'source_branch': new.head, 'target_branch': new.base}
        found = await self.api.ask('GET', f'{self.at}/merge_requests', query=query)
        return _read_pull(found[0]) if found else None

    async def open_pull(self, new: NewPull) -> Pull:
        if new.head_repository != self.api.repository:
            raise StepFailed('Merge requests from a fork cannot be opened by this stand-in')
        fields = {
            'title': f'{_DRAFT}{new.title}' if new.draft else new.title,
            'description': new.body,
            'source_branch': new.head,
            'target_branch': new.base,
            'allow_collaboration': new.maintainers_may_modify,
        }
        return _read_pull(await self.api.ask('POST', f'{self.at}/merge_requests', fields))

    async def update_pull(self, pull: Pull, new: NewPull) -> Pull:
        fields = {'title': new.title, 'description': new.body}
        if pull.draft:
            fields['title'] = f'{_DRAFT}{new.title}'
        path = f'{self.at}/merge_requests/{pull.number}'
        return _read_pull(await self.api.ask('PUT', path, fields))

    async def decorate(self, pull: Pull, decoration: Decoration) -> None:
        _refuse(
            assignees=bool(decoration.assignees),
            reviewers=bool(decoration.reviewers),
            team_reviewers=bool(decoration.teams),
            milestone=bool(decoration.milestone),
        )
        if decoration.labels:
            path = f'{self.at}/merge_requests/{pull.number}'
            await self.api.ask('PUT', path, {'add_labels': ','.join(decoration.labels)})


def _refuse(**asked: bool) -> None:
    names = ', '.join(name for name, wanted in asked.items() if wanted)
    if names:
        raise StepFailed(f'{names}: not supported on GitLab by this stand-in')


def _read_release(told: Mapping[str, Any]) -> Release:
    """A tag is the name of its release there; there is no number."""
    url = (told.get('_links') or {}).get('self') or ''
    return Release(
        id=told['tag_name'],
        url=url,
        upload_url='',
        tag=told['tag_name'],
        name=told.get('name') or '',
        body=told.get('description') or '',
        target=(told.get('commit') or {}).get('id') or '',
        draft=False,
        prerelease=False,
    )


def _read_pull(told: Mapping[str, Any]) -> Pull:
    return Pull(int(told['iid']), told.get('web_url') or '', bool(told.get('draft')))

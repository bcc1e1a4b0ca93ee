"""softprops/action-gh-release, all majors: a release on the forge, and the files that go with it.

A release with files is a draft until all of them are there, so that nobody sees half of one.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from liftlock.runner.actions import forges, paths
from liftlock.runner.actions.documents import read_text
from liftlock.runner.actions.forges.place import Place
from liftlock.runner.actions.forges.records import NewRelease, Release
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'body': '',
    'body_path': '',
    'name': '',
    'tag_name': '',
    'draft': '',
    'prerelease': '',
    'preserve_order': '',
    'files': '',
    'working_directory': '',
    'overwrite_files': 'true',
    'fail_on_unmatched_files': '',
    'repository': '',
    'token': '',
    'target_commitish': '',
    'discussion_category_name': '',
    'generate_release_notes': '',
    'previous_tag': '',
    'append_body': '',
    'make_latest': '',
}
_BRACES: Final = re.compile(r'\{([^{}]*)\}')
_TAG: Final = 'refs/tags/'


async def main(bench: Workbench) -> None:
    tag = _tag(bench)
    files = _find_files(bench)
    token = bench.inputs['token'].strip() or bench.env.get('GITHUB_TOKEN', '').strip()
    token = token or str(bench.github.get('token') or '')
    place = forges.enter(bench, token, bench.inputs['repository'])
    if files and not place.client.attaches:
        raise StepFailed(f'Files cannot be attached to a release on {place.forge.kind}')
    release = await _write(bench, place, tag, files)
    attached = [await _attach(bench, place, release, file) for file in files]
    if release.draft and bench.inputs['draft'] != 'true':
        release = await place.client.publish_release(release, _extra(bench, 'make_latest'))
    bench.log(f'🎉 Release ready at {release.url}')
    known = {asset.get('id'): asset for asset in release.assets}
    assets = [known.get(one.get('id'), one) for one in attached if one is not None]  # URLs change
    bench.set_output('assets', json.dumps([_without_uploader(one) for one in assets]))
    bench.set_output('url', release.url)
    bench.set_output('id', release.id)
    bench.set_output('upload_url', release.upload_url)


def _tag(bench: Workbench) -> str:
    ref = str(bench.github.get('ref') or '')
    tag = bench.inputs['tag_name'].strip().removeprefix(_TAG)
    if not tag and ref.startswith(_TAG):
        tag = ref.removeprefix(_TAG)
    if not tag and bench.inputs['draft'] != 'true':
        raise StepFailed('⚠️ GitHub Releases requires a tag')
    return tag


def _find_files(bench: Workbench) -> list[Path]:
    base = bench.workspace / bench.inputs['working_directory']
    found: dict[Path, None] = {}
    for pattern in _patterns(bench.inputs['files']):
        matches = [
            file
            for one in _expand(pattern)
            for file in paths.find(one, base, bench.env, descend=False).files
        ]
        if not matches:
            message = f"Pattern '{pattern}' does not match any files."
            if bench.inputs['fail_on_unmatched_files'] == 'true':
                raise StepFailed(f'⚠️ {message}')
            bench.log(f'🤔 {message}')
        found |= dict.fromkeys(matches)
    return list(found)


def _patterns(text: str) -> Iterator[str]:
    """One a line, or several with commas that stand in no braces."""
    for line in text.splitlines():
        depth, start = 0, 0
        for at, character in enumerate(line):
            depth += (character == '{') - (character == '}')
            if character == ',' and not depth:
                yield line[start:at].strip()
                start = at + 1
        if line[start:].strip():
            yield line[start:].strip()


def _expand(pattern: str) -> Iterator[str]:
    """`{a,b}` is both, as in a shell."""
    found = _BRACES.search(pattern)
    if found is None:
        yield pattern
        return
    for choice in found[1].split(','):
        yield from _expand(pattern[: found.start()] + choice + pattern[found.end() :])


async def _write(bench: Workbench, place: Place, tag: str, files: Sequence[Path]) -> Release:
    """Make the release, or change the one that is there."""
    body = _read_body(bench)
    before = await place.client.find_release(tag) if tag else None
    if before is None:
        bench.log(f'👩‍🏭 Creating new GitHub release for tag {tag}...')
        new = NewRelease(
            tag=tag,
            name=bench.inputs['name'] or tag,
            body=body,
            target=bench.inputs['target_commitish'],
            draft=bench.inputs['draft'] == 'true' or bool(files),
            prerelease=bench.inputs['prerelease'] == 'true',
            extra=_extra(bench, 'make_latest', 'discussion_category_name')
            | await _notes(bench, place),
        )
        return await place.client.create_release(new)
    bench.log(f'Found release {before.name} (with id={before.id})')
    if bench.inputs['append_body'] == 'true' and body and before.body:
        body = f'{before.body}\n{body}'
    given = bench.inputs['prerelease']
    new = NewRelease(
        tag=tag,
        name=bench.inputs['name'] or before.name or tag,
        body=body or before.body,
        target=bench.inputs['target_commitish'] or before.target,
        draft=before.draft,
        prerelease=given == 'true' if given else before.prerelease,
        extra=_extra(bench, 'make_latest', 'discussion_category_name') | await _notes(bench, place),
    )
    return await place.client.update_release(before, new)


async def _notes(bench: Workbench, place: Place) -> dict[str, Any]:
    if bench.inputs['generate_release_notes'] != 'true':
        return {}
    if place.forge.kind != 'github':
        bench.warning(f'generate_release_notes has no effect: {place.forge.kind} writes none')
    return {'generate_release_notes': True}


def _extra(bench: Workbench, *names: str) -> dict[str, Any]:
    return {name: bench.inputs[name] for name in names if bench.inputs[name]}


def _read_body(bench: Workbench) -> str:
    path = bench.inputs['body_path']
    if path:
        try:
            return read_text(bench, path)
        except (OSError, ValueError):
            bench.warning(f'Failed to read body_path "{path}". Falling back to the input body.')
    return bench.inputs['body']


async def _attach(
    bench: Workbench, place: Place, release: Release, file: Path
) -> dict[str, Any] | None:
    names = (file.name, file.name.replace(' ', '.'))
    for asset in release.assets:
        if asset.get('name') not in names:
            continue
        if bench.inputs['overwrite_files'] == 'false':
            bench.log(f'Asset {file.name} already exists and overwrite_files is false...')
            return None
        bench.log(f'♻️ Deleting previously uploaded asset {file.name}...')
        await place.client.remove_asset(release, asset)
    bench.log(f'⬆️ Uploading {file.name}...')
    with bench.open(file) as stream:
        return await place.client.upload(release, file.name, stream)


def _without_uploader(asset: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asset.items() if name != 'uploader'}

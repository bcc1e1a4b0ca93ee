"""actions/create-release, v1: a release on the forge of the run's repository."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import forges
from liftlock.runner.actions.documents import read_text
from liftlock.runner.actions.forges.api import Refused
from liftlock.runner.actions.forges.place import Place
from liftlock.runner.actions.forges.records import NewRelease, Release
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'tag_name': '',
    'release_name': '',
    'body': '',
    'body_path': '',
    'draft': 'false',
    'prerelease': 'false',
    'commitish': '',
    'owner': '',
    'repo': '',
}


async def main(bench: Workbench) -> None:
    tag = read_required(bench, 'tag_name').replace('refs/tags/', '', 1)
    place = forges.enter(bench, bench.env.get('GITHUB_TOKEN', ''), _repository(bench))
    new = NewRelease(
        tag=tag,
        name=bench.inputs['release_name'].replace('refs/tags/', '', 1),
        body=_read_body(bench),
        target=bench.inputs['commitish'] or str(bench.github.get('sha') or ''),
        draft=bench.inputs['draft'] == 'true',
        prerelease=bench.inputs['prerelease'] == 'true',
    )
    release = await _create(bench, place, new)
    bench.log(f'Created the release {release.tag}: {release.url}')
    bench.set_output('id', release.id)
    bench.set_output('html_url', release.url)
    bench.set_output('upload_url', release.upload_url)


async def _create(bench: Workbench, place: Place, new: NewRelease) -> Release:
    try:
        return await place.client.create_release(new)
    except Refused as refused:
        if bench.inputs['commitish'] or 'already' in refused.message:
            raise
        hint = f'is {new.target[:7]}, the commit of this run, pushed? (`commitish` names another)'
        raise StepFailed(f'{refused}: {hint}') from None


def _repository(bench: Workbench) -> str:
    """'' for the run's own."""
    owner, name = bench.inputs['owner'], bench.inputs['repo']
    if not owner and not name:
        return ''
    own = bench.world.home.path.rpartition('/')
    return f'{owner or own[0]}/{name or own[2]}'


def _read_body(bench: Workbench) -> str:
    path = bench.inputs['body_path']
    if not path:
        return bench.inputs['body']
    try:
        text = read_text(bench, path)
    except (OSError, ValueError):
        raise StepFailed(f"ENOENT: no such file or directory, open '{path}'") from None
    return text or bench.inputs['body']

"""trufflesecurity/trufflehog, all versions: which commits to scan, then trufflehog itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.plan.event import NO_COMMIT
from liftlock.runner.actions import scanning
from liftlock.runner.actions.answers import ask
from liftlock.runner.actions.scanning import TRUFFLEHOG, Scan
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'path': './',
    'base': '',
    'head': '',
    'extra_args': '',
    'version': 'latest',
    'image': 'ghcr.io/trufflesecurity/trufflehog',
}
_INSIDE: Final = '/tmp'  # noqa: S108 - of the container, as the original mounts it


async def main(bench: Workbench) -> None:
    folder = bench.workspace / bench.inputs['path']
    await bench.capture('git', 'status', cwd=folder)  # else there is no repository
    asked = await _range(bench, folder)
    if asked is None:
        bench.log('No commits to scan')
        return
    base, head = asked
    rest = ('--since-commit', base, '--branch', head, '--fail', '--no-update', '--github-actions')
    extra = bench.inputs['extra_args'].split()
    scan = Scan(
        words=('git', f'file://{folder}', *rest, *extra),
        wanted=('git', f'file://{_INSIDE}/', *rest, *extra),
        image=f'{bench.inputs["image"]}:{bench.inputs["version"]}',
        inside=_INSIDE,
    )
    status = await scanning.run(bench, TRUFFLEHOG, scan, folder)
    if status:
        raise StepFailed(f'Process completed with exit code {status}.')


async def _range(bench: Workbench, folder: Path) -> tuple[str, str] | None:
    """Base and head, '' for all; None where a push brought nothing."""
    base, head = bench.inputs['base'], bench.inputs['head']
    if base or head:
        if await _parse(bench, folder, base) == await _parse(bench, folder, head):
            raise StepFailed(
                "BASE and HEAD commits are the same. TruffleHog won't scan anything. Please see "
                'documentation (https://github.com/trufflesecurity/trufflehog'
                '#octocat-trufflehog-github-action).'
            )
        return base, head
    event = bench.github.get('event')
    payload: dict[str, Any] = event if isinstance(event, dict) else {}
    match bench.github.get('event_name'):
        case 'push':
            before = str(payload.get('before') or '')
            if not payload.get('commits'):
                return None
            return '' if before == NO_COMMIT else before, str(payload.get('after') or '')
        case 'pull_request':
            request = payload.get('pull_request') or {}
            return str(request['base']['sha']), str(request['head']['sha'])
        case _:
            return '', ''


async def _parse(bench: Workbench, folder: Path, name: str) -> str:
    """What `git rev-parse` prints: the commit, or the name itself if there is none."""
    if not name:
        return ''
    return (await ask(bench, 'git', 'rev-parse', name, cwd=folder)).text.strip()

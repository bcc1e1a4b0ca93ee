"""actions/checkout, all majors: the run's snapshot, or another repository by git.

A token or a key is not needed and not kept: the snapshot lies on this disk, and another
repository is fetched as its user on this machine would fetch it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import trust
from liftlock.runner import git
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'repository': '',
    'ref': '',
    'token': '',
    'ssh-key': '',
    'ssh-known-hosts': '',
    'ssh-strict': 'true',
    'ssh-user': 'git',
    'persist-credentials': 'true',
    'path': '',
    'clean': 'true',
    'filter': '',
    'sparse-checkout': '',
    'sparse-checkout-cone-mode': 'true',
    'fetch-depth': '1',
    'fetch-tags': 'false',
    'show-progress': 'true',
    'lfs': 'false',
    'submodules': 'false',
    'set-safe-directory': 'true',
    'github-server-url': '',
    'allow-unsafe-pr-checkout': 'false',
}
_HEX = set('0123456789abcdefABCDEF')


class _Wanted(NamedTuple):
    """`depth` 0 is everything. `submodules` is '', 'true' or 'recursive'."""

    repository: str
    ref: str
    depth: int
    tags: bool
    submodules: str


async def main(bench: Workbench) -> None:
    own = str(bench.github.get('repository', ''))
    wanted = _read(bench, own)
    _refuse_proposal(bench, wanted)
    directory = _prepare(bench)
    bench.log(f'Syncing repository: {wanted.repository}')
    is_own = wanted.repository.lower() == own.lower()
    try:
        if is_own:
            commit = await bench.world.sources.checkout(
                directory,
                wanted.ref,
                wanted.depth,
                bench.log,
                tags=wanted.tags,
                submodules=wanted.submodules,
            )
        else:
            commit = await _fetch_other(bench, directory, wanted)
    except UserError as error:
        raise StepFailed(str(error)) from error
    await _narrow(bench, directory)
    await _fetch_large(bench, directory)
    default = str(bench.github.get('ref', '')) if is_own else ''
    bench.set_output('ref', '' if _is_commit(wanted.ref) else wanted.ref or default)
    bench.set_output('commit', commit)


def _read(bench: Workbench, own: str) -> _Wanted:
    repository = bench.inputs['repository'] or own
    if len([part for part in repository.split('/') if part]) != 2 or repository.count('/') != 1:
        raise StepFailed(f"Invalid repository '{repository}'. Expected format {{owner}}/{{repo}}.")
    submodules = bench.inputs['submodules'].lower()
    return _Wanted(
        repository,
        bench.inputs['ref'].strip(),
        _parse_depth(bench.inputs['fetch-depth']),
        _is_true(bench, 'fetch-tags'),
        submodules if submodules in ('true', 'recursive') else '',
    )


def _refuse_proposal(bench: Workbench, wanted: _Wanted) -> None:
    """As the original from v7 on, and here in every major."""
    found = trust.proposal(bench.github, wanted.repository, wanted.ref)
    if found and not _is_true(bench, 'allow-unsafe-pr-checkout'):
        event = bench.github.get('event_name')
        raise StepFailed(
            f'{found} comes from a fork, and {event} runs with the secrets of this repository. '
            'Check it out in a workflow on pull_request instead, or, where nothing of it is run, '
            'say `allow-unsafe-pr-checkout: true`.'
        )


def _parse_depth(text: str) -> int:
    """What is no number, or below zero, is everything."""
    try:
        return max(0, int(float(text or '1')))
    except (ValueError, OverflowError):
        return 0


def _is_true(bench: Workbench, name: str) -> bool:
    return bench.inputs[name].strip().lower() == 'true'


def _is_commit(ref: str) -> bool:
    return len(ref) in (40, 64) and set(ref) <= _HEX


def _prepare(bench: Workbench) -> Path:
    """The directory, emptied: the original too deletes what isn't a clone of that repository.
    Only `clean: false` spares what an earlier checkout and later steps left there."""
    workspace = bench.workspace.resolve()
    directory = (workspace / (bench.inputs['path'] or '.')).resolve()
    if not directory.is_relative_to(workspace):
        raise StepFailed(f"Repository path '{directory}' is not under '{workspace}'")
    if directory.is_file():
        directory.unlink()
    directory.mkdir(parents=True, exist_ok=True)
    kept = not _is_true(bench, 'clean') and (directory / '.git').is_dir()
    for entry in [directory / '.git'] if kept else list(directory.iterdir()):
        _remove(entry)
    return directory


def _remove(entry: Path) -> None:
    if not entry.is_dir() or entry.is_symlink():
        entry.unlink()
        return
    import shutil  # costs milliseconds, and most workspaces are empty

    shutil.rmtree(entry)


async def _fetch_other(bench: Workbench, directory: Path, wanted: _Wanted) -> str:
    remotes = bench.world.actions.remotes(wanted.repository)
    complaints = []
    for remote in remotes:
        listed = await git.run('ls-remote', '--symref', remote, cwd=directory, timeout=60)
        if listed.code == 0:
            return await _clone(directory, remote, wanted, listed.text)
        complaints.append(f'{remote}: {listed.last}')
    raise StepFailed(f'{wanted.repository} could not be had ({"; ".join(complaints)})')


async def _clone(directory: Path, remote: str, wanted: _Wanted, listed: str) -> str:
    name = _resolve(wanted, listed)
    url = f'https://github.com/{wanted.repository}'
    await _tell(directory, 'init', '--quiet', '--template=')
    await _tell(directory, 'remote', 'add', 'origin', url)
    await _tell(directory, 'config', 'gc.auto', '0')
    branch = name.removeprefix('refs/heads/') if name.startswith('refs/heads/') else ''
    here = f'refs/remotes/origin/{branch}' if branch else 'refs/liftlock/wanted'
    specs = [f'+{name}:{here}']
    if not wanted.depth:
        specs += ['+refs/heads/*:refs/remotes/origin/*']
    if wanted.tags or not wanted.depth:
        specs += ['+refs/tags/*:refs/tags/*']
    elif name.startswith('refs/tags/'):
        specs += [f'+{name}:{name}']
    depth = [f'--depth={wanted.depth}'] if wanted.depth else []
    await _tell(directory, 'fetch', '--quiet', '--no-tags', *depth, remote, *specs)
    if branch:
        await _tell(directory, 'checkout', '--quiet', '--force', '-B', branch, here)
    else:
        await _tell(directory, 'checkout', '--quiet', '--force', '--detach', here)
    if wanted.submodules:
        nested = ['--recursive'] if wanted.submodules == 'recursive' else []
        await _tell(directory, 'submodule', 'update', '--init', *depth, *nested)
    return (await _tell(directory, 'rev-parse', 'HEAD')).strip()


def _resolve(wanted: _Wanted, listed: str) -> str:
    """The full name: a commit as it is, a branch before a tag, or what HEAD points at there."""
    if _is_commit(wanted.ref):
        return wanted.ref.lower()
    lines = [line.split('\t') for line in listed.splitlines()]
    names = {name for _, name in lines}
    if not wanted.ref:
        heads = [left.removeprefix('ref: ') for left, name in lines if name == 'HEAD']
        return heads[0] if heads and heads[0] in names else 'HEAD'
    for name in (wanted.ref, f'refs/heads/{wanted.ref}', f'refs/tags/{wanted.ref}'):
        if name in names and name.startswith('refs/'):
            return name
    raise StepFailed(f"A branch or tag with the name '{wanted.ref}' could not be found")


async def _narrow(bench: Workbench, directory: Path) -> None:
    patterns = [line.strip() for line in bench.inputs['sparse-checkout'].splitlines()]
    patterns = [pattern for pattern in patterns if pattern]
    if not patterns or bench.inputs['filter']:
        return
    mode = '--cone' if _is_true(bench, 'sparse-checkout-cone-mode') else '--no-cone'
    await _tell(directory, 'sparse-checkout', 'set', mode, *patterns)


async def _fetch_large(bench: Workbench, directory: Path) -> None:
    if not _is_true(bench, 'lfs'):
        return
    import shutil

    if shutil.which('git-lfs', path=bench.env.get('PATH')) is None:
        raise StepFailed('`lfs: true` needs git-lfs, which is not installed')
    await bench.run('git', 'lfs', 'install', '--local', cwd=directory)
    await bench.run('git', 'lfs', 'pull', cwd=directory)


async def _tell(directory: Path, *arguments: str) -> str:
    answer = await git.run(*arguments, cwd=directory, env={'GIT_LFS_SKIP_SMUDGE': '1'})
    if answer.code:
        raise StepFailed(f'git {arguments[0]}: {answer.last}')
    return answer.text

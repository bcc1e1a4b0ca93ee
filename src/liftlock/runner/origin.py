"""Where a job's repository came from, as far as its git can tell.

On GitHub `origin` is `https://github.com/<owner>/<repo>`, and a job fetches from it, and pushes to
it, long after its checkout. Here that address, and the one that the user's own clone has, lead to
a bare repository of the job's own: it holds the run's commit, uncommitted changes included, and the
branches and tags as they are. What a job pushes stays in there.

git is told in two ways. Settings in the job's HOME apply wherever one of these addresses is a
remote; they need git 2.36. actions/checkout, which starts from nothing, gets the same by variables
(GIT_CONFIG_…), and where submodules lie of which the user has clones. They also tell it, and other
actions, where another repository is that an input names.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH108, PTH110, PTH112

import asyncio
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from liftlock.language.expressions.values import to_text
from liftlock.language.records import NamedTuple
from liftlock.runner.ports import Served
from liftlock.runner.state import Job
from liftlock.runner.turn import Turn

CHECKOUT: Final = 'actions/checkout'
_SANDBOX: Final = 'sandbox'
_FOLDER: Final = '_origin.git'
_SETTINGS: Final = 'redirect'  # below it
_NAME: Final = re.compile(r'[\w.-]+/[\w.-]+')
_SAYING: Final = """\
#!/bin/sh
echo "Liftlock keeps this push in the job's own copy of {url}; nobody else gets it." >&2
"""


class Origin(NamedTuple):
    """`place` is the bare repository; `submodules` are by their full addresses."""

    place: str
    submodules: Mapping[str, str]


async def lay(job: Job) -> None:
    """Have an origin, once a job, and let the job's git know. Raises UserError and OSError."""
    place = f'{job.directories.root}/{_FOLDER}'
    if job.request.place.startswith(_SANDBOX):
        await asyncio.to_thread(_clear, place)  # an earlier attempt may have laid links in there
    anew = not _is_there(place)  # else an earlier attempt made it, whose work is taken up again
    served = await job.world.sources.serve(Path(place))
    if anew:
        _tell_git(job, place, served)
    own = _own(job)
    submodules = {_resolve(url, own): clone for url, clone in served.submodules.items()}
    job.origin = Origin(place, submodules)


def _is_there(place: str) -> bool:
    return os.path.exists(f'{place}/HEAD')


def _clear(place: str) -> None:
    if os.path.isdir(place):
        with os.scandir(place) as entries:
            for entry in entries:
                shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else os.unlink(entry)


def _own(job: Job) -> str:
    return f'{to_text(job.github.get("server_url"))}/{to_text(job.github.get("repository"))}'


def _resolve(url: str, base: str) -> str:
    """The address of a submodule may be relative to that of the repository."""
    if not url.startswith(('./', '../')):
        return url
    while url.startswith(('./', '../')):
        first, _, url = url.partition('/')
        base = base.rpartition('/')[0] if first == '..' else base
    return f'{base}/{url}'


# --- in the job's HOME


def _tell_git(job: Job, place: str, served: Served) -> None:
    own = _own(job)
    known = filter(None, (own, served.url))
    urls = list(dict.fromkeys(url for one in known for url in _spellings(one)))
    inside = job.workplace.inside(place)
    _write(f'{place}/{_SETTINGS}', _redirect(inside, urls))
    # Behind what the job's place may have written.
    _write(f'{job.directories.home}/.gitconfig', _settings(inside, urls), extra=os.O_APPEND)
    _write(f'{place}/hooks/post-receive', _SAYING.format(url=own), 0o755)


def _spellings(url: str) -> tuple[str, str]:
    bare = url.rstrip('/').removesuffix('.git')
    return bare, f'{bare}.git'


def _redirect(place: str, urls: Sequence[str]) -> str:
    lines = ''.join(f'\tinsteadOf = {_quoted(url)}\n' for url in urls)
    return f'[url {_quoted(place)}]\n{lines}'


def _settings(place: str, urls: Sequence[str]) -> str:
    """That a prefix of an address is replaced is all that git can do, and one repository's name may
    begin with another's: so only where a remote is exactly that."""
    conditions = (_quoted(f'hasconfig:remote.*.url:{_literal(url)}') for url in urls)
    path = _quoted(f'{place}/{_SETTINGS}')
    included = ''.join(f'[includeIf {condition}]\n\tpath = {path}\n' for condition in conditions)
    return f'[safe]\n\tdirectory = {_quoted(place)}\n{included}'


def _quoted(text: str) -> str:
    escaped = text.replace('\\', '\\\\').replace('"', '\\"')
    return f'"{escaped}"'


def _literal(url: str) -> str:
    return re.sub(r'([*?\[\\])', r'\\\1', url)


def _write(file: str, text: str, mode: int = 0o644, extra: int = os.O_TRUNC) -> None:
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | extra
    opened = os.open(file, flags, mode)
    with os.fdopen(opened, 'w', encoding='utf-8') as stream:
        stream.write(text)


# --- for actions


def variables(turn: Turn, inputs: Mapping[str, str]) -> dict[str, str]:
    """GIT_CONFIG_… for a process of an action that needs them, behind those of the workflow.

    Nobody else gets any: there are git clients that refuse to work where they are set.
    """
    settings = list(_settings_of(turn, inputs))
    if not settings:
        return {}
    given = turn.env.get('GIT_CONFIG_COUNT', '')
    first = int(given) if given.isdecimal() else 0
    made = {'GIT_CONFIG_COUNT': str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        made |= {f'GIT_CONFIG_KEY_{number}': key, f'GIT_CONFIG_VALUE_{number}': value}
    return made


def _settings_of(turn: Turn, inputs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    job = turn.job
    if job.origin is None:
        return
    replaced = dict(_asked_for(job, job.origin, inputs))
    if to_text(turn.github['action_repository']).lower() == CHECKOUT:
        own = dict.fromkeys(_spellings(_own(job)), job.origin.place)
        replaced = {**job.origin.submodules, **own, **replaced}
        if job.origin.submodules:
            yield 'protocol.file.allow', 'always'  # which git forbids for them
        if not inputs.get('token'):
            # git is let in by itself where it would be turned away with a token that is none.
            yield f'http.{to_text(job.github.get("server_url"))}/.extraheader', ''
    for url, place in replaced.items():
        yield f'url.{place}.insteadOf', url


def _asked_for(job: Job, origin: Origin, inputs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A repository that an input names comes from where actions would come from."""
    own = _own(job)
    for name, wanted in inputs.items():
        if name.lower() != 'repository' or not _NAME.fullmatch(wanted):
            continue
        url = f'{to_text(job.github.get("server_url"))}/{wanted}'
        if url.lower() == own.lower():  # git minds case, GitHub doesn't
            place = origin.place
        else:
            place = next(filter(_may_serve, job.world.actions.remotes(wanted)), url)
        if place != url or url.startswith(own):  # the longest match wins
            yield url, place


def _may_serve(remote: str) -> bool:
    """Of a place on this disk it can be told whether git would find a repository there."""
    if not remote.startswith('/'):
        return True
    return any(os.path.exists(f'{remote}/{name}') for name in ('HEAD', '.git'))

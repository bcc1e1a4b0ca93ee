"""Hooks in a bare repository: put there without harm to what is there, and taken out again.

    hooks/post-receive           a few lines of sh that start what is in
    liftlock/run.py              liftlock_hook/, a copy of our package `sender`
    liftlock/settings.json       where the server is, and with which secret letters are signed
    liftlock/spool/              letters that have not been sent yet

Everything belongs to whoever owns the repository; where it is shared by a group, the group may read
and write, too.
"""

import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Final

from liftlock.cli.hooks.sender.letters import Settings
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.runner import git

MARK: Final = '# liftlock-hook'
CHAINED: Final = '.chained'
FOLDER: Final = 'liftlock'
PACKAGE: Final = 'liftlock_hook'
RUN: Final = f"""\
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from {PACKAGE}.receiving import main
from pathlib import Path

sys.exit(main(Path(__file__).resolve().parent, sys.argv[1:]))
"""
SHIM: Final = """\
#!/bin/sh
{mark}: installed by `liftlock hooks install`, taken out by `liftlock hooks uninstall`
lines=$(cat)
if [ -x "$0{chained}" ]; then
  printf '%s\\n' "$lines" | "$0{chained}" "$@"{or_else}
fi
printf '%s\\n' "$lines" | {python} -I -B "${{0%/*}}/../{folder}/run.py" {name}
"""


class Place(NamedTuple):
    """A bare repository. `shared`: its group works in it, too."""

    directory: Path
    hooks: Path
    shared: bool

    @property
    def home(self) -> Path:
        return self.directory / FOLDER

    @property
    def name(self) -> str:
        """What it is called where nobody says."""
        own = self.directory.name.removesuffix('.git')
        return f'{self.directory.parent.name or "local"}/{own}'


def find(path: Path) -> Place:
    """UserError where there is no bare repository, or where its hooks are somebody else's."""
    if not path.is_dir():
        raise UserError(f'{path} is not a directory')
    directory = path.resolve()
    known = ('-c', f'safe.directory={directory}')
    asked = git.ask(
        *known, 'rev-parse', '--is-bare-repository', '--absolute-git-dir', cwd=directory
    )
    if asked.code or asked.text.split() != ['true', str(directory)]:
        raise UserError(f'{directory} is no bare repository', 'make one by: git init --bare')
    hooks = Path(git.ask(*known, 'rev-parse', '--git-path', 'hooks', cwd=directory).text.strip())
    hooks = directory / hooks
    if hooks.resolve() != directory / 'hooks':
        raise UserError(
            f'the hooks of {directory} are those in {hooks.resolve()}, for other repositories, too',
            'unset core.hooksPath for it: git config --local core.hooksPath hooks',
        )
    shared = git.ask(*known, 'config', '--get', 'core.sharedRepository', cwd=directory).text
    return Place(directory, hooks, shared.strip() not in ('', '0', 'false', 'umask'))


def install(place: Place, settings: Settings, *, chain: bool) -> None:
    """UserError if hooks are there that are not ours, unless to be chained."""
    wanted = ('post-receive', 'pre-receive') if settings.gate else ('post-receive',)
    for name in wanted:
        _refuse(place, name, chain=chain)
    _lay(place, settings)
    for name in wanted:
        _hook(place, name)
    if not settings.gate:
        _take_out(place, 'pre-receive')
    told = git.ask('config', 'receive.advertisePushOptions', 'true', cwd=place.directory)
    if told.code:
        raise UserError(f'git cannot be told to take push options: {told.last}')


def uninstall(place: Place) -> None:
    for name in ('pre-receive', 'post-receive'):
        _take_out(place, name)
    shutil.rmtree(place.home, ignore_errors=True)


def _refuse(place: Place, name: str, *, chain: bool) -> None:
    hook = place.hooks / name
    if not hook.exists() or _ours(hook):
        return
    if not chain:
        raise UserError(
            f'there is a hook already: {hook}', 'have it run before ours by --chain, or remove it'
        )
    if hook.with_name(name + CHAINED).exists():
        raise UserError(f'{hook.name}{CHAINED} is there, too', 'put one of the two away')


def _hook(place: Place, name: str) -> None:
    hook = place.hooks / name
    if hook.exists() and not _ours(hook):
        hook.rename(hook.with_name(name + CHAINED))
    text = SHIM.format(
        mark=MARK,
        chained=CHAINED,
        or_else=' || exit' if name == 'pre-receive' else '',
        python=_python(),
        folder=FOLDER,
        name=name,
    )
    place.hooks.mkdir(exist_ok=True)
    draft = hook.with_name(f'.{name}.new')
    draft.write_text(text)
    draft.chmod(0o755)
    _give(place, draft)
    draft.rename(hook)


def _take_out(place: Place, name: str) -> None:
    hook = place.hooks / name
    if hook.exists() and _ours(hook):
        hook.unlink()
    before = hook.with_name(name + CHAINED)
    if before.exists() and not hook.exists():
        before.rename(hook)


def _ours(hook: Path) -> bool:
    return MARK in hook.read_text(errors='replace')


def _python() -> str:
    """One that stays when our own environment is upgraded, where there is one."""
    found = '/usr/bin/python3' if os.access('/usr/bin/python3', os.X_OK) else sys.executable
    return "'" + found.replace("'", "'\\''") + "'"


def _lay(place: Place, settings: Settings) -> None:
    """Everything but the hooks. The secret is readable by those alone who may push here."""
    group = stat.S_IRWXG | stat.S_ISGID if place.shared else 0
    package, spool = place.home / PACKAGE, place.home / 'spool'
    for folder in (place.home, package, spool):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700 | group)
        _give(place, folder)
    for source in (Path(__file__).parent / 'sender').glob('*.py'):
        _write(place, package / source.name, source.read_text())
    _write(place, place.home / 'run.py', RUN)
    _write(place, place.home / 'settings.json', json.dumps(settings._asdict(), indent=2) + '\n')


def _write(place: Place, file: Path, text: str) -> None:
    draft = file.with_name(f'.{file.name}.new')
    draft.unlink(missing_ok=True)
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, 'w') as stream:
        stream.write(text)
    draft.chmod(0o640 if place.shared else 0o600)
    _give(place, draft)
    draft.rename(file)


def _give(place: Place, path: Path) -> None:
    """To the owner and the group of the repository, if root does this for somebody else."""
    owner = place.directory.stat()
    now = path.stat()
    if (now.st_uid, now.st_gid) != (owner.st_uid, owner.st_gid):
        try:
            os.chown(path, owner.st_uid, owner.st_gid)
        except PermissionError:
            raise UserError(
                f'{place.directory} belongs to somebody else', 'install as its owner, or as root'
            ) from None

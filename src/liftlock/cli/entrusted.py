"""What `secret` and `variable` share: whose values, where they come from, and how they are listed.

A secret never comes from the command line itself: that stands in the shell's history, and every
process of the machine can read it.
"""

import json as jsons
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import click

from liftlock.cli import doubts, onrecord, person, remote, wiring
from liftlock.cli.loglines import harmless
from liftlock.engine import declared
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.runner import repository
from liftlock.store import secrets
from liftlock.store.secrets import Entry, Happened, Safe, Scope

Decorated = TypeVar('Decorated', bound=Callable[..., Any])
EVERY: Final = '*'
_SCOPE: Final = (
    click.option('--env', 'environment', default='', metavar='ENVIRONMENT', help='Of this one.'),
    click.option(
        '--repo',
        default='',
        metavar='OWNER/NAME',
        help="Of this repository; '*': of all. [default: the one here]",
    ),
)


class Keeping(Protocol):
    """Where they are kept: the store's safe, or a server's."""

    def set(self, scope: Scope, name: str, value: str, by: str) -> None: ...

    def remove(self, scope: Scope, name: str, by: str) -> None: ...

    def listed(self, repository: str, environment: str | None = None) -> list[Entry]: ...

    def history(self, repository: str) -> list[Happened]: ...

    def values(self, repository: str) -> dict[str, dict[str, str]]: ...

    def repositories(self) -> list[str]: ...


class Desk(NamedTuple):
    """An open safe, whose part of it is meant, and who asks."""

    safe: Keeping
    scope: Scope
    by: str
    directory: Path | None  # of the repository, if it is the one here


def scope_options(function: Decorated) -> Decorated:
    for parameter in reversed((*_SCOPE, remote.option)):
        function = parameter(function)
    return function


def desk(state: str | None, kind: str, environment: str, repo: str, server: str = '') -> Desk:
    if repo == EVERY:
        return _of_all(state, kind, environment, server)
    here = None if repo else repository.look(Path.cwd())
    if repo and len(repo.split('/')) != 2:
        raise UserError(f'"{repo}" is no repository', 'name it as in --repo owner/name')
    name = '/'.join(repository.identity(here)) if here else repo
    safe = _told(server, kind) if server else _stored(state, kind)
    by, directory = person.name(here), here.top if here else None
    return Desk(safe, Scope(name, environment), by, directory)


def _of_all(state: str | None, kind: str, environment: str, server: str) -> Desk:
    """Those that every repository gets which has none of its own."""
    if environment:
        raise UserError(f"--repo '{EVERY}' does not go with --env")
    safe = _told(server, kind) if server else _stored(state, kind)
    return Desk(safe, Scope(''), person.name(None), None)


def _stored(state: str | None, kind: str) -> Keeping:
    where = wiring.place(state)
    store = wiring.opened(where)
    return onrecord.Recorded(store, Safe(store, wiring.key_file(where), kind), kind)


def _told(server: str, kind: str) -> Keeping:
    from liftlock.cli.remote.client import Client
    from liftlock.cli.remote.secrets import RemoteSafe

    return RemoteSafe(Client(server), kind)


def value(what: str, from_file: str, *, hidden: bool) -> str:
    """From a file as it is; asked from a person; or else the standard input, without the line end
    that `echo` puts there. UserError."""
    if from_file and from_file != '-':
        return _decoded(_content(Path(from_file)), from_file)
    if not from_file and sys.stdin.isatty():
        answer = click.prompt(what, hide_input=hidden, confirmation_prompt=hidden, err=True)
        return str(answer)
    text = _decoded(sys.stdin.buffer.read(secrets.LARGEST + 2), 'the standard input')
    return text.removesuffix('\n').removesuffix('\r')


def _content(file: Path) -> bytes:
    try:
        with file.open('rb') as stream:
            return stream.read(secrets.LARGEST + 2)
    except OSError as error:
        raise UserError(f'{file} cannot be read: {error.strerror}') from None


def _decoded(content: bytes, source: str) -> str:
    if len(content) > secrets.LARGEST + 1:
        raise UserError(
            f'what {source} holds is larger than {secrets.LARGEST >> 10} KiB',
            'encrypt the file, commit it, and store its passphrase',
        )
    try:
        return content.decode()
    except UnicodeDecodeError:  # the error itself would show what stands there
        hint = 'store it as base64, and decode it in the step that needs it'
        raise UserError(f'what {source} holds is no UTF-8 text', hint) from None


def doubt(desk: Desk) -> None:
    """Tell of an environment that `liftlock.yml` does not know, and of a repository elsewhere that
    the store does not."""
    repository, environment = desk.scope
    if desk.directory is None and repository:
        doubts.repository(repository, desk.safe.repositories)
    elif desk.directory is not None and environment:
        doubts.environment(environment, declared.environments(desk.directory))


def told(scope: Scope) -> str:
    if scope.environment:
        return f'{scope.environment} ({scope.repository})'
    return scope.repository or 'all repositories'


# --- lists


def show(
    entries: Sequence[Entry], values: Mapping[str, Mapping[str, str]] | None, *, json: bool
) -> None:
    """`values` are shown where given, by environment in lower case and name."""
    rows = [(entry, _shown(entry, values)) for entry in entries]
    if json:
        print(jsons.dumps([_record(*row) for row in rows], ensure_ascii=False, indent=2))
        return
    names = max((len(entry.name) for entry in entries), default=0)
    places = max((len(entry.environment) for entry in entries), default=0)
    for entry, shown in rows:
        day = time.strftime('%Y-%m-%d', time.localtime(entry.at))
        line = f'{entry.environment:{places}}  ' if places else ''
        line += f'{entry.name:{names}}  {day}  {entry.by}'
        print(line if shown is None else f'{line}  {_short(shown)}')


def _short(value: str) -> str:
    first, more, _ = harmless(value).partition('\n')
    return f'{first} …' if more else first


def _shown(entry: Entry, values: Mapping[str, Mapping[str, str]] | None) -> str | None:
    return None if values is None else values[entry.environment.lower()][entry.name]


def _record(entry: Entry, shown: str | None) -> dict[str, Any]:
    record = entry._asdict()
    return record if shown is None else {**record, 'value': shown}


def show_history(events: Sequence[Happened], *, json: bool) -> None:
    if json:
        print(jsons.dumps([one._asdict() for one in events], ensure_ascii=False, indent=2))
        return
    for one in events:
        at = time.strftime('%Y-%m-%d %H:%M', time.localtime(one.at))
        of = f' of {one.environment}' if one.environment else ''
        print(f'{at}  {one.by}  {one.fact} {one.name}{of}')

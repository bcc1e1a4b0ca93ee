"""The words that `run` and `plan` share: which event happened, and with what."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple

Decorated = TypeVar('Decorated', bound=Callable[..., Any])


class Asked(NamedTuple):
    """The command line, with nothing read yet."""

    event: str = 'push'
    workflows: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    secret_file: tuple[str, ...] = ()
    var: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    env_file: tuple[str, ...] = ()
    event_path: str | None = None
    matrix: tuple[str, ...] = ()
    ref: str = ''
    base: str = ''
    head: str = ''
    activity: str = ''


_PARAMETERS: Final = (
    click.argument('event', default='push', metavar='[EVENT]'),
    click.option(
        '-W',
        '--workflow',
        'workflows',
        multiple=True,
        metavar='FILE',
        help='Only this workflow, whichever files changed.',
    ),
    click.option('-j', '--job', 'jobs', multiple=True, metavar='JOB', help='Only this job.'),
    click.option('--input', multiple=True, metavar='NAME=VALUE', help='An input of the workflow.'),
    click.option(
        '-s',
        '--secret',
        multiple=True,
        metavar='NAME[=VALUE]',
        help='A secret; without a value it is taken from the environment or asked for.',
    ),
    click.option(
        '--secret-file', multiple=True, metavar='FILE', help='Secrets, NAME=value a line.'
    ),
    click.option('--var', multiple=True, metavar='NAME=VALUE', help='A variable (vars.NAME).'),
    click.option('--env', multiple=True, metavar='NAME=VALUE', help='Set for every step.'),
    click.option('--env-file', multiple=True, metavar='FILE', help='The same, NAME=value a line.'),
    click.option('--event-path', metavar='FILE', help='JSON that becomes github.event.'),
    click.option(
        '--matrix', multiple=True, metavar='NAME:VALUE', help='Only legs of a matrix with this.'
    ),
    click.option('--ref', default='', metavar='REF', help='The branch or tag it happened to.'),
    click.option('--base', default='', metavar='BRANCH', help='Where a pull request goes to.'),
    click.option('--head', default='', metavar='BRANCH', help='Where a pull request comes from.'),
    click.option(
        '--type', 'activity', default='', metavar='TYPE', help='Its activity: opened, closed …'
    ),
)


def event_options(function: Decorated) -> Decorated:
    for parameter in reversed(_PARAMETERS):
        function = parameter(function)
    return function


def asked(given: dict[str, Any]) -> Asked:
    """Take the event options out of what click handed over, and leave the command's own."""
    return Asked(**{name: given.pop(name) for name in Asked._fields})


def pairs(words: Iterable[str], option: str, between: str = '=') -> dict[str, str]:
    """`k=v` words as a mapping; the last one wins. Raises UserError."""
    found = {}
    for word in words:
        name, separator, value = word.partition(between)
        if not separator or not name:
            # the word itself is not shown: it may be a secret that was mistyped
            raise UserError(f'{option} wants NAME{between}VALUE, not "{name}"')
        found[name] = value
    return found


def settings(words: Iterable[str], option: str, files: Iterable[str]) -> dict[str, str]:
    """What the files say, and above that what the words say."""
    found: dict[str, str] = {}
    for file in files:
        from liftlock.cli import dotenv

        found.update(dotenv.read(Path(file)))
    return {**found, **pairs(words, option)}


def secrets(
    words: Iterable[str],
    files: Iterable[str],
    env: Mapping[str, str] = os.environ,
    ask: Callable[[str], str | None] | None = None,
) -> dict[str, str]:
    """Secrets by upper-case name. `--secret NAME` alone asks the environment, then a person."""
    found = settings((), '--secret', files)
    for word in words:
        name, equals, value = word.partition('=')
        if not name:
            raise UserError('--secret wants NAME or NAME=VALUE, not ""')
        if not equals:
            given = env.get(name) or (ask or _ask)(name)
            if given is None:
                raise UserError(
                    f'the secret {name} has no value',
                    f'set {name} in the environment, or give --secret {name}=…',
                )
            value = given
        found[name] = value
    return {name.upper(): value for name, value in found.items()}


def _ask(name: str) -> str | None:
    import sys

    if not sys.stdin.isatty():
        return None
    answer = click.prompt(f'secret {name}', hide_input=True, err=True)
    return str(answer)

"""What `resume` and `rerun` share: a run that has a past goes on, here and now."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from liftlock.cli import options, view, wiring
from liftlock.cli.conduct import conduct
from liftlock.engine.submission import Terms
from liftlock.language.records import NamedTuple
from liftlock.plan import wire
from liftlock.plan.board import Board, latest

Decorated = TypeVar('Decorated', bound=Callable[..., Any])


class Ways(NamedTuple):
    """How to go on."""

    secret: tuple[str, ...] = ()
    secret_file: tuple[str, ...] = ()
    json: bool = False
    verbose: bool = False
    shell_on_failure: bool = False
    slots: int | None = None


_PARAMETERS = (
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
    click.option('--json', is_flag=True, help='Print facts, one JSON object a line.'),
    click.option('-v', '--verbose', is_flag=True, help='Print every line of the logs.'),
    click.option('--shell-on-failure', is_flag=True, help='Open a shell where a step failed.'),
    click.option('--jobs', 'slots', type=click.IntRange(min=1), help='Jobs at the same time.'),
)


def ways_options(function: Decorated) -> Decorated:
    for parameter in reversed(_PARAMETERS):
        function = parameter(function)
    return function


def terms(ways: Ways) -> Terms:
    return Terms(options.secrets(ways.secret, ways.secret_file))


def go_on(works: wiring.Works, run: int, ways: Ways, given: Terms, seen: int, word: str) -> int:
    """Carry the run out from here; facts up to `seen` are known to whoever watches."""
    board = Board()
    facts = works.store.facts(run)
    watching: view.View = (
        view.Facts(sys.stdout, wire.line) if ways.json else view.choose(board, verbose=ways.verbose)
    )
    for stamped in latest(facts):
        if stamped.seq <= seen:
            board.take(stamped)
    watching.notice(word)
    for stamped in facts:
        if stamped.seq > seen:
            watching.take(stamped)
    status = conduct(works.engine, run, given, watching, shell=ways.shell_on_failure)
    if not ways.json:
        view.conclude(board)
    from liftlock.cli import comeback

    comeback.after(works, run, ways, given, status)
    return status

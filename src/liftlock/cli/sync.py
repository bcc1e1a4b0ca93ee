"""`liftlock sync`: what git says against what runs, and then in line with it."""

import json as jsons
import sys
import time
from collections.abc import Iterator
from typing import Final

import click

from liftlock.cli import compared, deploy, follow, here
from liftlock.cli.colour import paint
from liftlock.cli.compared import Compared
from liftlock.cli.figures import count, span
from liftlock.cli.here import Here
from liftlock.cli.loglines import harmless
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import requests
from liftlock.engine.delivery.requests import Wish
from liftlock.errors import FAILED, UserError
from liftlock.language.settings.model import Compose, Process
from liftlock.rollout import facts as f
from liftlock.rollout.sync import told

STYLES: Final = {'+': 'green', '-': 'red'}
LONGEST: Final = 60  # lines of one difference


@click.command('sync', short_help='Show what git says against what runs, and bring it in line.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--dry-run', is_flag=True, help='Only show it; exit code 1 if it is out of sync.')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--wait', is_flag=True, help='Go on following while it waits for a person.')
@click.option('--json', is_flag=True, help='What was found as one object; then facts, one a line.')
@click.pass_obj
def command(
    state: str | None, /, environment: str, dry_run: bool, no_follow: bool, wait: bool, json: bool
) -> int:
    """Bring ENVIRONMENT in line with git: the newest branch head or tag that its `on:` names,
    which must have run and be green.

    Shows the commits in between, what changes in liftlock.yml, and what was changed by hand. What
    was held back by a rollback goes on by itself again.
    """
    asked = here.look(state)
    name = here.declared_environment(asked, environment)
    found = compared.compare(asked, name)
    show(found, json)
    if dry_run:
        return 0 if found.in_sync else FAILED
    return _bring(asked, found, {'no_follow': no_follow, 'wait': wait, 'json': json})


def show(found: Compared, json: bool) -> None:
    if json:
        print(jsons.dumps(compared.record(found), ensure_ascii=False), flush=True)
        return
    colours = paint(sys.stdout)
    for style, line in lines(found, time.time()):
        safe = harmless(line)
        print(getattr(colours, style)(safe) if style else safe)


def lines(found: Compared, now: float) -> Iterator[tuple[str, str]]:
    """Each with its style: a method of `Paint`, or ''."""
    word = 'in sync' if found.in_sync else 'out of sync'
    yield ('green' if found.in_sync else 'yellow'), f'{found.place.name}: {word}'
    yield from _versions(found, now)
    if found.commits:
        yield '', ''
        yield 'bold', f'{count(found.total, "commit")} in between'
        yield from (('', f'  {line}') for line in found.commits)
        if found.total > len(found.commits):
            yield 'dim', f'  … {found.total - len(found.commits)} more'
    for title, difference in compared.changes(found):
        yield from _lines(title, difference)
    if found.drift:
        yield from _lines('Drift of what runs', tuple(found.drift.splitlines()))


def _versions(found: Compared, now: float) -> Iterator[tuple[str, str]]:
    desired, last, held = found.desired, found.environment.last, found.environment.held
    if desired.version is not None:
        ref = desired.version.ref.removeprefix('refs/heads/').removeprefix('refs/tags/')
        yield '', f'  git   {told(desired.version)} of {ref}'
    else:
        nothing = 'nothing: it has no `on:` with branches or tags'
        yield '', f'  git   {desired.lacking or nothing}'
    if last is None:
        yield '', '  runs  nothing yet'
        return
    since = span(now - (last.served_at or last.finished_at))
    yield '', f'  runs  {told(last.version)} for {since}, #{last.number} by {last.request.by}'
    if desired.version is not None and desired.version.id == last.version.id and found.behind:
        yield 'yellow', '  the same commit, with other settings'
    if held is not None:
        why = f': {held.reason}' if held.reason else ''
        yield 'yellow', f'  nothing is deployed by itself: held by {held.by}{why}'


def _lines(title: str, difference: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield '', ''
    yield 'bold', title
    for line in difference[:LONGEST]:
        yield STYLES.get(line[:1], ''), f'  {line}'
    if len(difference) > LONGEST:
        yield 'dim', f'  … {len(difference) - LONGEST} more lines'


# --- in line


def _bring(asked: Here, found: Compared, given: dict[str, object]) -> int:
    environment, version, place = found.environment, found.version, found.place
    if found.in_sync:
        _go_on(asked, found)
        return 0
    if found.behind and version is None:
        raise UserError(f'nothing can be deployed: {found.desired.lacking}')
    if not found.behind:
        return _again(asked, found, given)
    assert version is not None
    if version.id in environment.bad():
        _go_on(asked, found)
        raise UserError(
            f'{version.name} was taken back or left in {place.name}: sync does not deploy it',
            f'take it anyway: liftlock deploy {place.name}; or commit something better',
        )
    if not given['json']:
        print(flush=True)
    if twin := environment.pending(version):
        return _follow(asked, found, twin.number, given)
    wish = Wish(asked.by, f.SYNC, found.behind)
    return deploy.deliver(asked, place.name, version, wish, given)


def _go_on(asked: Here, found: Compared) -> None:
    """What comes next is deployed by itself again."""
    if found.place.id and requests.release(asked.store, found.place, asked.by):
        here.ensure(asked)
        print('\nFrom now on it follows git again.', file=sys.stderr)


def _again(asked: Here, found: Compared, given: dict[str, object]) -> int:
    """What runs is what git says, but somebody has changed it. Instances and traffic of ours are
    put right by the supervisor, whatever is said here."""
    last = found.environment.last
    assert last is not None
    assert found.now is not None
    if isinstance(blueprints.environment(found.now).target, Process | Compose):
        here.ensure(asked)
        print('\nThe supervisor puts this right.', file=sys.stderr)
        return 0
    reason = f'drift: {found.drift.partition(chr(10))[0]}'
    number = requests.again(asked.store, found.place, last, asked.by, reason, f.SYNC)
    requests.release(asked.store, found.place, asked.by)
    return _follow(asked, found, number, given)


def _follow(asked: Here, found: Compared, number: int, given: dict[str, object]) -> int:
    here.ensure(asked)
    json = bool(given['json'])
    if given['no_follow']:
        follow.told(found.place, number, json)
        return 0
    return follow.follow(asked, found.place, number, 0, json=json, wait=bool(given['wait']))

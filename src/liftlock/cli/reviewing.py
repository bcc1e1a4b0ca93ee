"""What somebody is shown before he approves or rejects a deployment, and how he is asked."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

import click

from liftlock.cli import here as places
from liftlock.cli.colour import paint
from liftlock.cli.figures import count, span
from liftlock.cli.here import Here
from liftlock.cli.loglines import harmless
from liftlock.engine.delivery import approvals
from liftlock.engine.delivery.approvals import Wanted
from liftlock.errors import UserError
from liftlock.gates.protection import Allowed, Refused, Waiting
from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.runner import ancestry
from liftlock.store import owners, runs
from liftlock.store.deliveries import Place

LONGEST: Final = 40  # lines of a difference
STYLES: Final = {'+': 'green', '-': 'red'}


def find(state: str | None, environment: str, number: int) -> tuple[Here, Wanted]:
    asked = places.look(state)
    return asked, approvals.find(asked.store, places.place(asked, environment), number)


class Matter(NamedTuple):
    """A deployment that waits, and what it changes. `commits` are not all, if there are many."""

    place: Place
    one: Deployment
    before: Deployment | None
    commits: Sequence[str]
    total: int
    changes: Sequence[tuple[str, Sequence[str]]]


def show(wanted: Wanted) -> None:
    before, version = wanted.before, wanted.one.version
    since = before.version.commit if before else ''
    commits, total = ancestry.between(version.sources, since, version.commit)
    changes = tuple(approvals.changes(wanted))
    show_matter(Matter(wanted.stream.place, wanted.one, before, commits, total, changes))


def show_matter(matter: Matter) -> None:
    """Commits and files were written by others: they must not move the cursor."""
    colours = paint(sys.stdout)
    for style, line in lines(matter, time.time()):
        safe = harmless(line)
        print(getattr(colours, style)(safe) if style else safe)
    print()


def agreed(question: str, *, yes: bool) -> bool:
    """What somebody answers. UserError where nobody can be asked."""
    if not yes and not sys.stdin.isatty():
        raise UserError('nobody can be asked here', 'say it with --yes')
    return yes or click.confirm(question, err=True)


def lines(matter: Matter, now: float) -> Iterator[tuple[str, str]]:
    """Each with its style: a method of `Paint`, or ''."""
    yield from _what(matter, now)
    yield from _since(matter, now)
    for path, difference in matter.changes:
        yield '', ''
        yield 'yellow', f'{path} has changed since then:'
        for line in difference[:LONGEST]:
            yield STYLES.get(line[:1], ''), f'  {line}'
        if len(difference) > LONGEST:
            yield 'dim', f'  … {len(difference) - LONGEST} more lines'


def _what(matter: Matter, now: float) -> Iterator[tuple[str, str]]:
    one, place = matter.one, matter.place
    version, request = one.version, one.request
    yield 'bold', f'{version.name} to {place.name} of {place.repository} (deployment {one.number})'
    branch = version.ref.removeprefix('refs/heads/').removeprefix('refs/tags/')
    details = [f'commit {version.commit[:12]} of {branch}' if version.commit else '']
    details += [version.image, f'artifact {version.artifact[:12]}' if version.artifact else '']
    yield '', '  ' + ', '.join(part for part in details if part)
    by = f'  asked for by {request.by} {span(now - one.requested_at)} ago'
    job = f', by job "{request.job}" of run {request.run}' if request.kind == f.JOB else ''
    yield '', f'{by}{job}' + (f': {request.reason}' if request.reason else '')
    if one.held:
        yield 'yellow', f'  {one.held}'


def _since(matter: Matter, now: float) -> Iterator[tuple[str, str]]:
    before, version = matter.before, matter.one.version
    commits, total = matter.commits, matter.total
    yield '', ''
    if before is None:
        yield '', 'Nothing has been deployed there successfully so far.'
        return
    ago = f'{before.version.name}, deployed {span(now - before.finished_at)} ago'
    if before.version.id == version.id:
        yield '', f'The same as {ago}.'
    elif not commits:
        yield '', f'No commit lies between it and {ago}, or they are not known here.'
    else:
        yield '', f'{count(total, "commit")} since {ago}:'
        yield from (('', f'  {line}') for line in commits)
        if total > len(commits):
            yield 'dim', f'  … {total - len(commits)} more'


def told(asked: Here, wanted: Wanted) -> None:
    """What follows from what somebody has said."""
    name, version = wanted.stream.place.name, wanted.one.version.name
    match approvals.judgement(wanted, asked.where.config.teams, time.time()):
        case Allowed():
            judged(name, version, 'allowed', '')
        case Refused(reason):
            judged(name, version, 'refused', reason)
        case Waiting() as waiting:
            judged(name, version, 'waiting', waiting.reason)
    wake(asked, wanted)


def judged(name: str, version: str, judgement: str, reason: str) -> None:
    match judgement:
        case 'allowed':
            print(f'{version} may go to {name}.')
        case 'refused':
            print(f'{version} does not go to {name}: {reason}')
        case _:
            print(f'{version} to {name} still waits: {reason}')


def wake(asked: Here, wanted: Wanted) -> None:
    """Whoever carries it out is to look at once."""
    request = wanted.one.request
    if request.kind != f.JOB:
        places.ensure(asked)
        return
    run = runs.find(asked.store, str(request.run))
    if run.status != 'completed' and owners.dead(asked.store, run.owner):
        print(f'Run {run.id} was interrupted; it goes on with: liftlock resume {run.id}')

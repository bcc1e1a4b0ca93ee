"""`liftlock logs`: what the jobs of a run said, or what is deployed somewhere says; now, or while
it is said."""

import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from liftlock.cli import remote, wiring
from liftlock.cli.colour import Paint, paint
from liftlock.cli.figures import count
from liftlock.cli.loglines import shown
from liftlock.cli.past import Past, Reader, Stored, open_past
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import facts as f
from liftlock.store.database import Store
from liftlock.store.logs import Line
from liftlock.store.runs import Job

if TYPE_CHECKING:
    from liftlock.store.deliveries import Place

PERIOD = 0.15  # seconds between two looks at a growing log


class Wish(NamedTuple):
    """Which lines."""

    jobs: tuple[str, ...]
    step: str
    failed: bool
    grep: str
    attempt: int | None
    raw: bool
    timestamps: bool


class Section(NamedTuple):
    """Lines of one job that were wished for; `steps` None means all."""

    job: Job
    reader: Reader
    steps: frozenset[int] | None


@click.command('logs', short_help='Print or follow the logs of a run or an environment.')
@click.argument('run', default='last', metavar='[RUN | ENVIRONMENT]')
@click.option('-j', '--job', 'jobs', multiple=True, metavar='JOB', help='Only this job.')
@click.option('--step', default='', metavar='STEP', help='Only this step: number, id or name.')
@click.option('--failed', is_flag=True, help='Only the steps that failed.')
@click.option('-f', '--follow', is_flag=True, help='Go on until the run is over.')
@click.option('--previous', is_flag=True, help='Of instances that are gone.')
@click.option('--revision', default='', metavar='NAME', help='Of instances of this revision.')
@click.option('--grep', default='', metavar='REGEX', help='Only lines in which this is found.')
@click.option(
    '--attempt', type=click.IntRange(min=1), default=None, help='An earlier attempt at each job.'
)
@click.option('--raw', is_flag=True, help="With GitHub's marks, as they were written.")
@click.option('-t', '--timestamps', is_flag=True, help='Begin each line with its time.')
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    run: str,
    follow: bool,
    previous: bool,
    revision: str,
    server: str,
    **given: Any,
) -> int:
    """Print the logs of RUN (a number; default: the last), or what the application says that is
    deployed to ENVIRONMENT."""
    wish = Wish(**given)
    past = open_past(state, server)
    named = run != 'last' and not run.isdecimal()
    if named and isinstance(past, Stored) and (place := _environment(past.store, run)):
        from liftlock.cli import voices

        pattern = _compiled(wish.grep) if wish.grep else None
        wanted = voices.Wanted(revision, follow, previous, pattern)
        return voices.print_lines(wiring.place(state), past.store, place, wanted)
    found = past.find(run)
    printer = Printer(wish, paint(sys.stdout))
    if follow:
        _follow(past, found.id, wish, printer)
    else:
        sections = _sections(past, found.id, wish)
        printer.several = len(sections) > 1
        for section in sections:
            printer.print(section, section.reader.lines(steps=section.steps))
    return 1 if wish.grep and not printer.printed else 0


def _environment(store: Store, name: str) -> 'Place | None':
    """The environment of this name; None if no repository has one."""
    from liftlock.cli import standing
    from liftlock.store import deliveries

    known = deliveries.environments(store)
    if not any(one.name.lower() == name.rpartition(':')[2].lower() for one in known):
        return None
    return standing.find(store, name)


class Printer:
    """Prints lines; with a job's name in front where there is more than one."""

    def __init__(self, wish: Wish, paint: Paint) -> None:
        self._wish = wish
        self._paint = paint
        self._pattern = _compiled(wish.grep) if wish.grep else None
        self.several = True
        self.printed = 0

    def print(self, section: Section, lines: Iterable[Line]) -> None:
        name = f'{section.job.name} | ' if self.several else ''
        for line in lines:
            if self._pattern is None or self._pattern.search(line.text):
                self.printed += 1
                sys.stdout.write(self._line(name, line))

    def _line(self, name: str, line: Line) -> str:
        text = f'{line.text}\n'
        if not self._wish.raw:
            text = shown(text, self._paint)
            if not text:
                return ''
        at = f'{_moment(line.at)} ' if self._wish.timestamps else ''
        return f'{self._paint.dim(name)}{at}{text}'


def _follow(past: Past, run: int, wish: Wish, printer: Printer) -> None:
    """Look again and again; the last look comes after the run was seen to be over."""
    told: dict[tuple[str, int], int] = {}
    over = False
    while True:
        for section in _sections(past, run, wish, strict=False):
            key = section.job.key, section.job.attempt
            start = told.get(key, 0)
            printer.print(section, section.reader.lines(start, steps=section.steps))
            told[key] = section.reader.count
        sys.stdout.flush()
        if over:
            return
        over = past.over(run)
        if not over:
            time.sleep(PERIOD)


def _sections(past: Past, run: int, wish: Wish, *, strict: bool = True) -> list[Section]:
    """`strict`: what is wished for must be there already."""
    jobs = [job for job in past.jobs(run) if job.attempt]
    chosen = [job for job in jobs if not wish.jobs or _named(job, wish.jobs)]
    for name in wish.jobs if strict else ():
        if not any(_named(job, (name,)) for job in jobs):
            known = ', '.join(job.key for job in jobs) or 'none'
            raise UserError(f'run {run} has no log of a job "{name}"', f'there are: {known}')
    if wish.failed:
        chosen = [job for job in chosen if job.conclusion == 'failure']
    facts = past.facts(run) if wish.failed or wish.step else []
    sections = [_section(past, job, wish, facts) for job in chosen]
    if strict and sections:
        _check_kept(past, run, sections)
        _check_found(sections, wish)
    return sections


def _check_kept(past: Past, run: int, sections: Sequence[Section]) -> None:
    days = past.lost_logs(run)
    if days and not any(section.reader.count for section in sections):
        raise UserError(
            f'the logs of run {run} are gone: they were kept for {count(days, "day")}',
            'liftlock.yml says for how long: retention: {logs: 90d}',
        )


def _check_found(sections: Sequence[Section], wish: Wish) -> None:
    if wish.step and not any(section.steps for section in sections):
        hint = f'liftlock show {sections[0].job.run} names the steps'
        raise UserError(f'run {sections[0].job.run} has no log of a step "{wish.step}"', hint)
    if wish.attempt and not any(section.reader.count for section in sections):
        raise UserError(f'run {sections[0].job.run} has no log of an attempt {wish.attempt}')


def _section(past: Past, job: Job, wish: Wish, facts: Sequence[f.Stamped]) -> Section:
    attempt = wish.attempt or job.attempt
    reader = past.log(job.run, job.key, attempt)
    steps = frozenset(_steps(facts, job.key, attempt, wish)) if facts else None
    return Section(job._replace(attempt=attempt), reader, steps)


def _steps(facts: Sequence[f.Stamped], job: str, attempt: int, wish: Wish) -> Iterator[int]:
    """Numbers of the steps that were wished for, in this attempt at the job."""
    current = 0
    for stamped in facts:
        match stamped.fact:
            case f.JobClaimed(key, number) if key == job:
                current = number
            case f.StepStarted(key, number, identity, name) if key == job and current == attempt:
                if wish.step and wish.step in (str(number), identity, name):
                    yield number
            case f.StepFinished(key, number, _, 'failure') if key == job and current == attempt:
                if wish.failed and not wish.step:
                    yield number
            case _:
                pass


def _named(job: Job, names: Sequence[str]) -> bool:
    return any(name in (job.key, job.name, job.key.partition('[')[0]) for name in names)


def _compiled(regex: str) -> re.Pattern[str]:
    try:
        return re.compile(regex)
    except re.error as error:
        raise UserError(f'--grep: "{regex}" is no regular expression: {error}') from None


def _moment(at: float) -> str:
    """As GitHub prints it, in UTC; milliseconds, since a flush knows no more."""
    seconds = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))
    return f'{seconds}.{int(at % 1 * 1000):03}Z'

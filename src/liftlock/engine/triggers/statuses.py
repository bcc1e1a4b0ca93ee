"""Keeps forges informed of how commits are doing.

    facts, intakes ── look ──▶ the outbox in the store ── tell ──▶ the forge

`look` works out anew what is to be told of every commit whose runs have moved, and writes it down
together with up to which fact it has looked: so a `kill -9` loses nothing. `tell` sends what is
due, the newest state only; what fails stays due, and holds up no other repository.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache, partial
from typing import Final
from urllib.parse import quote, urlsplit

from liftlock.engine import submission as submissions
from liftlock.engine.triggers import backoff
from liftlock.engine.triggers.errands import Errands
from liftlock.errors import UserError
from liftlock.observe.forges import statuses as forges
from liftlock.observe.forges.statuses import Accepted, Destination, Refused
from liftlock.plan import make, statuses
from liftlock.plan.plan import Plan
from liftlock.plan.statuses import CANCELLED, FAILURE, PENDING, JobState, RunState, Status
from liftlock.runner import forge
from liftlock.store import followers, intakes, repositories, runs, settings
from liftlock.store import statuses as outbox
from liftlock.store.database import Store
from liftlock.store.repositories import Repository
from liftlock.store.statuses import Commit, Counted, Letter

AT_ONCE: Final = 4  # repositories of which one forge is told side by side
GIVEN_UP: Final = 86400.0  # seconds after the first failure
UNDECIDED: Final[Mapping[str, str]] = {
    'begun': 'It is being looked at what starts',
    'held': 'Somebody has to approve it first',
}
ENDED_BADLY: Final[Mapping[str, str]] = {'failed': FAILURE, 'rejected': CANCELLED}

Tell = Callable[[Destination, str, Status, str], Awaitable[Accepted | Refused]]


class Reporter:
    """`token` opens what a repository's forge is asked with; '' if there is none. `url` is where
    people reach this server, '' if that is nowhere."""

    def __init__(
        self,
        store: Store,
        token: Callable[[Repository], str],
        url: str = '',
        *,
        tell: Tell = forges.tell,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._token = token
        self._url = url.rstrip('/')
        self._tell = tell
        self._chance = chance
        self.errands = Errands('telling forges')
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._intake = -1  # the newest that was looked at, when nothing was left open

    def look(self, now: float) -> bool:
        """Write down what is to be told. True if there may be more to look at."""
        news = followers.news(self._store, outbox.FOLLOWER)
        commits = dict.fromkeys(self._unsettled())
        if news is not None:
            commits |= dict.fromkeys(outbox.of_runs(self._store, news.runs))
        found = [(commit, self._of(commit)) for commit in commits if self._told_of(commit)]
        seq = 0 if news is None else news.seq
        if found or seq:
            outbox.put(self._store, found, now, seq)
        return news is not None

    def _unsettled(self) -> list[Commit]:
        """Most of the time nothing has come, and nothing is open: then nobody needs to look."""
        newest = intakes.newest(self._store)
        if newest == self._intake:
            return []
        begun = intakes.left(self._store)  # of which the commit may not be known yet
        found = outbox.unsettled(self._store)
        self._intake = -1 if found or begun else newest
        return found

    def tell(self, now: Callable[[], float]) -> None:
        """Begin to send what is due, side by side for each repository."""
        bags: dict[int, list[Letter]] = {}
        for letter in outbox.due(self._store, now()):
            bags.setdefault(letter.commit.repository, []).append(letter)
        for repository, bag in bags.items():
            self.errands.begin(repository, partial(self._empty, bag, now))

    async def _empty(self, bag: list[Letter], now: Callable[[], float]) -> None:
        """A forge that fails once is not asked further this time."""
        for letter in bag:
            if not await self._send(letter, now):
                return

    async def _send(self, letter: Letter, now: Callable[[], float]) -> bool:
        try:
            repository = repositories.of(self._store, letter.commit.repository)
            token = self._token(repository)
        except UserError as error:
            self._put_off(letter, Refused(f'{error}'), now())
            return False
        where = destination(repository, token)
        if where is None:
            self._put_off(letter, Refused('it has no forge and token any more'), now())
            return False
        status = letter.status
        async with self._gates.setdefault(where.api, asyncio.Semaphore(AT_ONCE)):
            page = self._page(status, repository)
            answer = await self._tell(where, letter.commit.sha, status, page)
        if isinstance(answer, Accepted):
            outbox.told(self._store, letter)
            return True
        self._put_off(letter, answer, now())
        return False

    def _put_off(self, letter: Letter, refused: Refused, now: float) -> None:
        first = letter.first or now
        wait = max(refused.wait, backoff.pause(letter.tries + 1, self._chance()))
        late = now + wait - first > GIVEN_UP
        outbox.failed(self._store, letter, refused.why, now, None if late else now + wait)

    def _page(self, status: Status, repository: Repository) -> str:
        path = status.path or f'/runs?repository={quote(repository.name, safe="")}'
        return f'{self._url}{quote(path, safe="/?=&%")}' if self._url else ''

    # --- what a commit is told of

    def _told_of(self, commit: Commit) -> bool:
        """Whether its forge can be told, and is to be."""
        if not commit.sha.strip('0'):
            return False
        try:
            repository = repositories.of(self._store, commit.repository)
        except UserError:
            return False
        wanted = settings.of(self._store, repository.id).statuses
        return wanted and bool(repository.forge) and repository.known and repository.active

    def _of(self, commit: Commit) -> tuple[Status, ...]:
        name = settings.of(self._store, commit.repository).status_name
        counted = outbox.counted(self._store, commit)
        found = statuses.of_commit([self._state(one) for one in counted], name)
        for status, said in outbox.intakes(self._store, commit):
            if status in UNDECIDED:
                return (Status(name, PENDING, UNDECIDED[status], ''), *found[1:])
            if status in ENDED_BADLY and not counted:
                return (Status(name, ENDED_BADLY[status], said or status, ''),)
        return (*found, *statuses.leftover(outbox.contexts(self._store, commit), found))

    def _state(self, one: Counted) -> RunState:
        state = RunState(one.run, one.workflow, one.event, one.ref, one.conclusion)
        if not one.run:
            return state._replace(conclusion=FAILURE, trouble=one.reason)
        jobs = tuple(_job(job, one.conclusion) for job in runs.jobs(self._store, one.run))
        return state._replace(jobs=jobs, declared=self._declared(one.run))

    def _declared(self, run: int) -> tuple[str, ...]:
        return _declared(runs.request(self._store, run))


@lru_cache(maxsize=64)
def _declared(request: str) -> tuple[str, ...]:
    """Of a run's request as it is stored; nothing where this version cannot read it."""
    try:
        plan = make.make(submissions.load(request).request)
    except (UserError, KeyError, ValueError, TypeError):
        return ()
    return statuses.declared(plan) if isinstance(plan, Plan) else ()


def _job(job: runs.Job, conclusion: str) -> JobState:
    """A job that was lost is queued again, or closed with its run."""
    if job.state == 'done':
        return JobState(job.key, job.conclusion)
    if conclusion:
        return JobState(job.key, CANCELLED if conclusion == CANCELLED else FAILURE)
    return JobState(job.key, 'queued' if job.state == 'lost' else job.state)


def destination(repository: Repository, token: str) -> Destination | None:
    """Where its forge is told; None where it has no forge, no token, or no address."""
    kind = repository.forge
    if not kind or not token:
        return None
    web = urlsplit(repository.web)
    if web.hostname:
        root = repository.web.rstrip('/')
        root = root.removesuffix(f'/{repository.name}')
        api = '' if web.hostname == 'github.com' else f'{root}{forge.APIS[kind]}'
        return Destination(kind, api or forge.GITHUB.api, repository.name, token)
    host = forge.locate(repository.url, {}).host
    if not host:
        return None
    port_of_http = repository.url.startswith(('http://', 'https://'))
    scheme = 'http' if repository.url.startswith('http://') else 'https'
    host = host if port_of_http else host.partition(':')[0]
    made = forge.make(host, kind, f'{scheme}://{host}')
    return Destination(kind, made.api, repository.name, token)

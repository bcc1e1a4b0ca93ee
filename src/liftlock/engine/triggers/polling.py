"""Looks at repositories that nobody tells of, and takes in what was pushed since the last look.

The first look only remembers. What is different afterwards is a push, named by the round: so the
same move of a branch, there and back and there again, is three pushes, and a look that was cut off
by a `kill -9` is repeated under the same names, and taken in once.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from liftlock.engine.intake.mirror import QUICK, Access, environment
from liftlock.engine.triggers import backoff
from liftlock.engine.triggers.errands import Errands
from liftlock.engine.triggers.ports import Take
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan.event import NO_COMMIT, Event
from liftlock.runner import git
from liftlock.store import polls, repositories
from liftlock.store.database import Store
from liftlock.store.polls import Poll
from liftlock.store.repositories import Repository

LINE: Final = re.compile(r'([0-9a-f]{40,64})\t(refs/(?:heads|tags)/\S+)')
AT_ONCE: Final = 8


class Refs(NamedTuple):
    """`peeled`: the commits to which annotated tags point."""

    shown: Mapping[str, str]
    peeled: Mapping[str, str]


class Move(NamedTuple):
    """A ref that stands elsewhere; NO_COMMIT is nowhere."""

    ref: str
    old: str
    new: str


class Poller:
    """`token` opens what git is asked with."""

    def __init__(
        self,
        store: Store,
        take: Take,
        token: Callable[[Repository], str],
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._store = store
        self._take = take
        self._token = token
        self._now = now
        self._chance = chance
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.errands = Errands('polling')

    def look(self) -> None:
        """Begin with all of which it is time."""
        now = self._now()
        wanted = [one for one in repositories.listed(self._store) if one.active and one.interval]
        for one in wanted:
            if self._due(polls.of(self._store, one.id), one, now):
                self.errands.begin(one.id, partial(self._look, one))

    def _due(self, poll: Poll, repository: Repository, now: float) -> bool:
        longest = max(2 * repository.interval, 2 * backoff.LONGEST)
        return poll.due <= now or poll.due > now + longest  # the clock was put back, or less wanted

    async def _look(self, repository: Repository) -> None:
        async with self._gate:
            poll = polls.of(self._store, repository.id)
            try:
                refs = await read(repository, self._token(repository), self._store.directory)
            except UserError as error:
                self._failed(poll, repository, str(error))
                return
            if poll.looked:
                await self._compare(poll, repository, refs)
            else:
                polls.saw(self._store, self._again(poll, repository), refs.shown)

    def _failed(self, poll: Poll, repository: Repository, why: str) -> None:
        failures = poll.failures + 1
        longest = max(backoff.LONGEST, repository.interval)
        pause = backoff.pause(failures, self._chance(), repository.interval, longest)
        due = self._now() + pause
        polls.saw(self._store, poll._replace(failures=failures, trouble=why, due=due))

    async def _compare(self, poll: Poll, repository: Repository, refs: Refs) -> None:
        was = polls.refs(self._store, repository.id)
        moves = compare(was, refs.shown)
        missed = {}
        for move in moves:
            if not await self._tell(poll, repository, move, refs):
                missed[move.ref] = move.old
        seen = {**refs.shown, **missed} if moves else None
        seen = None if seen is None else {ref: sha for ref, sha in seen.items() if sha.strip('0')}
        found = self._again(poll, repository)
        polls.saw(self._store, found._replace(round=poll.round + bool(moves)), seen)

    async def _tell(self, poll: Poll, repository: Repository, move: Move, refs: Refs) -> bool:
        """Whether it has been taken in, by whomever."""
        known = {move.new, refs.peeled.get(move.ref, move.new)}
        if any(polls.arrived(self._store, repository.id, move.ref, sha) for sha in known):
            return True
        gone = not move.new.strip('0')
        event = Event(
            'push',
            {'ref': move.ref, 'before': move.old, 'after': move.new, 'deleted': gone},
            move.ref,
            move.new,
            repository.name,
            repository.name.partition('/')[0],
        )
        delivery = f'poll:{poll.round}:{move.ref}:{move.new[:12]}'
        outcome = await self._take(repository, event, delivery)
        return outcome.status != 'failed'

    def _again(self, poll: Poll, repository: Repository) -> Poll:
        now = self._now()
        due = now + repository.interval * (0.9 + 0.2 * self._chance())
        return poll._replace(looked=now, due=due, failures=0, trouble='')


def compare(was: Mapping[str, str], now: Mapping[str, str]) -> list[Move]:
    """Branches before tags, in order of their names."""
    names = sorted({*was, *now}, key=lambda ref: (not ref.startswith('refs/heads/'), ref))
    moves = (Move(ref, was.get(ref, NO_COMMIT), now.get(ref, NO_COMMIT)) for ref in names)
    return [move for move in moves if move.old != move.new]


def parse(text: str) -> Refs:
    """Of `git ls-remote`."""
    found = [(one[2], one[1]) for one in map(LINE.fullmatch, text.splitlines()) if one]
    shown = {ref: sha for ref, sha in found if not ref.endswith('^{}')}
    peeled = {ref.removesuffix('^{}'): sha for ref, sha in found if ref.endswith('^{}')}
    return Refs(shown, peeled)


async def read(repository: Repository, token: str, folder: Path) -> Refs:
    """Ask git. UserError."""
    access = Access(repository.url, repository.forge, token)
    answer = await git.run(
        'ls-remote', '--heads', '--tags', '--end-of-options', repository.url,
        cwd=folder, env=environment(access), timeout=QUICK,
    )  # fmt: skip
    if answer.code:
        raise UserError(f'git cannot reach {repository.name}: {answer.last}')
    return parse(answer.text)

"""The concurrency groups that one run wants, has, or waits for.

Other processes stand in the same lines, which lie in the store; the rules are `plan.concurrency`'s.
Somebody is named `<run>`, or `<run>/<key>` for a job or a call inside it.
"""

from collections.abc import Callable, Sequence

from liftlock.language.records import NamedTuple
from liftlock.plan.concurrency import Line
from liftlock.plan.plan import Group
from liftlock.store import lines
from liftlock.store.database import Store


class Place(NamedTuple):
    """Somebody's place in the line for a group."""

    who: str
    group: Group


class Deadlock(Exception):
    """The group is held by the run or call that the one who wants it is part of."""


class Groups:
    def __init__(self, store: Store, repository: str, gone: Callable[[int], bool]) -> None:
        self._store = store
        self._repository = repository
        self._gone = gone
        self._held: set[tuple[str, str]] = set()  # (who, name)
        self._waiting: set[tuple[str, str]] = set()

    def take_over(self, run: int) -> None:
        """What an earlier process had for this run and nobody has claimed since is still held."""
        self._held = lines.held(self._store, self._repository, run)

    def has(self, who: str) -> bool:
        return any(one[0] == who for one in (*self._held, *self._waiting))

    def want(self, places: Sequence[Place]) -> str:
        """Stand in these lines, one after the other; '' once all are held, else what for.

        Raises Deadlock where waiting would never end.
        """
        for place in places:
            reason = self._want(place)
            if reason:
                return reason
        return ''

    def leave(self, who: str) -> None:
        """Make room in every line that `who` stands in."""
        for mine in [one for one in (*self._held, *self._waiting) if one[0] == who]:
            lines.leave(self._store, self._repository, *mine)
            self._held.discard(mine)
            self._waiting.discard(mine)

    def leave_all(self) -> None:
        for who in {who for who, _ in (*self._held, *self._waiting)}:
            self.leave(who)

    def _want(self, place: Place) -> str:
        who, group = place
        mine = who, group.name.lower()
        if mine in self._held:
            return ''
        line = self._line(place, again=mine in self._waiting)
        if line.running == who:
            self._held.add(mine)
            self._waiting.discard(mine)
            return ''
        self._waiting.add(mine)
        if who.startswith(f'{line.running}/'):
            self.leave(who)
            raise Deadlock(
                f'deadlock: the concurrency group "{group.name}" is held by '
                f'{_told(line.running)}, which "{who.partition("/")[2]}" is part of'
            )
        return f'waits for the concurrency group "{group.name}", which {_told(line.running)} has'

    def _line(self, place: Place, *, again: bool) -> Line:
        """Nobody stands in a line twice: whose place was taken hears that he is to stop."""
        who, group = place
        if again:
            return lines.look(self._store, self._repository, who, group.name, self._gone)
        return lines.arrive(self._store, self._repository, who, group, self._gone)


def _told(who: str) -> str:
    run, _, job = who.partition('/')
    return f'job "{job}" of run {run}' if job else f'run {run}'

"""The steps of one deployment as they were taken: told from its facts, for people."""

from collections.abc import Iterable, Iterator

from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f


class Taken(NamedTuple):
    """A step. `started` is 0.0 for one that is still to come, `finished` 0.0 until it has ended.
    `broken`: the deployment went back while it was taken. `back`: it is one of going back."""

    name: str
    started: float = 0.0
    finished: float = 0.0
    message: str = ''
    broken: bool = False
    back: bool = False


class Walk:
    """All steps in their order: those that were taken, the one that is, and those to come."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._taken: list[Taken] = []
        self._planned: tuple[str, ...] = ()
        self._next = 0
        self._back = False

    def take(self, stamped: f.Stamped) -> None:
        fact = stamped.fact
        if getattr(fact, 'number', 0) != self._number:
            return
        match fact:
            case f.DeploymentStarted(steps=steps):
                self._planned, self._next = steps, 0
            case f.StepStarted(step=step, name=name):
                self._next = step + 1
                self._taken.append(Taken(name, stamped.at, back=self._back))
            case f.StepFinished(step=step, name=name, message=message):
                self._next = step + 1
                self._finish(name, stamped.at, message)
            case f.RollbackStarted():
                self._break(stamped.at)
                self._planned, self._back = (), True
            case f.DeploymentFinished():
                self._break(stamped.at)
                self._planned = ()
            case _:
                pass

    def _finish(self, name: str, at: float, message: str) -> None:
        last = self._taken[-1] if self._taken else None
        if last is not None and last.name == name and not last.finished:
            self._taken[-1] = last._replace(finished=at, message=message)
        else:  # nothing was to be done for it
            self._taken.append(Taken(name, at, at, message, back=self._back))

    def _break(self, at: float) -> None:
        if self._taken and not self._taken[-1].finished:
            self._taken[-1] = self._taken[-1]._replace(finished=at, broken=True)

    def __iter__(self) -> Iterator[Taken]:
        yield from self._taken
        yield from map(Taken, self._planned[self._next :])


def walk(facts: Iterable[f.Stamped], number: int) -> Walk:
    found = Walk(number)
    for stamped in facts:
        found.take(stamped)
    return found

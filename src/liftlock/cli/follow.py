"""Follow a deployment until it has ended, or until it waits for a person."""

import json as jsons
import sys
import time
from collections.abc import Callable, Iterator

from liftlock.cli import timeline
from liftlock.cli.colour import paint
from liftlock.cli.figures import duration
from liftlock.cli.here import Here, ensure
from liftlock.errors import FAILED
from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout import wire
from liftlock.rollout.environment import fold
from liftlock.store import deliveries
from liftlock.store.deliveries import Place

PERIOD = 0.1  # seconds between two looks at the facts
REVIVE = 2.0  # and at whether somebody carries the deployment out


class Watched(NamedTuple):
    """Where something is deployed. `facts` gives those after one; `revive` sees to it that somebody
    carries it out."""

    place: Place
    facts: Callable[[int], list[f.Stamped]]
    revive: Callable[[], None]


def follow(
    here: Here, place: Place, number: int, after: int, *, json: bool = False, wait: bool = False
) -> int:
    """Facts with a `seq` above `after`. The exit code: 0 when the deployment succeeded or waits for
    a person, 1 when it did not succeed.

    Who follows also sees to it that somebody carries it out: a supervisor that was killed is
    started again. Who stops following stops nothing else.
    """

    def facts(seq: int) -> list[f.Stamped]:
        return deliveries.facts(here.store, place.id, seq)

    watched = Watched(place, facts, lambda: ensure(here))
    return watch(watched, number, after, json=json, wait=wait)


def watch(
    watched: Watched, number: int, after: int, *, json: bool = False, wait: bool = False
) -> int:
    """The same, wherever its facts are told."""
    place = watched.place
    try:
        return _follow(watched, number, after, json, wait)
    except KeyboardInterrupt:
        told = f'#{number} goes on. Watch:  liftlock status {place.name} --watch'
        print(f'\n{told}\nTake back:  liftlock abort {place.name}', file=sys.stderr)
        raise


def _follow(watched: Watched, number: int, after: int, json: bool, wait: bool) -> int:
    colours = paint(sys.stdout)
    began = 0.0
    place = watched.place
    for stamped in _facts(watched, after):
        if getattr(stamped.fact, 'number', number if began else 0) != number:
            continue
        began = began or stamped.at
        if json:
            print(wire.line(stamped), flush=True)
        elif told := timeline.line(stamped.fact, colours):
            print(f'{colours.dim(f"{duration(stamped.at - began):>8}")}  {told}', flush=True)
        match stamped.fact:
            case f.DeploymentAllowed() if not json and (ahead := _ahead(watched, number)):
                print(f'{"":>8}  {ahead}', flush=True)
            case f.DeploymentFinished(_, conclusion):
                return 0 if conclusion == 'success' else FAILED
            case f.Paused(_, _, until) | f.DeploymentHeld(_, _, until) if not until and not wait:
                if not json:
                    print(_hint(stamped.fact, place))
                return 0
    raise AssertionError('facts never end')


def _facts(watched: Watched, seq: int) -> Iterator[f.Stamped]:
    looked = time.monotonic()
    while True:
        for stamped in watched.facts(seq):
            seq = stamped.seq
            yield stamped
        time.sleep(PERIOD)
        if time.monotonic() - looked > REVIVE:
            watched.revive()
            looked = time.monotonic()


def _ahead(watched: Watched, number: int) -> str:
    """Whom it waits for; '' if it is first in line."""
    environment = fold(watched.facts(0))
    active = environment.active
    before = [one for one in environment.line if one.number < number]
    first = active or (before[0] if before else None)
    if first is None or first.number == number:
        return ''
    doing = 'goes on' if first.paused is None else f'is paused: {first.paused.reason}'
    return f'behind #{first.number} ({first.version.name}), which {doing}'


def _hint(fact: f.Fact, place: Place) -> str:
    if isinstance(fact, f.Paused):
        return (
            f'\nGo on:      liftlock promote {place.name}\n'
            f'Take back:  liftlock abort {place.name}\n'
            f'Watch:      liftlock status {place.name} --watch'
        )
    return f'\nApprove:    liftlock approve {place.name}'


def begin(here: Here, place: Place) -> int:
    """The last fact so far: what comes after it follows from what is asked for now."""
    return deliveries.latest(here.store).get(place.id, 0)


def told(place: Place, number: int, json: bool) -> None:
    if json:
        print(jsons.dumps({'environment': place.name, 'number': number}))
    else:
        print(f'#{number} to {place.name} is under way: liftlock status {place.name}')

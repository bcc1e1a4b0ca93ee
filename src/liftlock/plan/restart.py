"""Which jobs start again when somebody asks for another attempt.

Everything that needs a job that starts again starts again with it, and what needs a called
workflow when a job inside it does.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan.tree import Frame, Leg, Slot, State, legs

BAD: Final = ('failure', 'cancelled')
SHOWN: Final = 20  # names of jobs in a hint


class Jobs(NamedTuple):
    """All jobs of a run: as a tree, and by key as written and as expanded."""

    root: Frame
    slots: Mapping[str, Slot]
    legs: Mapping[str, Leg]


def select(run: Jobs, *, failed: bool, jobs: tuple[str, ...]) -> tuple[str, ...]:
    """Keys for RunRestarted; see `progress.select`."""
    if failed:
        chosen = [leg.key for leg in _failed(run.root)]
        if not chosen:
            raise UserError('no job of this run failed', 'rerun without --failed starts all again')
    elif jobs:
        chosen = [_named(run, job) for job in jobs]
    else:
        return tuple(slot.key for slot in run.root.slots.values())
    found: dict[str, None] = dict.fromkeys(chosen)
    for key in chosen:
        slot = run.slots.get(key) or run.legs[key].slot
        found.update(dict.fromkeys(after.key for after in _after(slot)))
    return tuple(key for key in found if not _covered(key, found, run))


def _failed(root: Frame) -> Iterator[Leg]:
    """Jobs that ended badly, also where continue-on-error hid it. A call fails by its jobs."""
    for leg in legs(root):
        if leg.state is State.DONE and leg.conclusion in BAD and not leg.opened:
            yield leg


def _named(run: Jobs, asked: str) -> str:
    if asked in run.slots or asked in run.legs:
        return asked
    for key in (*run.slots, *run.legs):
        if key.lower() == asked.lower():
            return key
    for leg in legs(run.root):
        if leg.name.lower() == asked.lower():
            return leg.key
    from difflib import get_close_matches

    names = (leg.name or leg.key for leg in legs(run.root))
    known = list(dict.fromkeys((*run.slots, *names)))
    close = get_close_matches(asked, known, 1)
    listed = ', '.join(known[:SHOWN]) + (f' and {len(known) - SHOWN} more' * (len(known) > SHOWN))
    hint = f'did you mean {close[0]}?' if close else f'its jobs: {listed}'
    raise UserError(f'the run has no job {asked}', hint)


def _after(slot: Slot) -> Iterator[Slot]:
    """Everything that needs this job, directly or not, also outside the workflow it is in."""
    seen: set[str] = set()
    waiting = [slot]
    while waiting:
        one = waiting.pop()
        onward = [*one.dependents, *(_around(one))]
        for dependent in one.dependents:
            if dependent.key not in seen:
                yield dependent
        waiting += [other for other in onward if other.key not in seen]
        seen.update(other.key for other in onward)


def _around(slot: Slot) -> Iterator[Slot]:
    """The call around a job does not start again, but what needs the call does."""
    if slot.frame.call:
        yield slot.frame.call.slot


def _covered(key: str, chosen: Container[str], run: Jobs) -> bool:
    """Whether something that contains this one starts again anyway."""
    leg = run.legs.get(key)
    slot = run.slots.get(key) or (leg.slot if leg else None)
    if slot and slot.key != key and slot.key in chosen:
        return True
    call = slot.frame.call if slot else None
    while call:
        if call.key in chosen or call.slot.key in chosen:
            return True
        call = call.slot.frame.call
    return False

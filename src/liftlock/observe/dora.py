"""DORA's five figures of an environment, from its facts. Each comes with what it is a figure of.

    deployment frequency   deployments that succeeded, a day
    change lead time       from a commit to the end of the deployment that brought it; the median
    change failure rate    of the changes that reached users, the share that had to be undone
    recovery time          from the moment a failed change reached users until it was undone or
                           replaced; the median
    rework rate            of all deployments that succeeded, the share that had to make good a
                           failed change

A *change* is a deployment that was no rollback and of which users saw something: it got traffic,
was applied to a place, or succeeded. One that was given up before has changed nothing. It has
*failed* if it was taken back, broke with nothing to go back to, or if somebody rolled it back after
it had succeeded.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f

DAY: Final = 86400.0


class Figure(NamedTuple):
    """`value` is None where there is nothing to compute it from. `counted` of `among`: 2 failed of
    40 changes, 14 deployments in 30 days."""

    value: float | None
    counted: float
    among: float


class Dora(NamedTuple):
    """Durations in seconds, rates as shares. `open` are failed changes that are not made good."""

    frequency: Figure
    lead_time: Figure
    failure_rate: Figure
    recovery_time: Figure
    rework_rate: Figure
    open: int = 0


class Change(NamedTuple):
    """One deployment, as far as it has come. Times are 0 where it has not."""

    number: int
    kind: str
    commit: str
    revision: str = ''
    reached: float = 0.0
    finished: float = 0.0
    conclusion: str = ''
    failed: bool = False
    recovered: float = 0.0
    mends: bool = False  # it makes good a change that failed

    @property
    def succeeded(self) -> bool:
        return self.conclusion == 'success'


def measure(
    facts: Iterable[f.Stamped], commits: Mapping[str, Iterable[float]], since: float, until: float
) -> Dora:
    """Of the deployments that ended from `since` on and before `until`. The facts are those of one
    environment, in order, and may begin earlier. `commits` holds, by the commit of a version, when
    each commit was made that came with it."""
    everything = changes(facts)
    known = [one for one in everything if since <= one.finished < until]
    done = [one for one in known if one.succeeded]
    new = [one for one in known if one.kind != f.ROLLBACK and one.reached]
    from statistics import median  # with decimal and fractions

    planned = [one for one in done if one.kind != f.ROLLBACK]
    failed = [one for one in new if one.failed]
    times = [one.recovered - one.reached for one in failed if one.recovered]
    waits = list(_waits(everything, planned, commits))
    mended = sum(one.mends for one in done)
    days = max(0.0, until - since) / DAY
    return Dora(
        _rate(len(planned), days),
        Figure(median(waits) if waits else None, len(waits), len(planned)),
        _rate(len(failed), len(new)),
        Figure(median(times) if times else None, len(times), len(failed)),
        _rate(mended, len(done)),
        len(failed) - len(times),
    )


def _rate(count: float, among: float) -> Figure:
    return Figure(count / among if among else None, count, among)


def _waits(
    everything: Iterable[Change], planned: Iterable[Change], commits: Mapping[str, Iterable[float]]
) -> Iterable[float]:
    """A commit arrives once, however often its version is deployed."""
    arrivals: dict[str, float] = {}
    for one in everything:
        if one.succeeded:
            arrivals.setdefault(one.commit, one.finished)
    for one in planned:
        if arrivals[one.commit] == one.finished:
            yield from (one.finished - made for made in commits.get(one.commit, ()))


# --- the fold


def changes(facts: Iterable[f.Stamped]) -> list[Change]:
    found: dict[int, Change] = {}
    for stamped in facts:
        fact, at = stamped.fact, stamped.at
        match fact:
            case f.DeploymentRequested():
                found[fact.number] = Change(fact.number, fact.kind, fact.version.commit)
            case f.DeploymentStarted() if fact.number in found:
                one = found[fact.number]._replace(revision=fact.revision)
                found[fact.number] = _reached(one, at) if one.kind == f.JOB else one
            case f.Shifted() if fact.number in found:
                one = found[fact.number]
                if one.revision and fact.routes.weight(one.revision):
                    found[fact.number] = _reached(one, at)
            case f.OperationStarted() if fact.number in found:
                if fact.operation.startswith('apply'):
                    found[fact.number] = _reached(found[fact.number], at)
            case f.DeploymentFinished() if fact.number in found:
                _finish(found, fact, at)
    return list(found.values())


def _reached(one: Change, at: float) -> Change:
    return one if one.reached else one._replace(reached=at)


def _finish(found: dict[int, Change], fact: f.DeploymentFinished, at: float) -> None:
    one = found[fact.number]._replace(finished=at, conclusion=fact.conclusion)
    if not one.succeeded:
        failed = bool(one.reached) and one.kind != f.ROLLBACK
        back = at if fact.conclusion == 'rolled_back' else 0.0
        found[fact.number] = one._replace(failed=failed, recovered=back)
        return
    one = _reached(one, at)
    undone = _undone(found, one) if one.kind == f.ROLLBACK else None
    if undone is not None:
        found[undone.number] = undone._replace(failed=True, recovered=undone.recovered or at)
    mends = undone is not None or one.kind == f.ROLLBACK or _last_failed(found, one)
    for number, other in found.items():
        if other.failed and not other.recovered:
            found[number] = other._replace(recovered=at)
    found[fact.number] = one._replace(mends=mends)


def _undone(found: Mapping[int, Change], back: Change) -> Change | None:
    """The change that ran when somebody went back; None if that was a rollback itself."""
    ran = [one for one in found.values() if one.succeeded and one.number != back.number]
    last = max(ran, key=lambda one: one.finished, default=None)
    return last if last is not None and last.kind != f.ROLLBACK else None


def _last_failed(found: Mapping[int, Change], new: Change) -> bool:
    """Whether the change before this one has failed."""
    ended = [one for one in found.values() if one.finished and one.number != new.number]
    reached = [one for one in ended if one.reached]
    last = max(reached, key=lambda one: one.finished, default=None)
    return last is not None and (last.failed or last.kind == f.ROLLBACK)

"""How well it goes: DORA's five figures of each environment, and how each workflow's runs end.

All of it is computed from the store's own facts when somebody asks, and every figure comes with
what it is a figure of. What was cancelled says nothing about a workflow, and is only counted.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.observe import dora
from liftlock.observe.dora import Dora
from liftlock.rollout import facts as f
from liftlock.runner import ancestry
from liftlock.store import deliveries, listing
from liftlock.store.database import Store
from liftlock.store.deliveries import Place
from liftlock.store.listing import Ended

SUCCESS: Final = 'success'
FAILURES: Final = ('failure', 'timed_out', 'startup_failure')


class Delivering(NamedTuple):
    place: Place
    dora: Dora


class Span(NamedTuple):
    """Seconds; None where there is nothing to tell."""

    median: float | None
    p95: float | None


class Running(NamedTuple):
    """One workflow's runs that ended. `first` are those that succeeded at their first attempt."""

    repository: str
    workflow: str
    name: str
    success: int
    failure: int
    other: int  # cancelled, skipped
    first: int
    duration: Span
    wait: Span

    @property
    def judged(self) -> int:
        return self.success + self.failure

    @property
    def rate(self) -> float | None:
        return self.success / self.judged if self.judged else None


class Performance(NamedTuple):
    since: float
    until: float
    environments: tuple[Delivering, ...]
    workflows: tuple[Running, ...]


def look(store: Store, since: float, until: float, repository: str = '') -> Performance:
    """Of what ended from `since` on and before `until`; of one repository, or of all."""
    places = [
        place for place in deliveries.environments(store) if repository in ('', place.repository)
    ]
    return Performance(
        since,
        until,
        tuple(_delivering(store, place, since, until) for place in places),
        tuple(workflows(listing.ended(store, since, until, repository))),
    )


def _delivering(store: Store, place: Place, since: float, until: float) -> Delivering:
    facts = deliveries.facts(store, place.id)
    return Delivering(place, dora.measure(facts, _commits(facts), since, until))


def _commits(facts: Iterable[f.Stamped]) -> Mapping[str, tuple[float, ...]]:
    """When each commit was made that came with a version, by the version's commit."""
    versions, found, before = {}, {}, ''
    for stamped in facts:
        match stamped.fact:
            case f.DeploymentRequested(number, _, version):
                versions[number] = version
            case f.DeploymentFinished(number, 'success') if number in versions:
                version = versions[number]
                if version.commit not in found:
                    times = ancestry.times(version.sources, before, version.commit)
                    found[version.commit] = times
                before = version.commit
    return found


# --- runs


def workflows(ended: Iterable[Ended]) -> Iterable[Running]:
    """By repository and workflow, those with most runs first. Pure."""
    grouped: dict[tuple[str, str], list[Ended]] = {}
    for one in ended:
        grouped.setdefault((one.repository, one.workflow), []).append(one)
    for those in sorted(grouped.values(), key=lambda those: (-len(those), those[0])):
        yield _running(those)


def _running(those: list[Ended]) -> Running:
    good = [one for one in those if one.conclusion == SUCCESS]
    bad = [one for one in those if one.conclusion in FAILURES]
    newest = max(those, key=lambda one: one.finished)
    began = [one for one in (*good, *bad) if one.started]
    return Running(
        newest.repository,
        newest.workflow,
        newest.name,
        len(good),
        len(bad),
        len(those) - len(good) - len(bad),
        sum(one.attempt == 1 for one in good),
        span([one.finished - one.started for one in began]),
        span([one.started - one.created for one in began if one.attempt == 1]),
    )


def span(seconds: list[float]) -> Span:
    """The median, and what 95 of 100 stay below."""
    if not seconds:
        return Span(None, None)
    if len(seconds) == 1:
        return Span(seconds[0], seconds[0])
    from statistics import quantiles  # with decimal and fractions

    cuts = quantiles(seconds, n=100, method='inclusive')
    return Span(cuts[49], cuts[94])


# --- as JSON


def record(found: Performance) -> dict[str, Any]:
    return {
        'since': found.since,
        'until': found.until,
        'environments': [_environment(one) for one in found.environments],
        'workflows': [_workflow(one) for one in found.workflows],
    }


def _environment(one: Delivering) -> dict[str, Any]:
    figures = one.dora._asdict()
    opened = figures.pop('open')
    return {
        'repository': one.place.repository,
        'environment': one.place.name,
        **{name: figure._asdict() for name, figure in figures.items()},
        'open': opened,
    }


def _workflow(one: Running) -> dict[str, Any]:
    told = one._asdict() | {'success_rate': one.rate}
    return told | {'duration': one.duration._asdict(), 'wait': one.wait._asdict()}

"""What people say of a deployment that waits: approved, rejected, let through in spite of a rule.

Who says something is shown first what it is about, and what he says holds for that alone: for this
commit, and for these texts of the workflow and `liftlock.yml`.
"""

from collections.abc import Iterator, Mapping, Sequence

from liftlock.engine.delivery import admission, gating
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.jobs import declared
from liftlock.engine.delivery.stream import Stream
from liftlock.errors import UserError
from liftlock.gates import reviews
from liftlock.gates.protection import Judgement
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place

Teams = Mapping[str, Sequence[str]]


class Wanted(NamedTuple):
    """A deployment that waits, and what succeeded last in its environment, each with the texts
    that it is made with."""

    store: Store
    stream: Stream
    one: Deployment
    blueprint: Blueprint
    before: Deployment | None = None
    blueprint_before: Blueprint | None = None

    @property
    def settings(self) -> model.Environment:
        name = self.blueprint.environment
        return declared(self.blueprint.settings, name) or model.Environment(model.Word(name))

    @property
    def authors(self) -> tuple[str, ...]:
        """Who pushed the commit, as far as that is known."""
        return admission.authors(self.store, self.one)


def find(store: Store, place: Place, number: int = 0) -> Wanted:
    """The one that waits, or the one of this number. UserError."""
    stream = Stream(store, place)
    waiting = [one for one in stream.environment.deployments.values() if _waits(one)]
    found = [one for one in waiting if number in (0, one.number)]
    if not found and number:
        raise UserError(*_does_not_wait(stream, number))
    if not found:
        hint = f'see what goes on there: liftlock status {place.name}'
        raise UserError(f'nothing that is to be deployed to {place.name} waits', hint)
    if len(found) > 1:
        told = ', '.join(f'{one.number} ({one.version.name})' for one in found)
        raise UserError(f'several deployments to {place.name} wait: {told}', 'choose: --number N')
    before = stream.environment.last
    return Wanted(
        store,
        stream,
        found[0],
        _blueprint(store, found[0]),
        before,
        _blueprint(store, before) if before else None,
    )


def refuse_approval(wanted: Wanted, by: str, teams: Teams) -> None:
    """UserError where an approval would count for nothing."""
    one, protection = wanted.one, wanted.settings.protection
    name = wanted.stream.place.name
    if not protection.reviewers or not protection.required:
        told = f': {one.held}' if one.held else ''
        hint = f"let it through all the same: liftlock approve {name} --bypass --reason '…'"
        raise UserError(f'no approval is asked for in {name}{told}', hint)
    _refuse_stranger(protection, by, teams, name)
    own = {person.lower() for person in (one.request.by, *wanted.authors)}
    if protection.prevent_self_review and by.lower() in own:
        raise UserError(f"{by} may not approve what is {by}'s own", _who(protection))
    if any(_same(fact, one, by) for fact, _ in one.approvals):
        raise UserError(f'{by} has approved it already', _who(protection))


def refuse_rejection(wanted: Wanted, by: str, teams: Teams) -> None:
    """UserError where nobody asked."""
    protection, name = wanted.settings.protection, wanted.stream.place.name
    if not protection.reviewers:
        hint = f'call it off: liftlock abort {name}'
        raise UserError(f'nobody is asked whether something is deployed to {name}', hint)
    _refuse_stranger(protection, by, teams, name)


def refuse_bypass(reason: str) -> None:
    if not reason.strip():
        raise UserError('a bypass needs a reason, which is recorded', "give --reason '…'")


def approve(wanted: Wanted, by: str, comment: str) -> None:
    """UserError if it waits no longer; so do the others."""
    request = wanted.one.request
    commit, settings = request.version.commit, request.settings
    _say(wanted, f.Approved(request.number, by, commit, settings, comment))


def reject(wanted: Wanted, by: str, comment: str) -> None:
    _say(wanted, f.Rejected(wanted.one.number, by, comment))


def bypass(wanted: Wanted, by: str, reason: str) -> None:
    """Recorded for the audit, with the reason. What is refused is not let through by it."""
    _say(wanted, f.ProtectionBypassed(wanted.one.number, by, reason))


def judgement(wanted: Wanted, teams: Teams, now: float) -> Judgement:
    """What its protection says now."""
    wanted.stream.read()
    place, one = wanted.stream.place, wanted.stream.environment.deployments[wanted.one.number]
    last, text = wanted.before, wanted.blueprint.settings
    verdicts = gating.verdicts(wanted.store, one, last, text, now)
    known = admission.known(wanted.store, place.repository, one, wanted.settings, teams, verdicts)
    return admission.judgement(one, wanted.settings, known, now)


def changes(wanted: Wanted) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Texts that are not what they were when something succeeded there last, and how they differ:
    lines of a unified diff. Nothing where nothing ever has."""
    from difflib import unified_diff

    before, now = wanted.blueprint_before, wanted.blueprint
    if before is None:
        return
    old = {before.path: before.settings, **before.files}
    new = {now.path: now.settings, **now.files}
    for path in sorted(old.keys() | new.keys()):
        texts = old.get(path, '').splitlines(), new.get(path, '').splitlines()
        if difference := tuple(unified_diff(*texts, lineterm=''))[2:]:
            yield path, difference


# --- whether it counts


def _waits(one: Deployment) -> bool:
    """What was allowed once waits again when a freeze comes before its turn."""
    return one.phase is Phase.WAITING or (one.phase is Phase.QUEUED and one.held != '')


def _refuse_stranger(protection: model.Protection, by: str, teams: Teams, name: str) -> None:
    if by.lower() not in reviews.reviewers(protection, teams):
        raise UserError(f'{by} is not asked about deployments to {name}', _who(protection))


def _who(protection: model.Protection) -> str:
    return f'reviewers: {", ".join(protection.reviewers)} (teams are named in config.yml)'


def _same(fact: f.Approved, one: Deployment, by: str) -> bool:
    wanted = one.request.version.commit, one.request.settings
    return fact.by.lower() == by.lower() and (fact.commit, fact.settings) == wanted


def _say(wanted: Wanted, fact: f.Fact) -> None:
    """Unless the deployment has ended or started while somebody made up his mind."""
    stream, number = wanted.stream, wanted.one.number
    while _waits(stream.environment.deployments[number]):
        if stream.write(fact):
            return
    raise UserError(*_does_not_wait(stream, number))


def _does_not_wait(stream: Stream, number: int) -> tuple[str, str]:
    one = stream.environment.deployments.get(number)
    if one is None:
        return f'there is no deployment {number} to {stream.place.name}', ''
    told = one.conclusion or one.phase.value
    return f'deployment {number} to {stream.place.name} does not wait: {told}', one.message


def _blueprint(store: Store, one: Deployment) -> Blueprint:
    return blueprints.load(deliveries.text(store, one.request.settings))

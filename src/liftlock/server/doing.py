"""What people have done by the server, from a page or by REST: the same, and put on record."""

from collections.abc import Mapping

from liftlock.engine.delivery import approvals, requests, returns
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server.crew import Crew
from liftlock.server.ground import Ground
from liftlock.store import access, audit, deliveries, runs
from liftlock.store.deliveries import Place


class Person(NamedTuple):
    """Who asks: `role` is one of those of tokens, `address` where from."""

    name: str
    role: str
    address: str = ''


class Forbidden(UserError):
    """Whoever asks may not do this."""


NEEDED: Mapping[str, str] = {
    'run.cancel': 'developer',
    'run.rerun': 'developer',
    'environment.approve': 'viewer',  # reviewers are named by the environment itself
    'environment.reject': 'viewer',
    'environment.promote': 'maintainer',
    'environment.abort': 'maintainer',
    'environment.rollback': 'maintainer',
    'token.create': 'admin',
    'token.revoke': 'admin',
    'audit.read': 'maintainer',
}


def may(person: Person, what: str) -> bool:
    return access.ROLES.index(person.role) >= access.ROLES.index(NEEDED[what])


class Doing:
    """Everything raises Forbidden, or UserError where it cannot be done; nothing is done then."""

    def __init__(self, ground: Ground, crew: Crew) -> None:
        self._ground = ground
        self._crew = crew
        self._store = ground.store

    # --- runs

    def cancel(self, person: Person, run: int, *, force: bool = False) -> None:
        self._refuse(person, 'run.cancel')
        self._ground.engine.cancel(run, f'cancelled by {person.name}', force=force)
        self._record(person, 'run cancelled', f'run {run}', 'at once' if force else '')

    def rerun(self, person: Person, run: int, *, failed: bool = False, job: str = '') -> None:
        """All jobs again, or those that failed, or one; and those that need them."""
        self._refuse(person, 'run.rerun')
        runs.find(self._store, str(run))
        terms = self._ground.terms(run, person.name)
        jobs = (job,) if job else ()
        self._ground.engine.rerun(run, terms.secrets, failed=failed, jobs=jobs)
        self._record(person, 'run started again', f'run {run}', job or ('failed' if failed else ''))
        self._crew.carry(run, person.name, terms)

    # --- deployments

    def approve(self, person: Person, place: Place, number: int, comment: str = '') -> int:
        self._refuse(person, 'environment.approve')
        wanted = approvals.find(self._store, place, number)
        approvals.refuse_approval(wanted, person.name, self._ground.teams)
        approvals.approve(wanted, person.name, comment)
        return self._asked(person, place, 'deployment approved', wanted.one.number, comment)

    def reject(self, person: Person, place: Place, number: int, comment: str = '') -> int:
        self._refuse(person, 'environment.reject')
        wanted = approvals.find(self._store, place, number)
        approvals.refuse_rejection(wanted, person.name, self._ground.teams)
        approvals.reject(wanted, person.name, comment)
        return self._asked(person, place, 'deployment rejected', wanted.one.number, comment)

    def promote(self, person: Person, place: Place, *, full: bool = False) -> int:
        self._refuse(person, 'environment.promote')
        number = requests.promote(self._store, place, person.name, full=full)
        return self._asked(person, place, 'deployment promoted', number, 'fully' if full else '')

    def abort(self, person: Person, place: Place, number: int = 0, reason: str = '') -> int:
        self._refuse(person, 'environment.abort')
        number = requests.abort(self._store, place, person.name, reason, number)
        return self._asked(person, place, 'deployment aborted', number, reason)

    def rollback(self, person: Person, place: Place, to: str = '', reason: str = '') -> int:
        """Where jobs deploy, the job of the earlier version is run again by this server."""
        self._refuse(person, 'environment.rollback')
        back = returns.find(self._store, place, to, reason)
        if back is None:
            number = requests.rollback(self._store, place, to, person.name, reason).number
            return self._asked(person, place, 'rolled back', number, to)
        terms = self._ground.terms(back.run, person.name)
        self._ground.engine.rerun(back.run, terms.secrets, jobs=(back.job,), alone=True)
        number = returns.ask(self._store, back, person.name)
        self._record(person, 'rolled back', _named(place, number), f'to {back.to.version.name}')
        self._crew.carry(back.run, person.name, terms)
        return number

    # --- tokens

    def create_token(self, person: Person, name: str, role: str, label: str, days: float) -> str:
        self._refuse(person, 'token.create')
        text = access.create(self._store, name, role, label, days)
        self._record(person, 'token created', name, f'{role} {label}'.strip())
        return text

    def revoke_token(self, person: Person, token: int) -> None:
        self._refuse(person, 'token.revoke')
        revoked = access.revoke(self._store, token)
        self._record(person, 'token revoked', revoked.person, revoked.label)

    def record(self, person: Person, what: str, about: str = '', detail: str = '') -> None:
        self._record(person, what, about, detail)

    # ---

    def _refuse(self, person: Person, what: str) -> None:
        if not may(person, what):
            needed = NEEDED[what]
            raise Forbidden(
                f'{person.name} is a {person.role} and may not do this', f'ask a {needed}'
            )

    def _asked(self, person: Person, place: Place, what: str, number: int, detail: str) -> int:
        self._record(person, what, _named(place, number), detail)
        one = deliveries.find(self._store, place.id, number)
        if one.kind != 'job':
            self._ground.wake()
        return number

    def _record(self, person: Person, what: str, about: str, detail: str) -> None:
        audit.write(self._store, person.name, what, about, detail, person.address)


def _named(place: Place, number: int) -> str:
    return f'{place.repository}:{place.name} #{number}'

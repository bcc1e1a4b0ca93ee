"""What people have done by the server, from a page or by REST: the same, and put on record."""

from collections.abc import Collection
from typing import Final

from liftlock.engine.delivery import approvals, candidates, requests, returns
from liftlock.engine.delivery.candidates import Choice
from liftlock.engine.delivery.requests import Wish
from liftlock.engine.spread import showing
from liftlock.rollout import facts as f
from liftlock.server import rights
from liftlock.server.crew import Crew
from liftlock.server.ground import Ground
from liftlock.server.rights import Forbidden as Forbidden
from liftlock.server.rights import Person as Person
from liftlock.server.rights import may as may
from liftlock.store import access, audit, deliveries, runs
from liftlock.store.deliveries import Place
from liftlock.store.paths import KEY
from liftlock.store.secrets import SERVER, Safe, Scope

DEBUG: Final = 'ACTIONS_STEP_DEBUG'  # as on GitHub


class Doing:
    """Everything raises Forbidden, or UserError where it cannot be done; nothing is done then."""

    def __init__(self, ground: Ground, crew: Crew) -> None:
        self._ground = ground
        self._crew = crew
        self._store = ground.store

    # --- runs

    def cancel(self, person: Person, run: int, *, force: bool = False) -> None:
        self._refuse_run(person, 'run.cancel', run)
        self._ground.engine.cancel(run, f'cancelled by {person.name}', force=force)
        self._record(person, 'run cancelled', f'run {run}', 'at once' if force else '')

    def rerun(
        self,
        person: Person,
        run: int,
        *,
        failed: bool = False,
        job: str = '',
        jobs: Collection[str] = (),
        from_step: str = '',
        debug: bool = False,
    ) -> None:
        """All jobs again, or those that failed, or some; and those that need them. `from_step` is
        of the one job; `debug` has steps tell more."""
        self._refuse_run(person, 'run.rerun', run)
        terms = self._ground.terms(run, person.name)
        if debug:
            terms = terms._replace(secrets={**terms.secrets, DEBUG: 'true'})
        named = tuple(filter(None, (job, *jobs)))
        self._ground.engine.rerun(
            run, terms.secrets, failed=failed, jobs=named, from_step=from_step
        )
        which = ' '.join(named) or ('failed' if failed else '')
        told = (which, from_step, 'debug' if debug else '')
        self._record(person, 'run started again', f'run {run}', ' '.join(filter(None, told)))
        self._crew.carry(run, person.name, terms)

    # --- deployments

    def deploy(
        self,
        person: Person,
        repository: str,
        environment: str,
        choice: Choice,
        *,
        reason: str = '',
        fast: bool = False,
    ) -> tuple[Place, int]:
        """To an environment of the `liftlock.yml` that the version itself has."""
        rights.refuse(person, 'environment.deploy', repository, environment)
        version = candidates.find(self._store, repository, environment, choice)
        key = self._ground.key or self._store.directory / KEY
        blueprint = candidates.blueprint(self._store, key, repository, environment, version)
        kind = f.PROMOTION if choice.origin else f.DEPLOY
        wish = Wish(person.name, kind, reason, fast, choice.origin)
        place, number = requests.deploy(self._store, blueprint, version, wish)
        self._asked(person, place, 'deployment asked for', number, version.name)
        return place, number

    def bypass(self, person: Person, place: Place, number: int, reason: str) -> int:
        """In spite of freezes, timers and missing approvals; recorded with the reason."""
        self._refuse(person, 'environment.bypass', place)
        approvals.refuse_bypass(reason)
        wanted = approvals.find(self._store, place, number)
        approvals.bypass(wanted, person.name, reason)
        return self._asked(person, place, 'protection bypassed', wanted.one.number, reason)

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
        self._refuse(person, 'environment.promote', place)
        number = requests.promote(self._store, place, person.name, full=full)
        return self._asked(person, place, 'deployment promoted', number, 'fully' if full else '')

    def abort(self, person: Person, place: Place, number: int = 0, reason: str = '') -> int:
        self._refuse(person, 'environment.abort', place)
        number = requests.abort(self._store, place, person.name, reason, number)
        return self._asked(person, place, 'deployment aborted', number, reason)

    def retry(self, person: Person, place: Place) -> int:
        """The last deployment again, which did not succeed."""
        self._refuse(person, 'environment.deploy', place)
        number = requests.retry(self._store, place, person.name)
        return self._asked(person, place, 'deployment tried again', number, '')

    def rollback(self, person: Person, place: Place, to: str = '', reason: str = '') -> int:
        """Where jobs deploy, the job of the earlier version is run again by this server."""
        self._refuse(person, 'environment.rollback', place)
        back = returns.find(self._store, place, to, reason)
        if back is None:
            number = requests.rollback(self._store, place, to, person.name, reason).number
            return self._asked(person, place, 'rolled back', number, to)
        terms = self._ground.terms(back.run, person.name)
        number = returns.begin(self._ground.engine, self._store, back, terms)
        self._record(person, 'rolled back', _named(place, number), f'to {back.to.version.name}')
        self._crew.carry(back.run, person.name, terms)
        return number

    def down(self, person: Person, place: Place, reason: str = '') -> int:
        """The `seq` of the fact that asks for it."""
        self._refuse(person, 'environment.down', place)
        seq = requests.down(self._store, place, person.name, reason)
        self._record(person, 'taken down', f'{place.repository}:{place.name}', reason)
        self._ground.wake()
        return seq

    # --- tokens

    def create_token(
        self,
        person: Person,
        name: str,
        role: str,
        label: str,
        days: float,
        scopes: Collection[str] = (),
    ) -> str:
        """`scopes` confine it; without them it may all that the role may."""
        self._refuse(person, 'token.create')
        text = access.create(self._store, name, role, label, days, scopes)
        told = ' '.join(filter(None, (role, label, *scopes)))
        self._record(person, 'token created', name, told)
        return text

    def revoke_token(self, person: Person, token: int) -> None:
        self._refuse(person, 'token.revoke')
        revoked = access.revoke(self._store, token)
        self._record(person, 'token revoked', revoked.person, revoked.label)

    # --- secrets and variables

    def entrust(self, person: Person, kind: str, scope: Scope, name: str, value: str) -> None:
        """`kind` is secret or variable."""
        _refuse_secret(person, scope)
        with self._store.transaction(durable=True):
            Safe(self._store, self._ground.key, kind).set(scope, name, value, person.name)
            self._record(person, f'{kind} set', _of(scope), name.upper())

    def forget(self, person: Person, kind: str, scope: Scope, name: str) -> None:
        _refuse_secret(person, scope)
        with self._store.transaction(durable=True):
            Safe(self._store, self._ground.key, kind).remove(scope, name, person.name)
            self._record(person, f'{kind} removed', _of(scope), name.upper())

    # --- workers

    def turn(self, person: Person, worker: str, *, off: bool) -> None:
        """Give it no more jobs, or again some. By its id, or its machine's name."""
        self._refuse(person, 'worker.drain')
        (showing.drain if off else showing.undrain)(self._store, worker)
        self._record(person, f'worker {"drained" if off else "put to work again"}', worker, '')

    def record(self, person: Person, what: str, about: str = '', detail: str = '') -> None:
        self._record(person, what, about, detail)

    # ---

    def _refuse(self, person: Person, what: str, place: Place | None = None) -> None:
        if place is None:
            rights.refuse(person, what)
        else:
            rights.refuse(person, what, place.repository, place.name)

    def _refuse_run(self, person: Person, what: str, run: int) -> None:
        rights.refuse(person, what, runs.find(self._store, str(run)).repository)

    def _asked(self, person: Person, place: Place, what: str, number: int, detail: str) -> int:
        self._record(person, what, _named(place, number), detail)
        one = deliveries.find(self._store, place.id, number)
        if one.kind != 'job':
            self._ground.wake()
        return number

    def _record(self, person: Person, what: str, about: str, detail: str) -> None:
        audit.write(self._store, person.name, what, about, detail, person.address)


def _refuse_secret(person: Person, scope: Scope) -> None:
    what = 'secret.set' if scope.repository else 'server.secret'
    rights.refuse(person, what, scope.repository, scope.environment)


def _of(scope: Scope) -> str:
    if scope.environment:
        return f'{scope.repository}:{scope.environment}'
    return scope.repository or SERVER


def _named(place: Place, number: int) -> str:
    return f'{place.repository}:{place.name} #{number}'

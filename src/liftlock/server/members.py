"""What admins do about people: the same from a page and by REST, and put on record."""

from liftlock.errors import UserError
from liftlock.server import rights
from liftlock.server.rights import Person
from liftlock.store import access, audit, people
from liftlock.store.database import Store
from liftlock.store.people import DEPLOYER, Grant, User


class Members:
    """Everything raises Forbidden, or UserError where it cannot be done; nothing is done then."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, person: Person, name: str, role: str, email: str = '') -> tuple[User, str]:
        """The account, and the code of the link by which a password is set."""
        self._refuse(person)
        user = people.add(self._store, name, role, email)
        self._record(person, 'account made', user.name, role)
        return user, people.invite(self._store, user)

    def set_role(self, person: Person, name: str, role: str) -> User:
        user = self._other(person, name)
        people.set_role(self._store, user, role)
        self._record(person, 'role changed', user.name, f'{user.role} → {role}')
        return user

    def disable(self, person: Person, name: str) -> User:
        user = self._other(person, name)
        people.set_disabled(self._store, user, disabled=True)
        self._record(person, 'account disabled', user.name)
        return user

    def enable(self, person: Person, name: str) -> User:
        user = self._other(person, name)
        people.set_disabled(self._store, user, disabled=False)
        self._record(person, 'account enabled', user.name)
        return user

    def invite(self, person: Person, name: str) -> str:
        """The code of a link by which a new password is set; the old one holds until then."""
        self._refuse(person)
        user = people.named(self._store, name)
        if user.disabled:
            raise UserError(f'{user.name} is disabled', 'enable the account first')
        self._record(person, 'link to set a password made', user.name)
        return people.invite(self._store, user)

    def grant(self, person: Person, name: str, given: Grant) -> None:
        self._refuse(person)
        people.grant(self._store, name, given)
        self._record(person, 'granted', name, told(given))

    def ungrant(self, person: Person, name: str, given: Grant) -> None:
        self._refuse(person)
        people.ungrant(self._store, name, given)
        self._record(person, 'grant taken', name, told(given))

    def end_session(self, person: Person, identity: str) -> str:
        """One's own, or as an admin anybody's. Whose it was."""
        own = '' if rights.may(person, 'user.manage') else person.name
        ended = access.end_visit(self._store, identity, own)
        self._record(person, 'session ended', ended.person, ended.address)
        return ended.person

    # ---

    def _refuse(self, person: Person) -> None:
        rights.refuse(person, 'user.manage')

    def _other(self, person: Person, name: str) -> User:
        """Nobody shuts himself out by mistake."""
        self._refuse(person)
        user = people.named(self._store, name)
        if user.name.lower() == person.name.lower():
            raise UserError('nobody does this to himself', 'ask another admin')
        return user

    def _record(self, person: Person, what: str, about: str, detail: str = '') -> None:
        audit.write(self._store, person.name, what, about, detail, person.address)


def told(grant: Grant) -> str:
    if grant.role == DEPLOYER:
        return f'{DEPLOYER} of {grant.repository}:{grant.environment}'
    return f'{grant.role} in {grant.repository}'


def parse(role: str, where: str) -> Grant:
    """`where` is `octo/shop:production` for deployers, else `octo/shop`."""
    repository, _, environment = where.strip().partition(':')
    return Grant(role, repository, environment)

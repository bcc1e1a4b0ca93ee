"""Accounts, links, grants and sessions of people, in a real store."""

import pytest

from liftlock.errors import UserError
from liftlock.store import access, audit, people
from liftlock.store.audit import Wanted
from liftlock.store.database import Store
from liftlock.store.people import Grant, User

FIREFOX = '192.0.2.7', 'Firefox'


@pytest.fixture
def mona(store: Store) -> User:
    return people.add(store, 'Mona', 'developer', 'Mona@example.org')


def test_a_name_is_somebodys_however_it_is_written(store: Store, mona: User) -> None:
    assert people.named(store, 'mONA') == mona
    with pytest.raises(UserError, match='somebody called mona already'):
        people.add(store, 'mona', 'viewer')
    for bad in ('', ' x', 'mo na', 'mönä', '-x', 'x' * 65, 'a\nb'):
        with pytest.raises(UserError, match='cannot be the name'):
            people.add(store, bad, 'viewer')
    with pytest.raises(UserError, match='no role "root"'):
        people.add(store, 'root', 'root')


def test_a_link_sets_a_password_once_and_the_newest_alone(store: Store, mona: User) -> None:
    first, second = people.invite(store, mona), people.invite(store, mona)
    assert people.redeem(store, first, 'hash') is None
    assert people.invited(store, second) == mona
    assert people.redeem(store, second, 'hash') == mona
    assert people.find(store, mona.id).password == 'hash'
    assert people.redeem(store, second, 'other') is None
    late = people.invite(store, mona, lasting=-1.0)
    assert people.invited(store, late) is None
    with store.reading() as sql:
        assert late not in str(sql.execute('SELECT * FROM invitations').fetchall())


def test_a_session_tells_who_it_is_and_what_he_is_now(store: Store, mona: User) -> None:
    begun = access.welcome(store, mona.id, 'password', FIREFOX)
    assert (begun.person, begun.role, begun.user, begun.token) == ('Mona', 'developer', mona.id, 0)
    assert access.session(store, begun.secret) == begun
    (visit,) = access.visits(store, 'mona')
    assert (visit.person, visit.how, visit.address, visit.agent) == ('Mona', 'password', *FIREFOX)
    assert visit.id == access.visit(begun)
    assert begun.secret not in str(visit)


@pytest.mark.parametrize(
    'change',
    [
        lambda store, user: people.set_role(store, user, 'viewer'),
        lambda store, user: people.set_disabled(store, user, disabled=True),
        lambda store, user: people.set_password(store, user, 'hash'),
        lambda store, user: people.redeem(store, people.invite(store, user), 'hash'),
        lambda store, user: people.follow(store, user, 'admin', ()),
        lambda store, user: access.end_visit(store, access.visits(store)[0].id, 'mona'),
    ],
)
def test_whoever_loses_something_is_logged_out(store: Store, mona: User, change: object) -> None:
    otto = access.welcome(store, people.add(store, 'otto', 'viewer').id, 'oidc')
    begun = access.welcome(store, mona.id, 'password')
    change(store, mona)  # type: ignore[operator]
    assert access.session(store, begun.secret) is None
    assert access.session(store, otto.secret) is not None


def test_nobody_ends_a_session_of_somebody_else(store: Store, mona: User) -> None:
    begun = access.welcome(store, mona.id, 'password')
    with pytest.raises(UserError, match='no such session'):
        access.end_visit(store, access.visit(begun), 'otto')
    assert access.session(store, begun.secret) is not None


def test_tokens_of_a_disabled_person_are_good_for_nothing(store: Store, mona: User) -> None:
    text = access.create(store, 'mona', 'developer')
    token = access.find(store, text)
    assert token is not None
    begun = access.begin(store, token)
    people.set_disabled(store, mona, disabled=True)
    assert access.find(store, text) is None
    assert access.session(store, begun.secret) is None
    people.set_disabled(store, mona, disabled=False)
    assert access.find(store, text) is not None


def test_a_password_that_was_changed_meanwhile_is_not_renewed(store: Store, mona: User) -> None:
    people.set_password(store, mona, 'old')
    old = people.find(store, mona.id)
    people.set_password(store, old, 'new')
    people.renew_password(store, old, 'old, by other parameters')
    assert people.find(store, mona.id).password == 'new'


def test_grants_are_of_a_name_and_those_of_a_provider_follow_it(store: Store, mona: User) -> None:
    own, given = Grant('deployer', 'octo/shop', 'qa'), Grant('deployer', 'octo/*', 'production')
    people.grant(store, 'MONA', own)
    people.grant(store, 'mona', own)
    people.follow(store, mona, '', [given, own])
    assert people.grants(store, 'mona') == (given, own)
    people.follow(store, mona, '', [])
    assert people.grants(store, 'mona') == (own,)
    people.ungrant(store, 'Mona', own)
    assert people.grants(store, 'mona') == ()
    for bad in (('admin', 'octo/shop'), ('deployer', 'octo/shop'), ('maintainer', 'x')):
        with pytest.raises(UserError):
            people.grant(store, 'mona', Grant(*bad))


def test_an_address_makes_a_person_if_it_is_one_persons(store: Store, mona: User) -> None:
    assert people.of_email(store, 'mona@EXAMPLE.org') == mona
    assert people.of_email(store, '') is None
    linked = people.link(store, mona, 'https://id.example.org', '7')
    assert people.known_by(store, 'https://id.example.org', '7') == linked
    assert people.known_by(store, 'https://other.example', '7') is None
    assert people.of_email(store, 'mona@example.org') is None  # who is linked already
    with pytest.raises(UserError, match='somebody else for the provider'):
        people.link(store, linked, 'https://id.example.org', '8')


def test_a_name_is_taken_by_an_account_a_token_or_a_grant(store: Store, mona: User) -> None:
    access.create(store, 'Otto', 'viewer')
    people.grant(store, 'vera', Grant('developer', 'octo/shop'))
    found = [people.is_taken(store, name) for name in ('MONA', 'otto', 'Vera', 'nobody')]
    assert found == [True, True, True, False]


def test_the_audit_is_searched(store: Store) -> None:
    for about in ('50%', '500', 'x_y', 'xzy'):
        audit.write(store, 'Mona', 'granted', about, 'Detail')
    audit.write(store, 'otto', 'logged in')

    def found(**wanted: object) -> list[str]:
        return [one.about for one in audit.listed(store, wanted=Wanted(**wanted))]  # type: ignore[arg-type]

    assert found(text='0%') == ['50%']
    assert found(text='X_Y') == ['x_y']
    assert found(who='mona', what='granted', text='detail') == ['xzy', 'x_y', '500', '50%']
    assert found(since=4_000_000_000.0) == []
    assert audit.kinds(store) == ['granted', 'logged in']
    assert [one.seq for one in audit.after(store, 3)] == [4, 5]

"""Who may do what."""

import pytest

from liftlock.server.rights import DEPLOYERS, NEEDED, Forbidden, Person, may, refuse
from liftlock.store.access import ROLES
from liftlock.store.people import Grant

SHOP = 'octo/shop'


def person(role: str, *grants: Grant) -> Person:
    return Person('mona', role, '', grants)


@pytest.mark.parametrize('what', NEEDED)
def test_each_role_may_what_those_before_it_may(what: str) -> None:
    allowed = [may(person(role), what, SHOP, 'production') for role in ROLES]
    assert allowed == sorted(allowed)
    assert allowed[-1]


@pytest.mark.parametrize('what', sorted(DEPLOYERS))
def test_a_deployer_moves_what_is_in_his_environments_and_nothing_else(what: str) -> None:
    mona = person('viewer', Grant('deployer', SHOP, 'staging'), Grant('deployer', 'octo/*', 'Qa'))
    assert may(mona, what, SHOP, 'staging')
    assert may(mona, what, SHOP, 'Staging')
    assert may(mona, what, 'octo/other', 'qa')
    assert not may(mona, what, SHOP, 'production')
    assert not may(mona, what, 'octo/other', 'staging')
    assert not may(mona, what, 'eve/shop', 'qa')
    assert not may(mona, what)


@pytest.mark.parametrize('what', sorted(set(NEEDED) - DEPLOYERS))
def test_a_deployer_may_nothing_more_than_his_role_elsewhere(what: str) -> None:
    mona = person('viewer', Grant('deployer', '*/*', '*'))
    assert may(mona, what, SHOP, 'staging') == may(person('viewer'), what, SHOP, 'staging')


def test_a_role_in_a_repository_counts_there_alone_and_never_makes_an_admin() -> None:
    mona = person('viewer', Grant('maintainer', SHOP))
    assert may(mona, 'run.cancel', SHOP)
    assert may(mona, 'environment.rollback', SHOP, 'production')
    assert not may(mona, 'run.cancel', 'octo/other')
    assert not may(mona, 'run.cancel')
    assert not may(mona, 'audit.read')
    assert not may(person('viewer', Grant('admin', SHOP)), 'user.manage', SHOP)


def test_who_may_not_is_told_whom_to_ask() -> None:
    with pytest.raises(Forbidden, match='mona is a viewer') as told:
        refuse(person('viewer'), 'environment.promote', SHOP, 'production')
    assert told.value.hint == 'ask a maintainer, or a deployer of production'

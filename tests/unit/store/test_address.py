"""Addresses of databases."""

import pytest

from liftlock.errors import UserError
from liftlock.store.engines import address


@pytest.mark.parametrize(
    ('given', 'shown'),
    [
        ('postgresql://me:secret@db:5433/ci?password=secret', 'postgresql://me@db:5433/ci'),
        ('postgresql:///ci?host=/run/postgresql', 'postgresql:///ci'),
        ('postgres://me@a,b/ci', 'postgres://me@a,b/ci'),
        ('postgresql://me:p@ss@db/ci', 'postgresql://me@db/ci'),
        ('host=db password=secret', '…'),
    ],
)
def test_an_address_is_shown_without_its_password(given: str, shown: str) -> None:
    assert address.shown(given) == shown


@pytest.mark.parametrize('given', ['mysql://db/ci', '/var/lib/ci', 'host=db password=secret'])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(UserError, match='is no address of a database') as told:
        address.checked(given)
    assert 'secret' not in str(told.value)

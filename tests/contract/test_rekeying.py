"""A new key for all that is sealed: all of it, or nothing."""

import pytest

from liftlock.errors import UserError
from liftlock.store import rekeying, repositories, sealing
from liftlock.store.database import Store
from liftlock.store.repositories import Draft
from liftlock.store.secrets import VARIABLE, Safe, Scope

SHOP = Scope('octo/shop')


@pytest.fixture
def store(store: Store) -> Store:
    """With something of everything in it."""
    file = store.directory / sealing.FILE
    Safe(store, file).set(SHOP, 'TOKEN', 'geheim', 'mona')
    Safe(store, file).set(Scope('octo/shop', 'production'), 'TOKEN', 'geheimer', 'mona')
    Safe(store, file, VARIABLE).set(SHOP, 'REGION', 'eu', 'mona')
    draft = Draft(
        'octo/shop', 'https://git.example.org/octo/shop.git', secret='hook', token='forge'
    )
    repositories.add(store, draft, 'mona', file)
    return store


def everything(store: Store) -> tuple[object, ...]:
    file = store.directory / sealing.FILE
    return (
        Safe(store, file).values('octo/shop'),
        Safe(store, file, VARIABLE).values('octo/shop'),
        repositories.secret(store, 1, file),
        repositories.token(store, 1, file),
    )


def test_everything_is_what_it_was_under_another_key(store: Store) -> None:
    file, before = store.directory / sealing.FILE, everything(store)
    old = sealing.read_key(file).id
    assert rekeying.rekey(store, file) == 5
    assert everything(store) == before
    assert sealing.read_key(file).id != old
    assert sealing.read_key(file.with_name(f'{file.name}.old')).id == old
    assert rekeying.rekey(store, file) == 5


def test_what_cannot_be_opened_changes_nothing(store: Store) -> None:
    file = store.directory / sealing.FILE
    with store.transaction() as sql:
        sql.execute("UPDATE secrets SET name = 'MOVED' WHERE kind = 'variable'")
    before = sealing.read_key(file).id
    with pytest.raises(UserError, match='the variable MOVED of octo/shop cannot be decrypted'):
        rekeying.rekey(store, file)
    assert sealing.read_key(file).id == before
    assert Safe(store, file).of('octo/shop') == {'TOKEN': 'geheim'}


def test_who_was_killed_before_the_new_key_took_its_place_ends_it_by_doing_it_again(
    store: Store,
) -> None:
    file, before = store.directory / sealing.FILE, everything(store)
    draft = file.with_name(f'{file.name}.new')
    rekeying.seal_again(store, sealing.read_key(file), sealing.make_key(draft))
    with pytest.raises(UserError, match='another key'):
        everything(store)
    assert rekeying.rekey(store, file) == 0
    assert everything(store) == before
    assert not draft.exists()

"""Tokens, sessions and the audit of a server, in a real store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from liftlock.errors import UserError
from liftlock.store import access, audit, listing, runs
from liftlock.store.database import Store, open_store
from liftlock.store.listing import Filter
from liftlock.store.runs import Draft


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / 'state')
    yield opened
    opened.close()


def test_a_token_is_found_by_its_text_alone_which_is_not_kept(store: Store) -> None:
    text = access.create(store, 'mona', 'developer', 'laptop')
    found = access.find(store, text)
    assert found is not None
    assert (found.person, found.role, found.label) == ('mona', 'developer', 'laptop')
    assert access.find(store, f'{text}x') is None
    with store.reading() as sql:
        assert text not in str(sql.execute('SELECT * FROM access_tokens').fetchall())


def known(store: Store, session: access.Session) -> bool:
    found = access.session(store, session.secret)
    return found is not None and found.token.id == session.token.id


def test_a_session_ends_with_its_token(store: Store) -> None:
    token = access.find(store, access.create(store, 'mona', 'viewer'))
    assert token is not None
    begun = access.begin(store, token)
    assert known(store, begun)
    access.revoke(store, token.id)
    assert access.session(store, begun.secret) is None


def test_a_session_ends_when_somebody_logs_out(store: Store) -> None:
    token = access.find(store, access.create(store, 'mona', 'viewer'))
    assert token is not None
    begun, other = access.begin(store, token), access.begin(store, token)
    access.end(store, begun)
    assert access.session(store, begun.secret) is None
    assert known(store, other)


def test_a_session_that_nobody_uses_ends(store: Store) -> None:
    token = access.find(store, access.create(store, 'mona', 'viewer'))
    assert token is not None
    begun = access.begin(store, token)
    with store.transaction() as sql:
        sql.execute('UPDATE sessions SET used = used - ?', (access.UNUSED + 1,))
    assert access.session(store, begun.secret) is None


def test_a_token_expires(store: Store) -> None:
    text = access.create(store, 'mona', 'viewer', days=1)
    assert access.find(store, text) is not None
    with store.transaction() as sql:
        sql.execute('UPDATE access_tokens SET expires = 1')
    assert access.find(store, text) is None


def test_there_are_no_other_roles(store: Store) -> None:
    with pytest.raises(UserError, match='no role "root"'):
        access.create(store, 'mona', 'root')


def test_the_audit_shows_where_it_was_tampered_with(store: Store) -> None:
    for about in 'abc':
        audit.write(store, 'mona', 'run cancelled', about)
    assert [one.about for one in audit.listed(store)] == ['c', 'b', 'a']
    assert [one.about for one in audit.listed(store, before=3, limit=1)] == ['b']
    assert audit.broken(store) == 0
    with store.transaction() as sql:
        sql.execute("UPDATE audit SET who = 'hubot' WHERE seq = 2")
    assert audit.broken(store) == 2


def test_the_audit_shows_that_an_entry_is_missing(store: Store) -> None:
    for about in 'abc':
        audit.write(store, 'mona', 'run cancelled', about)
    with store.transaction() as sql:
        sql.execute('DELETE FROM audit WHERE seq = 2')
    assert audit.broken(store) == 3


def submit(store: Store, title: str, ref: str = 'refs/heads/main') -> int:
    draft = Draft('octo/shop', '.github/workflows/ci.yml', 'CI', title, 'push', ref, 'c0ffee', 'm')
    return runs.submit(store, draft, 'nobody', lambda run, number: '{}')[0]


def test_runs_are_paged_by_key_in_both_directions(store: Store) -> None:
    ids = [submit(store, f'change {number}') for number in range(5)]
    page = [one.id for one in listing.newest(store, Filter(), limit=2)]
    assert page == [ids[4], ids[3]]
    older = [one.id for one in listing.newest(store, Filter(), before=page[-1], limit=2)]
    assert older == [ids[2], ids[1]]
    newer = [one.id for one in listing.newest(store, Filter(), after=older[0], limit=2)]
    assert newer == page


def test_runs_are_found_by_what_is_said_of_them(store: Store) -> None:
    mine = submit(store, 'pay 100% at once', 'refs/heads/feature/pay')
    submit(store, 'pay 1000 later')
    for wanted in (
        Filter(text='100%'),
        Filter(branch='feature/pay'),
        Filter(repository='octo/shop', text='at once', event='push', workflow='ci'),
    ):
        assert [one.id for one in listing.newest(store, wanted)] == [mine]
    assert listing.newest(store, Filter(repository='octo/other')) == []
    assert set(listing.choices(store)['ref']) == {'refs/heads/main', 'refs/heads/feature/pay'}

"""Tokens, sessions and the audit of a server, in a real store."""

from collections.abc import Iterator

import pytest

from liftlock.errors import UserError
from liftlock.server import patience
from liftlock.store import access, audit, failures, listing, runs
from liftlock.store.database import Store
from liftlock.store.listing import Filter
from liftlock.store.runs import Draft


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
    return found is not None and found.token == session.token


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


def test_a_token_is_confined_to_scopes_that_there_are(store: Store) -> None:
    text = access.create(store, 'mona', 'developer', scopes=['runs:write', 'deployments:read'])
    found = access.find(store, text)
    assert found is not None
    assert found.scopes == 'runs:write deployments:read'
    with pytest.raises(UserError, match='no scope "runs:run"'):
        access.create(store, 'mona', 'developer', scopes=['runs:run'])


# --- what servers on one database know together of those who are not in yet


@pytest.fixture
def other(store: Store) -> Iterator[Store]:
    """The store, as another server has it open."""
    opened = store.again()
    yield opened
    opened.close()


def wrong(server: Store, address: str, name: str, now: float) -> float:
    return patience.attempt(server, address, name, now).wait


def test_an_address_is_counted_by_all_servers_together(store: Store, other: Store) -> None:
    for at in range(patience.MOST):  # none of them is known to be good or bad yet
        assert wrong((store, other)[at % 2], '192.0.2.1', '', float(at)) == 0.0
    for server in (store, other):
        assert wrong(server, '192.0.2.1', '', 10.0) == patience.WHILE - 10.0
        assert patience.left(server, '192.0.2.2', '', 10.0) == 0.0
        assert patience.left(server, '192.0.2.1', '', patience.WHILE + 0.5) == 0.0


def test_a_name_waits_from_wherever_and_who_gets_in_is_forgiven(store: Store, other: Store) -> None:
    for number in range(patience.FREE + 3):
        assert wrong(store, f'10.0.0.{number}', 'Mona', 10.0 * number) == 0.0
    assert wrong(other, '10.9.9.9', 'mona', 70.0) == 4.0
    assert patience.left(other, '10.9.9.9', 'hubot', 70.0) == 0.0
    patience.succeeded(other, patience.attempt(other, '10.9.9.9', 'MONA', 80.0))
    assert patience.left(store, '10.9.9.9', 'mona', 80.0) == 0.0


def test_what_was_good_or_not_looked_at_is_no_failure(store: Store) -> None:
    for _ in range(2 * patience.MOST):
        patience.succeeded(store, patience.attempt(store, '192.0.2.1', 'mona', 1.0))
        patience.undecided(store, patience.attempt(store, '192.0.2.1', '', 1.0))
    assert patience.left(store, '192.0.2.1', 'mona', 1.0) == 0.0


def test_what_was_typed_as_a_name_is_not_kept(store: Store) -> None:
    patience.attempt(store, '192.0.2.1', 'correct horse battery', 1.0)
    with store.reading() as sql:
        kept = str(sql.execute('SELECT * FROM failures').fetchall())
    assert 'horse' not in kept
    assert '192.0.2' not in kept


def test_old_failures_go_and_the_oldest_of_too_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, 'MOST', 3)
    for number in range(5):
        failures.add(store, [f'a{number}'], float(number), 0.0)
    assert [len(failures.since(store, f'a{number}', -1.0)) for number in range(5)] == [
        0,
        0,
        1,
        1,
        1,
    ]
    failures.add(store, ['new'], 100.0, 50.0)
    assert not failures.since(store, 'a4', -1.0)
    assert failures.since(store, 'new', 50.0) == [100.0]


def test_a_link_lets_in_once_by_whichever_server(store: Store, other: Store) -> None:
    code = access.link(store, access.create(store, 'admin', 'admin'))
    assert access.linked(other, code)
    found = access.redeem(other, code)
    assert found is not None
    assert found.person == 'admin'
    assert access.redeem(store, code) is None
    assert not access.linked(store, code)
    assert access.redeem(store, '') is None


def test_a_link_ends_in_time_and_with_its_token(store: Store) -> None:
    text = access.create(store, 'admin', 'admin')
    token, late = access.find(store, text), access.link(store, text)
    assert token is not None
    with store.transaction() as sql:
        assert late not in str(sql.execute('SELECT * FROM links').fetchall())
        sql.execute('UPDATE links SET expires = 1')
    assert not access.linked(store, late)
    assert access.redeem(store, late) is None
    revoked = access.link(store, text)
    access.revoke(store, token.id)
    assert access.redeem(store, revoked) is None

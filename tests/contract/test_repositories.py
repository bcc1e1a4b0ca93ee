"""Registered repositories, what forges have sent, and what events came to: on both databases."""

import time
from pathlib import Path

import pytest

from liftlock.errors import UserError
from liftlock.store import hooks, intakes, repositories, runs, tidy
from liftlock.store.database import Store
from liftlock.store.hooks import Sent
from liftlock.store.intakes import Decision, Draft, Intake, Tried
from liftlock.store.repositories import Repository

SHOP = repositories.Draft('octo/shop', 'https://git.example/octo/shop.git', 'gitea')


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / 'key'


@pytest.fixture
def shop(store: Store, key: Path) -> Repository:
    return repositories.add(store, SHOP._replace(secret='hush', token='tok'), 'mona', key)


# --- repositories


def test_a_repository_is_as_it_was_registered(store: Store, shop: Repository) -> None:
    assert repositories.of(store, shop.id) == shop
    assert repositories.find(store, 'OCTO/Shop') == shop
    assert repositories.listed(store) == [shop]
    assert (shop.name, shop.forks, shop.trusted, shop.active) == (
        'octo/shop', 'first-time', False, True,
    )  # fmt: skip
    assert (shop.signed, shop.known, shop.by) == (True, True, 'mona')


def test_one_name_is_registered_once(store: Store, shop: Repository, key: Path) -> None:
    with pytest.raises(UserError, match='registered already'):
        repositories.add(store, SHOP._replace(name='Octo/SHOP'), 'mona', key)


def test_secret_and_token_rest_sealed_and_stay_until_they_are_changed(
    store: Store, shop: Repository, key: Path
) -> None:
    assert repositories.secret(store, shop.id, key) == 'hush'
    with store.reading() as sql:
        row = sql.execute('SELECT secret, token FROM repositories').fetchone()
    assert not any(word in bytes(value) for value in row for word in (b'hush', b'tok'))
    changed = repositories.change(store, shop.id, SHOP._replace(forks='never', token=''), key)
    assert (changed.forks, changed.signed, changed.known) == ('never', True, False)
    assert repositories.secret(store, shop.id, key) == 'hush'
    assert repositories.token(store, shop.id, key) == ''


@pytest.mark.parametrize(
    'moved',
    [
        {'url': 'https://evil.example/octo/shop.git'},
        {'web': 'https://evil.example/octo/shop'},
        {'url': 'git@evil.example:octo/shop.git'},
        {'url': 'http://github.com/octo/shop.git'},
    ],
)
def test_a_token_goes_to_no_other_place_than_it_was_given_for(
    store: Store, shop: Repository, key: Path, moved: dict[str, str]
) -> None:
    was = SHOP._replace(url='https://github.com/octo/shop.git', token='tok')
    repositories.change(store, shop.id, was, key)
    with pytest.raises(UserError, match=r'is for https://github\.com'):
        repositories.change(store, shop.id, was._replace(token=None, **moved), key)
    assert repositories.token(store, shop.id, key) == 'tok'
    assert repositories.change(store, shop.id, was._replace(token='new', **moved), key).known
    repositories.change(store, shop.id, was, key)
    other = was._replace(token=None, url='https://github.com/octo/other.git', forks='never')
    assert repositories.change(store, shop.id, other, key).known


def test_a_secret_that_was_moved_to_another_repository_cannot_be_opened(
    store: Store, shop: Repository, key: Path
) -> None:
    other = repositories.add(store, SHOP._replace(name='octo/other', secret='x'), 'mona', key)
    with store.transaction() as sql:
        sql.execute(
            'UPDATE repositories SET secret = (SELECT secret FROM repositories WHERE id = ?)'
            ' WHERE id = ?',
            (shop.id, other.id),
        )
    with pytest.raises(UserError, match='cannot be decrypted'):
        repositories.secret(store, other.id, key)


def test_the_name_stays(store: Store, shop: Repository, key: Path) -> None:
    with pytest.raises(UserError, match='keeps its name'):
        repositories.change(store, shop.id, SHOP._replace(name='octo/other'), key)


@pytest.mark.parametrize(
    'url',
    ['ext::sh -c id', '--upload-pack=id', 'relative/path', 'https://u:p@x/y', 'https://u@x/y', ''],
)
def test_git_is_not_told_to_fetch_this(store: Store, key: Path, url: str) -> None:
    with pytest.raises(UserError):
        repositories.add(store, SHOP._replace(url=url), 'mona', key)


@pytest.mark.parametrize(
    'url', ['/srv/git/shop.git', 'git@x:octo/shop.git', 'ssh://git@x/shop.git', 'http://x/y']
)
def test_git_may_fetch_this(url: str) -> None:
    assert repositories.checked_url(url) == url


def test_with_a_repository_goes_what_was_sent_for_it(
    store: Store, shop: Repository, key: Path
) -> None:
    hooks.receive(store, sent(shop))
    row = intakes.begin(store, drafted(shop))
    intakes.decide(store, row.id, [Decision('ci.yml', 'CI', 'started', '')])
    repositories.remove(store, shop.id)
    assert (repositories.listed(store), hooks.listed(store), intakes.left(store)) == ([], [], [])
    assert intakes.decisions(store, row.id) == []


# --- what forges have sent


def sent(of: Repository, delivery: str = 'd1', body: str = '{"a": 1}') -> Sent:
    return Sent(of.id, delivery, 'push', {'x-event': 'push'}, body, '127.0.0.1')


def test_a_delivery_is_taken_once(store: Store, shop: Repository) -> None:
    first, new = hooks.receive(store, sent(shop))
    assert (new, first.status) == (True, 'waiting')
    assert hooks.receive(store, sent(shop)) == (first, False)
    assert hooks.waiting(store) == [shop.id]
    assert hooks.next_of(store, shop.id) == first
    hooks.end(store, first.id, 'done', '1 run')
    assert hooks.receive(store, sent(shop))[1] is False
    assert hooks.waiting(store) == []
    assert hooks.next_of(store, shop.id) is None
    assert hooks.content(store, first.id) == ({'x-event': 'push'}, '{"a": 1}')


def test_one_that_failed_is_waited_for_again(store: Store, shop: Repository) -> None:
    first, _ = hooks.receive(store, sent(shop))
    hooks.end(store, first.id, 'failed', 'git cannot fetch')
    again, new = hooks.receive(store, sent(shop))
    assert (again.id, again.status, new) == (first.id, 'waiting', True)


def test_the_same_id_of_two_repositories_is_two_deliveries(
    store: Store, shop: Repository, key: Path
) -> None:
    other = repositories.add(store, SHOP._replace(name='octo/other'), 'mona', key)
    assert hooks.receive(store, sent(shop))[1]
    assert hooks.receive(store, sent(other))[1]


def test_what_was_refused_shuts_nobody_out_and_does_not_pile_up(
    store: Store, shop: Repository
) -> None:
    for _ in range(hooks.KEPT_REFUSALS + 5):
        hooks.refuse(store, sent(shop, body=''), 'its signature is wrong')
    assert hooks.receive(store, sent(shop))[1]
    assert len(hooks.listed(store, status='refused', limit=100)) == hooks.KEPT_REFUSALS


def test_a_replay_is_a_delivery_of_its_own(store: Store, shop: Repository) -> None:
    first, _ = hooks.receive(store, sent(shop))
    again = hooks.replay(store, first.id)
    assert (again.replays, again.status, again.delivery) == (first.id, 'waiting', 'd1')
    assert hooks.content(store, again.id) == hooks.content(store, first.id)
    hooks.refuse(store, sent(shop, 'd2', ''), 'no')
    with pytest.raises(UserError, match='cannot be replayed'):
        hooks.replay(store, hooks.listed(store)[0].id)


def test_lists_are_filtered_and_go_on(store: Store, shop: Repository) -> None:
    made = [hooks.receive(store, sent(shop, f'd{number}'))[0] for number in range(3)]
    hooks.end(store, made[0].id, 'done')
    assert [one.id for one in hooks.listed(store, limit=2)] == [made[2].id, made[1].id]
    assert [one.id for one in hooks.listed(store, before=made[1].id)] == [made[0].id]
    assert [one.id for one in hooks.listed(store, status='done')] == [made[0].id]
    assert hooks.listed(store, repository=shop.id + 1) == []


# --- what events came to


def drafted(of: Repository, delivery: str = 'hook:1:push') -> Draft:
    return Draft(of.id, delivery, 'push', 'refs/heads/main', 'mona', '{}')


def held(store: Store, of: Repository, delivery: str, head: str) -> Intake:
    row = intakes.begin(store, drafted(of, delivery))
    told = row._replace(head=head, number=7, author='mallory')
    intakes.found(store, row.id, told, '{"event": 1}')
    intakes.end(store, row.id, 'held', 'for the first time')
    return intakes.of(store, row.id)


def test_the_same_delivery_is_begun_once(store: Store, shop: Repository) -> None:
    first = intakes.begin(store, drafted(shop))
    assert intakes.begin(store, drafted(shop)) == first
    assert intakes.left(store) == [first]
    intakes.end(store, first.id, 'done')
    assert intakes.begin(store, drafted(shop)).status == 'done'
    assert (intakes.left(store), intakes.body(store, first.id)) == ([], '')


def test_one_that_has_failed_is_begun_again(store: Store, shop: Repository) -> None:
    first = intakes.begin(store, drafted(shop))
    intakes.end(store, first.id, 'failed', 'git cannot fetch')
    again = intakes.begin(store, drafted(shop))
    assert (again, intakes.body(store, first.id)) == (first, '{}')


def test_a_decision_is_written_anew_when_more_is_known(store: Store, shop: Repository) -> None:
    row = intakes.begin(store, drafted(shop))
    tried = (Tried('on', True, ''), Tried('paths', False, 'no changed file'))
    first = Decision('a.yml', 'A', 'skipped', 'no changed file', tried)
    intakes.decide(store, row.id, [first, Decision('b.yml', 'B', 'held', 'wait')])
    intakes.decide(store, row.id, [Decision('b.yml', 'B', 'started', '', run=5)])
    assert intakes.decisions(store, row.id) == [first, Decision('b.yml', 'B', 'started', '', run=5)]


def test_an_approval_is_good_for_one_head_of_one_pull_request(
    store: Store, shop: Repository
) -> None:
    first = held(store, shop, 'hook:1:pull_request', 'a' * 40)
    assert intakes.held(store) == [first]
    assert intakes.body(store, first.id) == '{"event": 1}'
    intakes.approve(store, first.id, 'mona')
    assert intakes.of(store, first.id).status == 'begun'
    assert intakes.approved(store, first) == 'mona'
    assert intakes.approved(store, first._replace(head='b' * 40)) == ''
    assert intakes.approved(store, first._replace(number=8)) == ''
    with pytest.raises(UserError, match='nobody waits'):
        intakes.approve(store, first.id, 'mona')


def test_another_head_takes_the_place_of_what_waits(store: Store, shop: Repository) -> None:
    first = held(store, shop, 'hook:1:pull_request', 'a' * 40)
    second = held(store, shop, 'hook:2:pull_request', 'b' * 40)
    intakes.supersede(store, second, 'another has come')
    assert intakes.held(store) == [second]
    assert intakes.of(store, first.id).said == 'another has come'


def test_an_author_is_known_in_one_repository_until_it_is_taken_back(
    store: Store, shop: Repository
) -> None:
    intakes.trust(store, shop.id, 'Mallory', 'mona')
    intakes.trust(store, shop.id, 'Mallory', 'max')
    assert [(one, by) for one, by, _ in intakes.trusted(store, shop.id)] == [('Mallory', 'mona')]
    assert intakes.trusted(store, shop.id + 1) == []
    intakes.distrust(store, shop.id, 'mallory')
    assert intakes.trusted(store, shop.id) == []


def test_what_came_is_found_by_commit_and_by_delivery(store: Store, shop: Repository) -> None:
    row = held(store, shop, 'hook:12:pull_request', 'ab' * 20)
    assert intakes.of_commit(store, shop.id, 'ABAB') == [row]
    assert intakes.of_commit(store, shop.id, 'ba') == []
    assert intakes.of_delivery(store, shop.id, 'hook:12:') == [row]
    assert intakes.of_delivery(store, shop.id, 'hook:1:') == []
    assert intakes.listed(store, shop.id) == [row]


# --- what made a run


def test_the_same_cause_makes_no_second_run(store: Store) -> None:
    draft = runs.Draft('octo/shop', 'ci.yml', 'CI', 't', 'push', 'r', 's', 'mona')
    caused = draft._replace(cause='intake:1:ci.yml')
    assert runs.caused(store, caused.cause) == 0
    first, stamped = runs.submit(store, caused, 'x', lambda run, number: f'{run}')
    assert runs.submit(store, caused, 'y', lambda run, number: f'{run}') == (first, stamped)
    assert runs.caused(store, caused.cause) == first
    assert intakes.behind(store, first) is None  # it is not there any more
    others = {runs.submit(store, draft, 'x', lambda run, number: f'{run}')[0] for _ in range(2)}
    assert len(others | {first}) == 3


def test_what_was_sent_goes_in_time_but_for_what_waits(store: Store, shop: Repository) -> None:
    done, _ = hooks.receive(store, sent(shop))
    hooks.end(store, done.id, 'done')
    waiting, _ = hooks.receive(store, sent(shop, 'd2'))
    over = intakes.begin(store, drafted(shop))
    intakes.decide(store, over.id, [Decision('ci.yml', 'CI', 'started', '')])
    intakes.end(store, over.id, 'done')
    asked = held(store, shop, 'hook:2:pull_request', 'a' * 40)
    tidy.tidy(store, time.time() + 20 * 86400)
    assert len(hooks.listed(store)) == 2
    tidy.tidy(store, time.time() + 100 * 86400)
    assert hooks.listed(store) == [waiting]
    assert intakes.listed(store, shop.id) == [asked]
    assert intakes.decisions(store, over.id) == []

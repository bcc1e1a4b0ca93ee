"""People with an account: how they get in, what they may, and how they are shut out."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from liftlock.server.patience import FREE
from serving import Answer, Person, Server, Site

GOOD, BETTER = 'otters swim at dawn', 'herons wait for dusk'
HTML = re.compile(r'/login/new/[\w-]+')
_addresses = (f'198.51.100.{number}' for number in itertools.count(1))


def visitor(site: Site) -> Person:
    """Somebody from an address of his own: whoever fails is waited for by address."""
    person = Person(site.server)
    person.forwarded = next(_addresses)
    return person


def invited(person: Person, link: str, password: str = GOOD, again: str = '') -> Answer:
    form = person.get(link)
    given = {'csrf': person.csrf(form), 'password': password, 'again': again or password}
    return person.post(link, given)


def enter(person: Person, name: str, password: str) -> Answer:
    form = person.get('/login')
    return person.post('/login', {'csrf': person.csrf(form), 'name': name, 'password': password})


@pytest.fixture
def member(site: Site, admin: Person) -> Callable[[str, str], Person]:
    """Somebody with an account, who is logged in."""

    def make(name: str, role: str) -> Person:
        admin.act('/users', '/users', name=name, role=role)
        link = HTML.search(admin.get(f'/users/{name}').text)
        assert link
        person = visitor(site)
        assert invited(person, link[0]).status == 303
        return person

    return make


def accounts(site: Site) -> Any:
    told = site.server.project.liftlock('user', 'list', '--json')
    return {one['name']: one for one in json.loads(told)}


def test_a_link_lets_somebody_set_a_password_once(site: Site, admin: Person) -> None:
    answer = admin.act('/users', '/users', name='mona', role='developer', email='m@example.org')
    page = admin.get(answer.headers['location'])
    link = HTML.search(page.text)
    assert link
    mona = visitor(site)
    assert 'Welcome, mona' in mona.get(link[0]).text
    for bad, why in (('short', 'shorter than'), ('monamonamona', 'holds the name')):
        answer = invited(mona, link[0], bad)
        assert answer.status == 422
        assert why in answer.text
    assert 'two passwords differ' in invited(mona, link[0], GOOD, BETTER).text
    assert invited(mona, link[0]).status == 303
    assert mona.get('/').status == 200
    assert visitor(site).get(link[0]).status == 404
    assert enter(visitor(site), 'Mona', GOOD).status == 303
    assert accounts(site)['mona']['password'] is True
    assert GOOD not in site.server.project.liftlock('audit', 'export', '--json')


def test_a_wrong_password_and_a_wrong_name_are_told_alike(
    site: Site, member: Callable[[str, str], Person]
) -> None:
    member('wanda', 'viewer')
    wrong = enter(visitor(site), 'wanda', BETTER)
    unknown = enter(visitor(site), 'nobody', BETTER)
    assert (wrong.status, unknown.status) == (403, 403)
    text = 'Name and password do not go together'
    assert text in wrong.text
    assert text in unknown.text


def test_whoever_logs_in_gets_a_new_session_and_loses_the_old_one(
    site: Site, member: Callable[[str, str], Person]
) -> None:
    rosa = member('rosa', 'viewer')
    before = dict(rosa.cookies)
    form = visitor(site)
    form.cookies = dict(before)
    guest = form.csrf(visitor(site).get('/login'))
    form.cookies['liftlock_guest'] = guest
    answer = form.post('/login', {'csrf': guest, 'name': 'rosa', 'password': GOOD})
    assert answer.status == 303
    assert form.cookies['liftlock_session'] != before['liftlock_session']
    rosa.cookies = before
    assert rosa.get('/').status == 303


def test_changing_the_password_ends_every_other_session(
    site: Site, member: Callable[[str, str], Person]
) -> None:
    nora = member('nora', 'viewer')
    other = visitor(site)
    assert enter(other, 'nora', GOOD).status == 303
    given = {'current': 'wrong', 'password': BETTER, 'again': BETTER}
    nora.act('/account', '/account/password', **given)
    assert 'not the present password' in nora.get('/account').text
    nora.act('/account', '/account/password', **{**given, 'current': GOOD})
    assert 'is changed' in nora.get('/account').text
    assert other.get('/').status == 303
    assert enter(visitor(site), 'nora', GOOD).status == 403
    assert enter(visitor(site), 'nora', BETTER).status == 303


def test_another_role_counts_at_once_and_nobody_changes_his_own(
    site: Site, admin: Person, member: Callable[[str, str], Person]
) -> None:
    ada = member('ada', 'admin')
    assert ada.get('/users').status == 200
    ada.act('/users/ada', '/users/ada/role', role='viewer', back='/users/ada')
    assert 'nobody does this to himself' in ada.get('/users/ada').text
    admin.act('/users/ada', '/users/ada/role', role='viewer')
    assert ada.get('/').status == 303
    assert enter(ada, 'ada', GOOD).status == 303
    assert ada.get('/users').status == 403
    assert ada.get('/users/mona').status == 403


def test_a_disabled_person_is_out_with_all_tokens(
    site: Site, admin: Person, member: Callable[[str, str], Person]
) -> None:
    dora = member('dora', 'developer')
    token = site.token_of('Dora', 'developer')
    assert site.api('GET', '/runs', None, token).status == 200
    admin.act('/users/dora', '/users/dora/disable')
    assert dora.get('/').status == 303
    assert site.api('GET', '/runs', None, token).status == 401
    assert enter(visitor(site), 'dora', GOOD).status == 403
    admin.act('/users/dora', '/users/dora/enable')
    assert enter(dora, 'dora', GOOD).status == 303


def test_sessions_are_listed_and_ended_but_only_ones_own(
    site: Site, admin: Person, member: Callable[[str, str], Person]
) -> None:
    tina, uma = member('tina', 'viewer'), member('uma', 'viewer')
    ends = re.compile(r'/sessions/[0-9a-f]+/end')
    assert 'this one' in tina.get('/account').text
    second = visitor(site)
    enter(second, 'tina', GOOD)
    end = ends.search(tina.get('/account').text)
    assert end
    uma.act('/account', end[0])
    assert second.get('/').status == 200
    tina.act('/account', end[0])
    assert second.get('/').status == 303
    end = ends.search(admin.get('/users/uma').text)
    assert end
    admin.act('/users/uma', end[0])
    assert uma.get('/').status == 303


def test_whoever_is_shut_out_hears_nothing_more(site: Site) -> None:
    token = site.token_of('lea', 'viewer')
    stream = site.server.events('/events?topic=all', token)
    try:
        assert stream.next()['event'] == 'changed'
        number = next(one['id'] for one in site.tokens() if one['person'] == 'lea')
        site.server.project.liftlock('token', 'revoke', str(number))
        assert stream.ends()
    finally:
        stream.close()


def test_grants_are_given_and_taken(
    site: Site, admin: Person, member: Callable[[str, str], Person]
) -> None:
    dave = member('dave', 'viewer')
    given = {'role': 'developer', 'where': 'octo/*'}
    refused = 'may not do this'
    dave.act('/runs/1', '/runs/1/rerun', job='nothing', back='/account')
    assert refused in dave.get('/account').text
    admin.act('/users/dave', '/users/dave/grant', **given)
    assert 'developer in octo/*' in dave.get('/account').text
    dave.act('/runs/1', '/runs/1/rerun', job='nothing', back='/account')
    assert refused not in dave.get('/account').text
    admin.act('/users/dave', '/users/dave/ungrant', **given)
    dave.act('/runs/1', '/runs/1/rerun', job='nothing', back='/account')
    assert refused in dave.get('/account').text
    liftlock = site.server.project.liftlock
    assert 'is no repository' in liftlock('user', 'grant', 'dave', 'deployer', 'production')
    assert 'now deployer of octo/shop:qa' in liftlock(
        'user', 'grant', 'dave', 'deployer', 'octo/shop:qa'
    )
    assert accounts(site)['dave']['grants'][0]['environment'] == 'qa'


def test_a_viewer_comes_to_no_page_of_people(
    site: Site, member: Callable[[str, str], Person]
) -> None:
    vic = member('vic', 'viewer')
    assert vic.get('/users').status == 403
    vic.act('/account', '/users', name='eve', role='admin', back='/account')
    vic.act('/account', '/users/vic/role', role='admin', back='/account')
    assert 'eve' not in accounts(site)
    assert accounts(site)['vic']['role'] == 'viewer'


def test_a_form_of_somebody_else_changes_nobody(site: Site, admin: Person) -> None:
    for path in ('/users', '/users/mona/role', '/account/password', '/sessions/0/end'):
        assert admin.post(path, {'csrf': 'guessed', 'role': 'admin', 'name': 'eve'}).status == 403
    assert 'eve' not in accounts(site)


def test_whoever_guesses_one_name_has_to_wait_from_wherever_he_comes(
    fresh: tuple[Server, str],
) -> None:
    server, _ = fresh
    link = server.project.liftlock('user', 'add', 'mona').splitlines()[0]
    assert invited(server.person(), link).status == 303
    for _ in range(FREE):
        assert enter(server.person(), 'mona', BETTER).status == 403
    assert enter(server.person(), 'mona', GOOD).status == 429


def test_the_audit_is_filtered_and_verified(site: Site, admin: Person) -> None:
    assert 'logged in' in admin.get('/audit?what=logged+in').text
    page = admin.get('/audit?who=nobody-at-all').text
    assert 'Nothing like that' in page
    assert 'entries are as they were written' in admin.get('/audit?verify=1').text
    liftlock = site.server.project.liftlock
    proof = liftlock('audit', 'verify').splitlines()[-1]
    assert 'as they were' in liftlock('audit', 'verify', '--since', proof)
    assert 'written anew' in liftlock('audit', 'verify', '--since', f'1:{"0" * 64}')


def test_a_token_that_was_made_is_shown_once_by_whichever_server(site: Site, admin: Person) -> None:
    made = admin.act('/tokens', '/tokens', person='robot', role='viewer', label='', days='')
    assert made.headers['location'] == '/tokens'
    assert not re.search(r'llt_\S+', ''.join(admin.cookies.values()))
    other = Server(site.server.project)
    try:
        there = Person(other)
        there.cookies = admin.cookies
        assert re.search(r'llt_[\w-]{20}', there.get('/tokens').text)
        assert not re.search(r'llt_[\w-]{20}', there.get('/tokens').text)
    finally:
        other.end()

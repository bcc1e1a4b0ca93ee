"""People who come by an OpenID provider, and those who pretend to."""

import http.client
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from provider import CLIENT, SECRET, Provider
from serving import Answer, Person, Project, Server

MONA = {
    'sub': 'u-1',
    'preferred_username': 'mona',
    'email': 'mona@example.org',
    'email_verified': True,
    'groups': ['devs'],
}
CONFIG = """
log-in:
  oidc:
    issuer: {issuer}
    client-id: {client}
    client-secret-file: {secret}
    label: Octo
    roles: {{devs: developer, admins: admin}}
    deployers: {{sre: ['octo/shop:production']}}
"""
_addresses = (f'198.51.100.{number}' for number in itertools.count(1))


class Scene(NamedTuple):
    server: Server
    provider: Provider
    token: str

    def visitor(self) -> Person:
        """Somebody from an address of his own: whoever fails is waited for by address."""
        person = Person(self.server)
        person.forwarded = next(_addresses)
        return person

    def go(self, person: Person, path: str = '/login/oidc') -> str:
        """Off to the provider; the address by which it sends the browser back."""
        answer = person.get(path)
        assert answer.status == 303, answer.text
        return self.ask_provider(answer.headers['location'])

    def ask_provider(self, address: str) -> str:
        where = urlsplit(address)
        connection = http.client.HTTPConnection(where.netloc, timeout=20)
        try:
            connection.request('GET', f'{where.path}?{where.query}')
            back = connection.getresponse().headers['location']
        finally:
            connection.close()
        found = urlsplit(back)
        return f'{found.path}?{found.query}'

    def come(self, person: Person) -> Answer:
        return person.get(self.go(person))

    def users(self) -> dict[str, dict[str, object]]:
        told = json.loads(self.server.project.liftlock('user', 'list', '--json'))
        return {one['name']: one for one in told}


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp('openid')
    provider, project = Provider(), Project(directory)
    try:
        write(directory, provider)
        server = Server(project, '--trusted-proxy', '127.0.0.0/8', '--log-format', 'json')
        try:
            token = re.search(r'llt_\S+', server.read(3))
            assert token
            yield Scene(server, provider, token[0])
        finally:
            server.end()
    finally:
        provider.close()


def write(directory: Path, provider: Provider) -> None:
    secret = directory / 'secret'
    secret.write_text(f'{SECRET}\n')
    home = directory / 'xdg_config_home' / 'liftlock'
    home.mkdir(parents=True)
    text = CONFIG.format(issuer=provider.issuer, client=CLIENT, secret=secret)
    (home / 'config.yml').write_text(text)


@pytest.fixture(autouse=True)
def honest(scene: Scene) -> None:
    scene.provider.claims = dict(MONA)
    scene.provider.told = {}
    scene.provider.sign = lambda provider, claims: provider.signed(claims)


def test_somebody_comes_by_the_provider_and_has_the_role_of_his_groups(scene: Scene) -> None:
    mona = scene.visitor()
    assert 'Log in with Octo' in mona.get('/login').text
    answer = mona.get(scene.go(mona, '/login/oidc?next=/runs'))
    assert (answer.status, answer.headers['location']) == (303, '/runs'), answer.text
    assert 'mona' in mona.get('/account').text
    assert scene.users()['mona']['role'] == 'developer'
    scene.provider.claims['groups'] = ['admins', 'sre']
    assert scene.come(mona).status == 303
    assert scene.users()['mona']['role'] == 'admin'
    assert 'deployer of octo/shop:production' in mona.get('/account').text
    scene.provider.claims['groups'] = ['devs']
    assert scene.come(scene.visitor()).status == 303
    assert mona.get('/').status == 303  # whose role has changed logs in again
    assert scene.users()['mona']['grants'] == []


def test_groups_are_asked_for_where_the_token_does_not_tell_them(scene: Scene) -> None:
    del scene.provider.claims['groups']
    scene.provider.told = {'sub': 'u-1', 'groups': ['devs']}
    assert scene.come(scene.visitor()).status == 303
    scene.provider.told = {'sub': 'u-2', 'groups': ['admins']}
    assert 'somebody else' in scene.come(scene.visitor()).text


def test_whoever_is_in_no_group_stays_out(scene: Scene) -> None:
    scene.provider.claims.update(sub='u-9', preferred_username='nobody', groups=['choir'])
    answer = scene.come(scene.visitor())
    assert answer.status == 403
    assert 'None of your groups' in answer.text
    assert 'nobody' not in scene.users()


def wrong_nonce(provider: Provider, claims: dict[str, object]) -> str:
    return provider.signed({**claims, 'nonce': 'another'})


def wrong_audience(provider: Provider, claims: dict[str, object]) -> str:
    return provider.signed({**claims, 'aud': 'another'})


def wrong_issuer(provider: Provider, claims: dict[str, object]) -> str:
    return provider.signed({**claims, 'iss': 'https://evil.example'})


def expired(provider: Provider, claims: dict[str, object]) -> str:
    return provider.signed({**claims, 'exp': 1_000_000_000})


def not_signed(provider: Provider, claims: dict[str, object]) -> str:
    return jwt.encode(claims, None, 'none', {'kid': provider.key})  # type: ignore[arg-type]


def another_key(provider: Provider, claims: dict[str, object]) -> str:
    other = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, other, 'RS256', {'kid': provider.key})


@pytest.mark.parametrize(
    'sign', [wrong_nonce, wrong_audience, wrong_issuer, expired, not_signed, another_key]
)
def test_a_token_that_proves_nothing_lets_nobody_in(scene: Scene, sign: object) -> None:
    scene.provider.sign = sign  # type: ignore[assignment]
    eve = scene.visitor()
    answer = scene.come(eve)
    assert answer.status == 403, answer.headers
    assert eve.get('/').status == 303


def test_a_way_back_is_good_once_and_for_the_browser_that_went(scene: Scene) -> None:
    mona, eve = scene.visitor(), scene.visitor()
    back = scene.go(mona)
    scene.go(eve)
    assert 'another browser' in eve.get(back).text
    assert mona.get(back).status == 303
    assert mona.get(back).status == 403  # it was used up
    mona.get('/logout')
    assert scene.visitor().get(back).status == 403
    code = parse_qs(urlsplit(back).query)['code'][0]
    begun = parse_qs(urlsplit(scene.go(eve)).query)
    replayed = f'/login/oidc/back?code={code}&state={begun["state"][0]}'
    assert 'invalid_grant' in eve.get(replayed).text


def test_another_server_of_the_same_store_lets_in_whom_one_has_sent_off(scene: Scene) -> None:
    """As behind a balancer, or when the server was restarted in between."""
    mona = scene.visitor()
    back = scene.go(mona)
    other = Server(scene.server.project, '--url', scene.server.address)
    try:
        there = Person(other)
        there.cookies = mona.cookies
        answer = there.get(back)
        assert answer.status == 303, answer.text
        assert 'mona' in mona.get('/account').text
    finally:
        other.end()


@pytest.mark.parametrize(
    'change',
    [('state=', 'state=x'), ('iss=', 'iss=https%3A%2F%2Fevil.example&was='), ('code=', 'error=')],
)
def test_an_answer_that_was_mixed_up_lets_nobody_in(scene: Scene, change: tuple[str, str]) -> None:
    eve = scene.visitor()
    answer = eve.get(scene.go(eve).replace(*change))
    assert answer.status == 403
    assert eve.get('/').status == 303


def test_keys_that_are_new_are_fetched_but_not_at_everybodys_wish(scene: Scene) -> None:
    scene.come(scene.visitor())
    scene.provider.add_key('ES256')
    looks = scene.provider.asked.count('/jwks')
    answers = [scene.come(scene.visitor()).status for _ in range(3)]
    # Within half a minute of the last look nobody makes it look again.
    assert answers == [403, 403, 403]
    assert scene.provider.asked.count('/jwks') == looks
    scene.provider.key = next(iter(scene.provider.keys))


def test_a_name_alone_makes_nobody_its_person_but_a_verified_address_does(scene: Scene) -> None:
    project = scene.server.project
    project.liftlock('user', 'add', 'vera', '--role', 'viewer', '--email', 'Vera@example.org')
    project.liftlock('token', 'create', 'otto')
    scene.provider.claims.update(sub='u-3', preferred_username='otto', email='x@example.org')
    assert 'known in another way' in scene.come(scene.visitor()).text
    scene.provider.claims.update(preferred_username='vera')
    assert 'known in another way' in scene.come(scene.visitor()).text
    scene.provider.claims.update(email='vera@example.org', email_verified=False)
    assert 'known in another way' in scene.come(scene.visitor()).text
    scene.provider.claims.update(email_verified=True)
    assert scene.come(scene.visitor()).status == 303
    assert scene.users()['vera']['subject'] == 'u-3'


def test_whoever_is_disabled_stays_out(scene: Scene) -> None:
    mona = scene.visitor()
    assert scene.come(mona).status == 303
    scene.server.project.liftlock('user', 'disable', 'mona')
    try:
        assert mona.get('/').status == 303
        assert 'disabled' in scene.come(scene.visitor()).text
    finally:
        scene.server.project.liftlock('user', 'disable', '--undo', 'mona')


def test_every_way_in_is_on_record(scene: Scene) -> None:
    told = scene.server.project.liftlock('audit', 'export')
    assert re.search(
        r'mona  account made, mona, by OpenID, developer, from 198\.51\.100\.\d+', told
    )
    assert re.search(r'log-in refused, by OpenID, the token .* from 198\.51\.100', told)
    assert 'All ' in scene.server.project.liftlock('audit', 'verify')

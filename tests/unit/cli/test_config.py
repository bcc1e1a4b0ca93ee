import pytest

from liftlock.cli import config
from liftlock.errors import UserError
from liftlock.runner.forge import Forge


def test_labels_are_known_by_their_lower_case_names() -> None:
    found = config.parse('labels: {GPU: host}\nactions: {actions/*: ~/mirrors}', 'c.yml')
    assert found.labels == {'gpu': 'host'}
    assert found.actions == (('actions/*', '~/mirrors'),)


def test_an_empty_file_changes_nothing() -> None:
    assert config.parse('', 'c.yml') == config.Config()


def test_a_forge_is_a_kind_or_a_mapping() -> None:
    text = 'forges: {Git.example.org: gitea, code.example: {kind: gitlab, url: "http://code:81"}}'
    found = config.parse(text, 'c.yml').forges
    assert found == {
        'git.example.org': Forge(
            'gitea', 'https://git.example.org', 'https://git.example.org/api/v1'
        ),
        'code.example': Forge('gitlab', 'http://code:81', 'http://code:81/api/v4'),
    }


def test_an_issuer_is_an_https_address() -> None:
    assert config.parse('oidc-issuer: https://ci.example.org/x', 'c.yml').oidc_issuer == (
        'https://ci.example.org/x'
    )
    assert config.parse('tool-cache: /x', 'c.yml').oidc_issuer == ''


def test_a_team_is_its_people_and_one_needs_no_list() -> None:
    found = config.parse('teams: {ops: [alice, bob], leads: carol}\nkey-file: /k', 'c.yml')
    assert found.teams == {'ops': ('alice', 'bob'), 'leads': ('carol',)}
    assert found.key_file == '/k'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('label: {}', 'c.yml: unknown key "label"'),
        ('labels: {gpu: cloud}', 'label "gpu" asks for the place "cloud"'),
        ('labels: {gpu: docker}', 'label "gpu" asks for the place "docker"'),
        ('labels: [gpu]', 'c.yml: labels must be a mapping'),
        ('actions: {a/b: 1}', 'c.yml: actions: "a/b: 1" must be two texts'),
        ('- a', 'c.yml must hold a mapping'),
        ('forges: [github.com]', 'c.yml: forges must be a mapping of hosts'),
        ('forges: {x: svn}', 'c.yml: forges: x is of the unknown kind "svn"'),
        ('forges: {x: {kind: gitea, token: t}}', 'x must be a kind, or have the keys kind, url'),
        ('forges: {x: {kind: gitea, url: x/y}}', 'url of x must begin with https://'),
        ('oidc-issuer: http://x', 'oidc-issuer must be an https address, not "http://x"'),
        ('oidc-issuer: "https://x/?a"', 'oidc-issuer must be an https address'),
        ('teams: [ops]', 'c.yml: teams must be a mapping of teams to people'),
        ('teams: {ops: 1}', 'c.yml: teams: ops must be a list of people'),
        ('a: [', 'c.yml is no YAML'),
    ],
)
def test_a_mistake_says_where_it_is(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        config.parse(text, 'c.yml')
    assert message in str(caught.value)

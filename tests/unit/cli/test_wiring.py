from pathlib import Path

import pytest

from liftlock.cli import wiring
from liftlock.errors import UserError


def test_a_step_finds_the_network_and_no_credential() -> None:
    env = {
        'PATH': '/bin',
        'HTTPS_PROXY': 'http://proxy:3128',
        'SSL_CERT_FILE': '/ca.pem',
        'PIP_INDEX_URL': 'https://me:hush@packages.example.org/simple',
        'NPM_CONFIG_REGISTRY': 'https://packages.example.org',
        'AWS_SECRET_ACCESS_KEY': 'hush',
        'GITHUB_TOKEN': 'hush',
        'HOME': '/home/me',
        'TERM': 'xterm',
    }
    assert wiring.host_env(env, user=1000) == {
        'PATH': '/bin',
        'HTTPS_PROXY': 'http://proxy:3128',
        'SSL_CERT_FILE': '/ca.pem',
        'NPM_CONFIG_REGISTRY': 'https://packages.example.org',
        'LANG': 'C.UTF-8',
    }


def test_the_locale_of_the_user_is_kept() -> None:
    found = wiring.host_env({'LC_ALL': 'de_DE.UTF-8'}, user=1000)
    assert found == {'LC_ALL': 'de_DE.UTF-8', 'PATH': wiring.PATH}


def test_root_gets_a_sudo_where_there_is_none() -> None:
    found = wiring.host_env({'PATH': '/nowhere:/bin'}, user=0)
    assert found['PATH'] in ('/nowhere:/bin', f'/nowhere:/bin:{wiring.ROOT}')
    assert wiring.host_env({'PATH': '/nowhere'}, user=0)['PATH'] == f'/nowhere:{wiring.ROOT}'
    assert wiring.host_env({'PATH': '/nowhere'}, user=1000)['PATH'] == '/nowhere'


def test_the_tool_cache_is_where_the_settings_or_the_machine_say() -> None:
    where = wiring.Place(Path('/s'), Path('/c'), wiring.Config())
    assert wiring.tool_cache(where, {}) == Path('/c/toolcache')
    assert wiring.tool_cache(where, {'RUNNER_TOOL_CACHE': '/opt/t'}) == Path('/opt/t')
    own = where._replace(config=wiring.Config(tool_cache='/mine'))
    assert wiring.tool_cache(own, {'RUNNER_TOOL_CACHE': '/opt/t'}) == Path('/mine')
    with pytest.raises(UserError, match='absolute'):
        wiring.tool_cache(where._replace(config=wiring.Config(tool_cache='here')), {})

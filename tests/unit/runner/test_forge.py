import pytest

from liftlock.runner.forge import GITHUB, Home, locate, make

OWN = make('git.example.org', 'gitea')
BELOW = make('example.org', 'gitlab', 'https://example.org/code/')
KNOWN = {'git.example.org': OWN, 'example.org': BELOW, 'localhost:3000': make('x', 'forgejo')}


@pytest.mark.parametrize(
    ('remote', 'home'),
    [
        ('https://github.com/acme/shop.git', Home('github.com', 'acme/shop', GITHUB)),
        ('git@github.com:acme/shop.git', Home('github.com', 'acme/shop', GITHUB)),
        ('https://me:pass@git.example.org/acme/shop/', Home('git.example.org', 'acme/shop', OWN)),
        ('ssh://git@git.example.org:2222/acme/shop.git',
         Home('git.example.org:2222', 'acme/shop', OWN)),
        ('https://example.org/code/group/sub/shop', Home('example.org', 'group/sub/shop', BELOW)),
        ('http://localhost:3000/a/b', Home('localhost:3000', 'a/b', KNOWN['localhost:3000'])),
        ('https://elsewhere.example/acme/shop', Home('elsewhere.example', 'acme/shop')),
        ('/srv/git/shop.git', Home()),
        ('../shop', Home()),
        ('file:///srv/git/shop.git', Home()),
        ('', Home()),
    ],
)  # fmt: skip
def test_a_remote_tells_where_the_repository_lives(remote: str, home: Home) -> None:
    assert locate(remote, KNOWN) == home


def test_every_kind_has_its_own_address() -> None:
    assert OWN.api == 'https://git.example.org/api/v1'
    assert BELOW.api == 'https://example.org/code/api/v4'
    assert make('ghe.example', 'github').api == 'https://ghe.example/api/v3'
    assert make('x', 'gitea', 'http://x:3000', 'http://x:3001/api/').api == 'http://x:3001/api'
    assert make('github.com', 'github') == GITHUB

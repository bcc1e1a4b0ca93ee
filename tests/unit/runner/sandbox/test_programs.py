import pytest

from liftlock.runner.sandbox.programs import installation

HOME = '/home/me'


@pytest.mark.parametrize(
    ('folder', 'expected'),
    [
        ('/opt/node/bin', '/opt/node'),
        ('/opt/hostedtoolcache/Python/3.12.4/x64/bin', '/opt/hostedtoolcache/Python/3.12.4/x64'),
        ('/home/me/.nvm/versions/node/v20.1.0/bin', '/home/me/.nvm'),
        ('/home/me/.pyenv/shims', '/home/me/.pyenv'),
        ('/home/me/.local/share/pipx/venvs/x/bin', '/home/me/.local/share/pipx/venvs/x'),
        ('/srv/tools', '/srv/tools'),
    ],
)
def test_a_program_needs_what_lies_beside_its_directory(folder: str, expected: str) -> None:
    assert installation(folder, HOME) == expected


@pytest.mark.parametrize(
    'folder',
    [
        '/opt/bin',
        '/home/me/bin',
        '/home/bin',
        '/home/me/.cargo/bin',  # beside it is the password for crates.io
        '/home/me/.local/bin',
        '/home/me/go/bin',
    ],
)
def test_no_home_and_no_place_of_passwords_is_shown_for_its_programs(folder: str) -> None:
    assert installation(folder, HOME) == folder

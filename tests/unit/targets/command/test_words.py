import pytest

from liftlock.rollout.version import Version
from liftlock.targets.command import words

COMMIT = '0123456789' * 4
VERSION = Version('v1.2.0', commit=COMMIT, image='shop@sha256:1')


def test_the_environment_is_ours_then_theirs_in_this_order() -> None:
    base = {'PATH': '/bin', 'HOME': '/root', 'AWS_SECRET_ACCESS_KEY': 'x', 'LIFTLOCK_KEY': 'y'}
    env = {'HOME': '/srv', 'VERSION': 'mine'}
    assert words.environment(base, env, 'production', 'r7', VERSION, 'v1.1.0') == {
        'PATH': '/bin',
        'HOME': '/srv',
        'VERSION': 'v1.2.0',
        'COMMIT': COMMIT,
        'IMAGE': 'shop@sha256:1',
        'REVISION': 'r7',
        'ENVIRONMENT': 'production',
        'PREVIOUS_VERSION': 'v1.1.0',
    }


def test_a_command_ends_at_its_first_failure() -> None:
    assert words.line('/bin/bash', 'a\nb') == ('/bin/bash', '-e', '-c', 'a\nb')


@pytest.mark.parametrize(
    ('told', 'meant'),
    [
        ('v1.2.0\n', True),
        ('checking …\n\n  v1.2.0  \n\n', True),
        (COMMIT, True),
        ('0123456', True),
        ('012345', False),  # too short to mean anything
        ('shop@sha256:1', True),
        ('v1.2', False),
        ('v1.2.0-rc1', False),
        ('', False),
    ],
)
def test_what_status_prints_means_a_version(told: str, meant: bool) -> None:
    assert words.names(told, VERSION) is meant


def test_a_version_without_a_commit_is_not_everything() -> None:
    assert not words.names('', Version('v1'))
    assert not words.names('0123456', Version('v1'))

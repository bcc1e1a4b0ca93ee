import pytest

from liftlock.runner import names


@pytest.mark.parametrize(
    ('script', 'name'),
    [
        ('echo hi', 'Run echo hi'),
        ('\n\n  first\nsecond', 'Run first'),
        ('  ', 'run'),
    ],
)
def test_a_script_is_called_by_its_first_line(script: str, name: str) -> None:
    assert names.of_script(script) == name


def test_actions_and_their_stages() -> None:
    assert names.of_action('actions/checkout@v4') == 'Run actions/checkout@v4'
    assert names.of_action('docker://alpine:3') == 'Run alpine:3'
    assert names.of_stage('pre', 'Run x') == 'Pre Run x'
    assert names.of_stage('main', 'Run x') == 'Run x'
    assert names.of_stage('post', 'Run x') == 'Post Run x'

import pytest

from liftlock.runner.docker.variables import hand_over, rename


def test_values_do_not_stand_in_the_arguments() -> None:
    handed = hand_over({'TOKEN': 'secret\nof two lines', 'EMPTY': ''})
    assert handed.words == ('-e', 'TOKEN', '-e', 'EMPTY')
    assert handed.env['TOKEN'] == 'secret\nof two lines'
    assert handed.env['EMPTY'] == ''


def test_the_command_line_keeps_what_it_reads_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOME', '/home/ada')
    monkeypatch.delenv('DOCKER_HOST', raising=False)
    handed = hand_over({'HOME': '/github/home', 'DOCKER_HOST': 'tcp://dind:2375', 'LD_X': 'y'})
    assert handed.words == (
        '-e', 'HOME=/github/home', '-e', 'DOCKER_HOST=tcp://dind:2375', '-e', 'LD_X=y',
    )  # fmt: skip
    assert handed.env['HOME'] == '/home/ada'
    assert 'DOCKER_HOST' not in handed.env


@pytest.mark.parametrize('name', ['GOOGLE_API_KEY', 'DOCKER_PASSWORD', 'XDG', 'PATHS'])
def test_names_that_only_begin_alike_are_no_exception(name: str) -> None:
    assert hand_over({name: 'x'}).words == ('-e', name)


def test_names_that_a_shell_forgets_are_others_on_the_way() -> None:
    named, aliases = rename({'INPUT_GITHUB-TOKEN': 'x', 'PLAIN': 'y'})
    assert named == {aliases['INPUT_GITHUB-TOKEN']: 'x', 'PLAIN': 'y'}

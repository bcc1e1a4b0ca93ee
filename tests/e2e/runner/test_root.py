"""The sudo that stands in where there is none."""

import os
import subprocess

import pytest

from liftlock.cli.wiring import ROOT


def sudo(*words: str) -> str:
    told = subprocess.run((ROOT / 'sudo', *words), capture_output=True, text=True, check=True)
    return told.stdout.strip()


@pytest.mark.parametrize(
    'options',
    [(), ('-E',), ('-n', '-H'), ('-u', 'root'), ('-nu', 'root'), ('--user=root', '--'),
     ('--preserve-env=PATH',), ('-g', 'adm')],
)  # fmt: skip
def test_options_are_passed_over_and_the_command_runs(options: tuple[str, ...]) -> None:
    assert sudo(*options, 'echo', '-n', 'a  b') == 'a  b'


def test_variables_before_the_command_are_set() -> None:
    assert sudo('-E', 'A=1 2', 'sh', '-c', 'echo "$A" B=3') == '1 2 B=3'


def test_questions_about_sudo_itself_end_well() -> None:
    assert sudo('-v') == ''
    assert sudo('--version') == ''


def test_the_status_is_that_of_the_command() -> None:
    assert subprocess.run((ROOT / 'sudo', '-n', 'sh', '-c', 'exit 7'), check=False).returncode == 7


@pytest.mark.skipif(os.geteuid() != 0, reason='only root may become somebody else')
def test_another_user_is_become() -> None:
    assert sudo('-u', 'nobody', 'id', '-un') == 'nobody'

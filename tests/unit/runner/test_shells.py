import pytest

from liftlock.runner.shells import BadShell, choose, command, fix_up


def which(program: str) -> str | None:
    return None if program == 'missing' else f'/usr/bin/{program}'


@pytest.mark.parametrize(
    ('option', 'words', 'extension'),
    [
        ('', ['/usr/bin/bash', '-e', 'S'], '.sh'),
        ('bash', ['/usr/bin/bash', '--noprofile', '--norc', '-e', '-o', 'pipefail', 'S'], '.sh'),
        ('BASH', ['/usr/bin/bash', '--noprofile', '--norc', '-e', '-o', 'pipefail', 'S'], '.sh'),
        ('sh', ['/usr/bin/sh', '-e', 'S'], '.sh'),
        ('python', ['/usr/bin/python', 'S'], '.py'),
        ('pwsh', ['/usr/bin/pwsh', '-command', ". 'S'"], '.ps1'),
        ('bash -l {0}', ['/usr/bin/bash', '-l', 'S'], '.sh'),
        ('perl {0}', ['/usr/bin/perl', 'S'], ''),
        ('env A="1 2" sh {0}', ['/usr/bin/env', 'A=1 2', 'sh', 'S'], ''),
        ('prog "" \\"q\\" {0}.x', ['/usr/bin/prog', '', '"q"', 'S.x'], ''),
    ],
)
def test_command_lines(option: str, words: list[str], extension: str) -> None:
    shell = choose(option, which)
    assert (list(command(shell, 'S')), shell.extension) == (words, extension)


def test_a_script_whose_path_has_blanks_stays_one_word() -> None:
    assert command(choose('', which), '/a b/s.sh')[-1] == '/a b/s.sh'


def test_without_bash_it_is_sh() -> None:
    shell = choose('', lambda program: '/bin/sh' if program == 'sh' else None)
    assert command(shell, 'S') == ('/bin/sh', '-e', 'S')


@pytest.mark.parametrize('option', ['bash -x', 'perl', 'fish'])
def test_neither_built_in_nor_a_format(option: str) -> None:
    with pytest.raises(BadShell, match=r"or a format string containing '\{0\}'"):
        choose(option, which)


def test_a_shell_that_is_not_installed() -> None:
    with pytest.raises(BadShell, match='missing: command not found'):
        choose('missing {0}', which)


def test_the_log_names_the_shell() -> None:
    assert choose('', which).shown == '/usr/bin/bash -e {0}'
    assert choose('python', which).shown == '/usr/bin/python {0}'


@pytest.mark.parametrize(
    ('extension', 'written'),
    [
        ('.sh', 'a\nb'),
        ('.cmd', '@echo off\na\nb'),
        (
            '.ps1',
            "$ErrorActionPreference = 'stop'\na\nb\n"
            'if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }',
        ),
    ],
)
def test_what_is_put_around_a_script(extension: str, written: str) -> None:
    assert fix_up('a\r\nb', extension) == written

"""The command as it is started by a shell."""

import subprocess
import sys

SHOW_MODULES = """
import sys
from liftlock.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print('MODULES', *sys.modules, file=sys.stderr)
"""


def test_help_imports_no_command() -> None:
    ended = subprocess.run(
        [sys.executable, '-c', SHOW_MODULES, '--help'], capture_output=True, text=True, check=True
    )
    modules = ended.stderr.split()
    heavy = {'asyncio', 'yaml', 'sqlite3', 'rich', 'logging', 'subprocess', 'liftlock.cli.run'}
    assert not heavy & set(modules)


def test_python_m_liftlock_is_liftlock() -> None:
    ended = subprocess.run(
        [sys.executable, '-m', 'liftlock', '--version'], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith('liftlock ')


def test_a_reader_that_goes_away_is_no_error() -> None:
    ended = subprocess.run(
        ['bash', '-c', f'{sys.executable} -m liftlock --help | true; echo ${{PIPESTATUS[0]}}'],
        capture_output=True,
        text=True,
    )
    assert ended.stdout.strip() in ('0', '1')  # it may have written all before `true` ended
    assert ended.stderr == ''

"""`liftlock secret` and `liftlock variable`, and what runs find of what they keep."""

import json
import os
import pty
import stat
import subprocess
from pathlib import Path

from .conftest import LIFTLOCK, Ended, Project

PEM = '-----BEGIN KEY-----\nabc def\n-----END KEY-----\n'


def fed(project: Project, text: str, *words: str, **env: str) -> Ended:
    """With this on the standard input."""
    done = subprocess.run(
        (*LIFTLOCK, *words),
        cwd=project.directory,
        env={**os.environ, **project.homes, **env},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def stored(project: Project, name: str, value: str, *words: str) -> None:
    ended = fed(project, value, 'secret', 'set', name, *words)
    assert ended.status == 0, ended.err


def test_a_secret_is_set_listed_and_removed(project: Project) -> None:
    stored(project, 'token', 'hunter2\n')
    (told,) = json.loads(project.liftlock('secret', 'list', '--json').out)
    assert (told['name'], told['environment']) == ('TOKEN', '')
    ended = project.liftlock('secret', 'list')
    assert ended.out.split()[0] == 'TOKEN'
    assert 'hunter2' not in ended.out
    assert project.liftlock('secret', 'remove', 'Token').status == 0
    assert json.loads(project.liftlock('secret', 'list', '--json').out) == []
    history = json.loads(project.liftlock('secret', 'list', '--history', '--json').out)
    assert [(one['fact'], one['name']) for one in history] == [
        ('set', 'TOKEN'),
        ('removed', 'TOKEN'),
    ]
    assert all(one['by'] for one in history)
    exported = project.liftlock('audit', 'export', '--json').out
    record = [json.loads(line) for line in exported.splitlines()]
    assert [(one['what'], one['detail']) for one in record] == [
        ('secret set', 'TOKEN'),
        ('secret removed', 'TOKEN'),
    ]


def test_who_set_it_is_who_git_says(project: Project) -> None:
    project.git('config', 'github.user', 'octocat')
    stored(project, 'A', 'x')
    (told,) = json.loads(project.liftlock('secret', 'list', '--json').out)
    assert told['by'] == 'octocat'


def test_a_value_on_the_command_line_is_refused(project: Project) -> None:
    assert project.liftlock('secret', 'set', 'TOKEN', 'hunter2').status == 2


def test_a_person_is_asked_and_the_answer_is_not_shown(project: Project) -> None:
    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        (*LIFTLOCK, 'secret', 'set', 'A'),
        cwd=project.directory,
        env={**os.environ, **project.homes},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)  # so that reading fails, and does not wait, once the process has ended
    try:
        shown = b''
        for _ in range(2):
            while not shown.rstrip(b' ').endswith(b':'):
                shown += os.read(ours, 1024)
            os.write(ours, b'hunter2\n')
            shown += b'\n'
        while b'is stored' not in shown:
            shown += os.read(ours, 1024)
        assert asking.wait(30) == 0
    finally:
        os.close(ours)
    assert b'hunter2' not in shown


def test_files_are_taken_as_they_are_and_what_is_no_text_is_refused(project: Project) -> None:
    project.write('key.pem', PEM)
    stored(project, 'KEY', '', '--from-file', 'key.pem')
    (project.directory / 'picture').write_bytes(b'\x89PNG\xff\xfe')
    ended = project.liftlock('secret', 'set', 'P', '--from-file', 'picture')
    assert (ended.status, 'no UTF-8 text' in ended.err) == (2, True)
    ended = project.liftlock('secret', 'set', 'P', '--from-file', 'nowhere')
    assert (ended.status, 'cannot be read' in ended.err) == (2, True)


def test_an_environment_that_nobody_knows_is_told(project: Project) -> None:
    project.write('liftlock.yml', 'environments: {production: {}}\n')
    ended = fed(project, 'x', 'secret', 'set', 'A', '--env', 'prodution')
    assert ended.status == 0
    assert 'liftlock.yml has no environment "prodution", but production' in ended.err
    assert fed(project, 'x', 'secret', 'set', 'A', '--env', 'Production').err == ''


def test_the_key_is_where_the_user_says(project: Project, tmp_path: Path) -> None:
    key = tmp_path / 'keys' / 'liftlock'
    fed(project, 'x', 'secret', 'set', 'A', LIFTLOCK_KEY_FILE=str(key))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    ended = project.liftlock('variable', 'list')
    assert ended.status == 0  # there is none, so no key is wanted
    ended = project.liftlock('variable', 'set', 'B', 'x')
    assert (ended.status, 'LIFTLOCK_KEY_FILE' in ended.err) == (2, True)
    config = Path(project.homes['XDG_CONFIG_HOME'], 'liftlock', 'config.yml')
    config.parent.mkdir(parents=True)
    config.write_text(f'key-file: {key}\n')
    assert project.liftlock('variable', 'set', 'B', 'x').status == 0


def test_variables_are_shown(project: Project) -> None:
    assert project.liftlock('variable', 'set', 'region', 'eu').status == 0
    assert project.liftlock('variable', 'set', 'REGION', 'us', '--env', 'production').status == 0
    assert fed(project, 'a\nb\n', 'variable', 'set', 'TWO').status == 0
    assert project.liftlock('variable', 'get', 'REGION').out == 'eu\n'
    assert project.liftlock('variable', 'get', 'REGION', '--env', 'production').out == 'us\n'
    assert project.liftlock('variable', 'get', 'TWO', '--env', 'production').out == 'a\nb\n'
    rows = json.loads(project.liftlock('variable', 'list', '--json').out)
    assert [(row['environment'], row['name'], row['value']) for row in rows] == [
        ('', 'REGION', 'eu'),
        ('', 'TWO', 'a\nb'),
        ('production', 'REGION', 'us'),
    ]
    ended = project.liftlock('variable', 'get', 'GONE')
    assert (ended.status, 'there are: REGION, TWO' in ended.err) == (2, True)


def test_another_repository_is_named(project: Project) -> None:
    assert fed(project, 'x', 'secret', 'set', 'A', '--repo', 'acme/shop').status == 0
    assert json.loads(project.liftlock('secret', 'list', '--json').out) == []
    told = project.liftlock('secret', 'list', '--repo', 'Acme/Shop', '--json').out
    assert len(json.loads(told)) == 1
    assert project.liftlock('secret', 'list', '--repo', 'shop').status == 2


def test_another_repository_that_nobody_knows_is_told(project: Project) -> None:
    unknown = fed(project, 'x', 'secret', 'set', 'A', '--repo', 'acme/shop')
    assert 'note: no repository "acme/shop" is known yet' in unknown.err
    added = project.liftlock('repository', 'add', 'acme/shop', '--url', '/srv/git/shop.git')
    assert added.status == 0
    assert fed(project, 'x', 'secret', 'set', 'A', '--repo', 'Acme/shop').err == ''
    misspelt = fed(project, 'x', 'variable', 'set', 'A', '--repo', 'acme/shpo')
    assert '(did you mean "acme/shop"?)' in misspelt.err

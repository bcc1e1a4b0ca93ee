"""Whose files are left when root has worked in a container for somebody who is not root."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import containers
from containers import IMAGE
from liftlock.runner.executors.host import DOCKER

SRC = Path(__file__).parents[3] / 'src'
NOBODY = 65534
WORKFLOW = f"""
on: push
jobs:
  inside:
    runs-on: ubuntu-latest
    container: {IMAGE}
    steps:
      - uses: actions/checkout@v4
      - run: |
          git status
          mkdir -p made/deep; echo text > made/deep/file; chmod -R go-rwx made; touch ~/x /__t/y
      - uses: actions/upload-artifact@v4
        with: {{name: made, path: made}}
      - uses: actions/download-artifact@v4
        with: {{name: made, path: made}}
      - run: cat made/deep/file
  action:
    runs-on: ubuntu-latest
    steps:
      - uses: docker://{IMAGE}
        with: {{entrypoint: sh, args: '-c "mkdir made && touch made/file && chmod 700 made"'}}
      - run: cat made/file
"""


@pytest.fixture
def plain_user() -> tuple[str, ...]:
    """The words that make a command a plain user's, who may start containers, and may read where
    our interpreter lies."""
    containers.docker()
    if os.getuid() != 0:
        return ()
    if shutil.which('setpriv') is None:
        containers.lack('to become a plain user for this test: apt install util-linux')
    group = Path(DOCKER).stat().st_gid
    return (
        'setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', f'--groups={group}',
        '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--',
    )  # fmt: skip


@pytest.fixture
def home() -> Iterator[Path]:
    """The user's own, in a place that everybody may enter: pytest's is for root."""
    with tempfile.TemporaryDirectory(prefix='liftlock-test-', ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)
        yield home


def test_nothing_is_left_that_a_plain_user_cannot_remove(
    home: Path, plain_user: tuple[str, ...]
) -> None:
    repository = home / 'repository'
    file = repository / '.github/workflows/ci.yml'
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW)
    env = {
        'PATH': os.environ['PATH'],
        'HOME': str(home),
        'PYTHONPATH': str(SRC),
        'PYTHONDONTWRITEBYTECODE': '1',
        'GIT_CONFIG_GLOBAL': '/dev/null',
    }
    subprocess.run(('git', 'init', '-q', repository), check=True, env=env)
    owner = os.getuid() or NOBODY
    if owner == NOBODY:
        for path in (home, *home.rglob('*')):
            os.chown(path, NOBODY, NOBODY)
    command = (*plain_user, sys.executable, '-m', 'liftlock', 'run')
    ran = subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert owners(home) == {owner}
    assert (home / '.cache/liftlock/toolcache/y').is_file()


def owners(folder: Path) -> set[int]:
    """Of everything in it; the directories of jobs are just being removed."""
    found = set()
    for here, names, files in os.walk(folder):
        for name in (*names, *files):
            with contextlib.suppress(FileNotFoundError):
                found.add(Path(here, name).lstat().st_uid)
    return found

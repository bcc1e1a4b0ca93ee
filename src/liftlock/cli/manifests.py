"""`liftlock import FILE…`: what manifests of Argo and Istio say, as environments of liftlock.yml.

What is read goes to the standard output, so that it can be put into a file; what was assumed, and
what is not supported, goes to the standard error, each with its place.
"""

import os.path
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from liftlock.cli import colour
from liftlock.cli.check import LARGEST, SETTINGS, repository
from liftlock.errors import USAGE, UserError
from liftlock.language import report, yaml
from liftlock.language.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from liftlock.language.manifests.draft import Tree
    from liftlock.language.manifests.environments import Imported

SUFFIXES: Final = ('.yaml', '.yml', '.json')


@click.command('import')
@click.argument('files', nargs=-1, required=True, metavar='FILE...')
@click.option('--environment', 'name', default='', metavar='NAME', help='Call the environment so.')
@click.option(
    '--prometheus',
    default='',
    metavar='URL',
    help='Measure built-in analyses there, by what Istio counts.',
)
@click.option('--write', is_flag=True, help='Add the environments to liftlock.yml.')
def command(files: tuple[str, ...], name: str, prometheus: str, write: bool) -> int:
    """Read manifests of Argo Rollouts, Argo CD and Istio as environments of liftlock.yml.

    FILE is a manifest or a directory with some: Rollout, AnalysisTemplate, Application,
    VirtualService. Services and DestinationRules beside them say what belongs together.
    """
    from liftlock.language.manifests import draft, environments

    texts = {path: text for each in files for path, text in _read(Path(each)).items()}
    root = repository(Path.cwd())
    around = environments.Around(
        builtin(prometheus), lambda path: (root / path).exists(), lambda path: _within(path, root)
    )
    found = environments.read(texts, around, name)
    _show(found, texts)
    if not found.environments:
        raise UserError('these manifests make no environment', 'give a Rollout or an Application')
    text = draft.render(found.environments)
    if write:
        _write(root / SETTINGS, found.environments, text)
    else:
        print(text, end='')
    mistakes = any(one.severity is Severity.ERROR for one in found.diagnostics)
    return USAGE if mistakes else 0


def _read(path: Path) -> dict[str, str]:
    """Texts by path: of a file, or of the manifests in a directory."""
    try:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES)
            if not inside:
                raise UserError(f'there are no manifests in {path}')
            return {str(one): _text(one) for one in inside}
        return {str(path): _text(path)}
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from None


def _text(path: Path) -> str:
    with path.open('rb') as file:
        text = yaml.decode(str(path), file.read(LARGEST))
    if isinstance(text, Diagnostic):
        raise UserError(f'{path}: {text.message}', text.hint)
    return text


def _within(path: str, root: Path) -> str:
    return os.path.relpath(Path(path).absolute(), root)


def builtin(prometheus: str) -> Callable[[str, Mapping[str, str]], 'Tree | None']:
    from liftlock.language.manifests import definitions
    from liftlock.rollout import templates

    def find(name: str, given: Mapping[str, str]) -> 'Tree | None':
        known = {**given, 'prometheus-address': prometheus} if prometheus else given
        analysis = templates.find(name, known)
        if analysis is None or analysis == templates.find(name):
            return None if analysis is None else {}
        return definitions.render(analysis)

    return find


def _show(found: 'Imported', texts: Mapping[str, str]) -> None:
    lines = {path: text.splitlines() for path, text in texts.items()}
    bright = colour.wanted(sys.stderr)
    for one in found.diagnostics:
        print(report.text(one, lines.get(one.file, ()), bright), file=sys.stderr)
    print(report.summary(found.diagnostics, len(texts), bright), file=sys.stderr)


# --- into the file


def _write(path: Path, environments: Mapping[str, 'Tree'], text: str) -> None:
    """Only where nothing is lost by it; the file is read again before it is replaced."""
    before = path.read_text() if path.exists() else ''
    after = _added(before, environments, text)
    if after is None:
        print(text, end='')
        raise UserError(
            f'{path.name} has some of these environments, or is written in a way that nothing can '
            'be added to without a loss',
            'put what is printed above into it by hand',
        )
    path.write_text(after)
    print(f'{path}: added {", ".join(environments)}', file=sys.stderr)


def _added(before: str, environments: Mapping[str, 'Tree'], text: str) -> str | None:
    """The file with the environments in it; None where it would not be the same file otherwise."""
    old = _load(before)
    if not isinstance(old, dict) or set(old.get('environments') or {}) & set(environments):
        return None
    after = _joined(before, text, 'environments' in old)
    new = _load(after) if after is not None else None
    wanted = _load(text)['environments']
    there = old.get('environments') or {}
    return after if new == {**old, 'environments': {**there, **wanted}} else None


def _joined(before: str, text: str, has_environments: bool) -> str | None:
    start = before if before.endswith('\n') or not before else f'{before}\n'
    if not has_environments:
        return f'{start}\n{text}' if start else text
    lines = start.splitlines(keepends=True)
    heads = [at for at, line in enumerate(lines) if line.startswith('environments:')]
    if len(heads) != 1:
        return None
    end = next((at for at in range(heads[0] + 1, len(lines)) if _is_next(lines[at])), len(lines))
    while not lines[end - 1].strip():
        end -= 1
    body = text.splitlines(keepends=True)[1:]
    return ''.join([*lines[:end], *body, *lines[end:]])


def _is_next(line: str) -> bool:
    """Whether another key of the file begins here."""
    return bool(line.strip()) and not line[0].isspace() and not line.startswith('#')


def _load(text: str) -> Any:
    import yaml as pyyaml

    try:
        return pyyaml.safe_load(text) or {}
    except pyyaml.YAMLError:
        return None

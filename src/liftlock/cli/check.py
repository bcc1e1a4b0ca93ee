"""`liftlock check [FILE…]`: every mistake of workflows, actions and liftlock.yml at once."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from liftlock import VERSION
from liftlock.cli import colour
from liftlock.errors import USAGE, UserError
from liftlock.language import checks, report, yaml
from liftlock.language.checks import locking
from liftlock.language.checks.subject import Around
from liftlock.language.checks.walk import Document
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.locks import ACTIONS as ACTIONS_LOCK
from liftlock.language.locks import IMAGES as IMAGES_LOCK
from liftlock.language.locks import files
from liftlock.language.locks.files import Locks
from liftlock.language.locks.writing import BadLock
from liftlock.language.parse import Surveyed, survey, survey_action
from liftlock.language.source import NOWHERE

if TYPE_CHECKING:
    from liftlock.language.settings.model import Settings

FORMATS: Final = ('text', 'json', 'sarif', 'github')
SETTINGS: Final = 'liftlock.yml'
PATTERNS: Final = (
    '.github/workflows/*.yml',
    '.github/workflows/*.yaml',
    'action.yml',
    'action.yaml',
    '.github/actions/**/action.yml',
    '.github/actions/**/action.yaml',
    SETTINGS,
)
ACTIONS: Final = ('action.yml', 'action.yaml')
LOCKS: Final = (ACTIONS_LOCK, IMAGES_LOCK)
DAMAGED: Final = 'delete it and run `liftlock lock`, or take it from git'
LARGEST: Final = 4 * yaml.LONGEST  # bytes; a longer file has too many characters in any case


@click.command()
@click.argument('files', nargs=-1, metavar='[FILE]...')
@click.option(
    '--format', 'style', type=click.Choice(FORMATS), default='text', show_default=True,
    help='How findings are written.',
)  # fmt: skip
@click.option('--strict', is_flag=True, help='Warnings end with exit code 2, too.')
def command(files: tuple[str, ...], style: str, strict: bool) -> int:
    """Find every mistake in workflows, actions and liftlock.yml at once.

    Without FILE, all of the repository around the current directory. `-` reads a workflow from
    the standard input. An error is what GitHub would refuse; warnings and notes are advice.
    """
    desk = Desk()
    names = files or tuple(map(str, discover(Path.cwd())))
    found = [diagnostic for name in names for diagnostic in desk.check(name)]
    found.sort(key=report.order)
    _show(found, desk, style)
    stream = sys.stdout if style == 'text' else sys.stderr
    print(report.summary(found, len(set(names)), colour.wanted(stream)), file=stream)
    refused = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    return USAGE if any(one.severity in refused for one in found) else 0


def discover(directory: Path) -> list[Path]:
    """The files that matter in the repository around a directory, as paths from there."""
    root = repository(directory)
    found = [path for pattern in PATTERNS for path in sorted(root.glob(pattern)) if path.is_file()]
    if not found:
        raise _nothing(root / '.github/workflows')
    inside = root == directory
    return [path.relative_to(root) if inside else _from(path, directory) for path in found]


def _nothing(folder: Path) -> UserError:
    hint = 'name a file: liftlock check FILE'
    try:
        list(folder.iterdir())
    except FileNotFoundError:
        pass
    except OSError as error:
        return UserError(f'{folder} cannot be read: {error.strerror}', hint)
    return UserError(f'there are no workflows in {folder}', hint)


def repository(directory: Path) -> Path:
    """The nearest directory above that holds `.git` or `.github`, or else the directory itself."""
    around = (directory, *directory.parents)
    return next((one for one in around if any(map(_is_there, _marks(one)))), directory)


def _marks(directory: Path) -> tuple[Path, Path]:
    return directory / '.git', directory / '.github'


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a directory above that may not be entered
        return False


def _from(path: Path, directory: Path) -> Path:
    import os.path

    return Path(os.path.relpath(path, directory))


class Desk:
    """Reads files, each once, and remembers their lines for whoever shows the findings."""

    __slots__ = ('lines', 'locks', 'read', 'settings')

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self.read: dict[str, Surveyed] = {}
        self.settings: dict[Path, Settings | None] = {}
        self.locks: dict[Path, Locks] = {}

    def check(self, name: str) -> Iterable[Diagnostic]:
        text = self._text(name)
        if isinstance(text, Diagnostic):
            return [text]
        shown = '<stdin>' if name == '-' else name
        self.lines[shown] = text.splitlines()
        if Path(name).name == SETTINGS:
            from liftlock.language.settings import parse as settings

            return settings.parse(shown, text).diagnostics
        document, diagnostics, gaps = self._survey(shown, text)
        if document is None:
            return diagnostics
        root = repository(Path.cwd() if name == '-' else Path(name).absolute().parent)
        home = '' if name == '-' else _home(Path(name), root)
        neighbours = dict(self._neighbours(document, root))
        damage: list[Diagnostic] = []
        locks = self._locks(root, damage)
        around = Around(home, neighbours, self._settings(root), gaps, locks)
        return [*diagnostics, *damage, *checks.examine(document, text, around)]

    def _survey(self, name: str, text: str) -> Surveyed:
        if name not in self.read:
            path = Path(name)
            action = path.name in ACTIONS and path.absolute().parent.name != 'workflows'
            self.read[name] = survey_action(name, text) if action else survey(name, text)
        return self.read[name]

    def _settings(self, root: Path) -> 'Settings | None':
        """liftlock.yml, where it is there and has no mistakes of its own."""
        if root not in self.settings:
            path = root / SETTINGS
            text = self._text(str(path)) if path.is_file() else None
            self.settings[root] = None
            if isinstance(text, str):
                from liftlock.language.settings import parse as settings

                self.settings[root] = settings.parse(SETTINGS, text).settings
        return self.settings[root]

    def _locks(self, root: Path, damage: list[Diagnostic]) -> Locks:
        """The lock files. What is wrong with one is told once, and then it names no workflow."""
        if root not in self.locks:
            self.locks[root] = Locks()
            texts = {path: self._text(str(root / path)) for path in LOCKS if _is_there(root / path)}
            damage.extend(text for text in texts.values() if isinstance(text, Diagnostic))
            try:
                readable = {path: text for path, text in texts.items() if isinstance(text, str)}
                self.locks[root] = files.parse(readable)
            except BadLock as error:
                path, _, why = str(error).partition(': ')
                rule = locking.LOCK
                damage.append(Diagnostic(path, NOWHERE, rule.severity, rule.code, why, DAMAGED))
        return self.locks[root]

    def _neighbours(self, document: Document, root: Path) -> Iterator[tuple[str, Document | None]]:
        """What the document calls in its own repository. Missing actions may come at run time."""
        for name in dict.fromkeys(checks.named(document)):
            target = root / name
            if target.suffix in ('.yml', '.yaml'):
                if not target.is_file():
                    if any(map(_is_there, _marks(root))):  # elsewhere, nobody knows what is there
                        yield name, None
                    continue
                candidates = [target]
            else:
                candidates = [target / each for each in ACTIONS if (target / each).is_file()]
            for path in candidates[:1]:
                text = self._text(str(path))
                if isinstance(text, str):
                    neighbour = self._survey(str(path), text)
                    if not neighbour.diagnostics:
                        yield name, neighbour.document

    def _text(self, name: str) -> str | Diagnostic:
        try:
            data = sys.stdin.buffer.read(LARGEST + 1) if name == '-' else _bytes(Path(name))
        except OSError as error:
            return _unreadable(name, (error.strerror or str(error)).lower())
        if len(data) > LARGEST:
            return _unreadable(name, f'it is larger than {LARGEST // 1024**2} MiB')
        return yaml.decode(name, data)


def _bytes(path: Path) -> bytes:
    with path.open('rb') as file:
        return file.read(LARGEST + 1)


def _unreadable(name: str, why: str) -> Diagnostic:
    return Diagnostic(name, NOWHERE, Severity.ERROR, 'file', f'this cannot be read: {why}')


def _home(path: Path, root: Path) -> str:
    try:
        return path.absolute().relative_to(root).as_posix()
    except ValueError:
        return ''


def _show(found: list[Diagnostic], desk: Desk, style: str) -> None:
    match style:
        case 'json':
            shown = report.as_json(found)
        case 'sarif':
            from liftlock.language.checks import catalogue

            shown = report.sarif(found, VERSION, catalogue.RULES)
        case 'github':
            shown = ''.join(map(report.github, found))
        case _:
            painted = colour.wanted(sys.stdout)
            lines = desk.lines
            shown = '\n'.join(report.text(one, lines.get(one.file, ()), painted) for one in found)
            shown += '\n' if found else ''
    sys.stdout.write(shown)

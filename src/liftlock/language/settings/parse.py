"""`liftlock.yml` to `Settings`. What was understood, and what was wrong: always both."""

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.records import NamedTuple
from liftlock.language.settings.check import check
from liftlock.language.settings.model import Settings
from liftlock.language.settings.read import NOTHING, Reader
from liftlock.language.settings.table import SETTINGS


class Parsed(NamedTuple):
    """`settings` is None when there is an error among the diagnostics."""

    settings: Settings | None
    diagnostics: tuple[Diagnostic, ...] = ()


def parse(path: str, text: str) -> Parsed:
    """Read the file. An empty one is fine: everything in it is optional."""
    if all(line.lstrip()[:1] in ('', '#') for line in text.splitlines()):
        return Parsed(Settings(path))
    root = yaml.compose(path, text)
    if isinstance(root, Diagnostic):
        return Parsed(None, (root,))
    reader = Reader(path)
    read = reader.read(root, SETTINGS)
    if read is NOTHING:
        return Parsed(None, tuple(reader.diagnostics))
    settings: Settings = read._replace(path=path)
    found = (*reader.diagnostics, *check(settings))
    refused = any(one.severity is Severity.ERROR for one in found)
    return Parsed(None if refused else settings, found)

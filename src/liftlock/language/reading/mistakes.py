"""The mistakes of one file, in the order they were found."""

from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.source import Span


class Mistakes:
    """Everything that makes GitHub refuse a file is an error; advice is given by the checks."""

    __slots__ = ('found', 'path')

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[Diagnostic] = []

    def add(self, span: Span, code: str, message: str, hint: str = '') -> None:
        self.found.append(Diagnostic(self.path, span, Severity.ERROR, code, message, hint))

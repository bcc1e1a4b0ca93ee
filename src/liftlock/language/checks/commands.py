"""Workflow commands of the past, in scripts."""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.workflow import Run

DEPRECATED: Final = Rule(
    'deprecated-command',
    Severity.WARNING,
    'A script writes `::set-output`, `::save-state`, `::set-env` or `::add-path`.',
    'The first two are deprecated, because output of any program could set outputs. The other two'
    ' make the step fail.',
    'Append to the file that stands in `$GITHUB_OUTPUT`, `$GITHUB_STATE`, `$GITHUB_ENV` or'
    ' `$GITHUB_PATH`: `echo "name=value" >> "$GITHUB_OUTPUT"`.',
)
RULES: Final = (DEPRECATED,)
FILES: Final = {
    'set-output': '"name=value" >> "$GITHUB_OUTPUT"',
    'save-state': '"name=value" >> "$GITHUB_STATE"',
    'set-env': '"NAME=value" >> "$GITHUB_ENV"',
    'add-path': '"directory" >> "$GITHUB_PATH"',
}
COMMAND: Final = re.compile(r'::(set-output|save-state|set-env)\s+name=|::(add-path)::')
REFUSED: Final = ('set-env', 'add-path')


def check(subject: Subject) -> Iterator[Diagnostic]:
    for place in subject.places:
        if not isinstance(place.step.does, Run):
            continue
        for span in subject.spots(place.step.does.script.span, COMMAND.pattern):
            line = subject.lines[span.line - 1]
            if line.lstrip().startswith('#'):
                continue
            found = COMMAND.match(line, span.column - 1)
            name = (found[1] or found[2]) if found else ''
            verdict = 'makes the step fail' if name in REFUSED else 'is deprecated'
            hint = f'write: echo {FILES.get(name, "")}'
            yield subject.found(DEPRECATED, span, f'::{name} {verdict}', hint)

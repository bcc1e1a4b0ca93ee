"""`inputs.<name>`: declared by the events that carry inputs, or by the action."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject, written
from liftlock.language.checks.walk import Document
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.nodes import Reference
from liftlock.language.nearest import suggestion
from liftlock.language.rule import Rule

UNKNOWN: Final = Rule(
    'input-unknown',
    Severity.WARNING,
    'An expression reads an input that neither `workflow_dispatch` nor `workflow_call` declares, or'
    ' that the action does not have.',
    'The expression is empty, and nothing fails: a switch that cannot be switched on.',
    'Declare the input, or correct the name.',
)
RULES: Final = (UNKNOWN,)


def check(subject: Subject) -> Iterator[Diagnostic]:
    declared = _declared(subject.document)
    known = {name.lower() for name in declared}
    if subject.doubtful('inputs') or subject.doubtful('on'):
        return
    for use in subject.uses:
        for path in use.references:
            name = _input(path)
            if name is None or name in known:
                continue
            span = subject.spot(use.computed.span, written(path))
            name = subject.spelled(span, name)
            listed = f'there are: {", ".join(declared)}' if declared else 'there are none'
            hint = suggestion(name, declared, listed)
            yield subject.found(UNKNOWN, span, f'there is no input "{name}"', hint)


def _input(path: Reference) -> str | None:
    """The input that is read by `inputs.x`, or by its older name `github.event.inputs.x`."""
    name = path[1:2] if path[0] == 'inputs' else ()
    if path[:3] == ('github', 'event', 'inputs'):
        name = path[3:4]
    return None if not name or name[0] in (None, '*') else name[0]


def _declared(document: Document) -> list[str]:
    if isinstance(document, Action):
        return [one.name for one in document.inputs]
    return [str(one.name.value) for trigger in document.on.values() for one in trigger.inputs]

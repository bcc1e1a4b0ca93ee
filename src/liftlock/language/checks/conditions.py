"""Conditions that do not depend on what they seem to depend on."""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject, written
from liftlock.language.checks.walk import Use
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.nodes import (
    Call,
    Compare,
    Constant,
    Node,
    Path,
    children,
)
from liftlock.language.rule import Rule
from liftlock.language.source import Span
from liftlock.language.template import Computed
from liftlock.language.workflow import Workflow

ALWAYS: Final = Rule(
    'if-always-true',
    Severity.WARNING,
    'A condition has text around `${{ }}`, or is a text.',
    'Text and expressions together become one text, and a text that is not empty is true. The'
    ' condition holds always, whatever is inside. A newline at the end of a block (`if: |`) is'
    ' text, too.',
    'Write the whole condition as one expression, without `${{ }}`:'
    " `if: github.ref == 'refs/heads/main' && github.event_name == 'push'`.",
)
NEVER_EQUAL: Final = Rule(
    'compare-types',
    Severity.WARNING,
    'A text is compared with `true` or `false`, or a boolean with a text.',
    'Environment variables, outputs, `vars` and `github.event.inputs` are always text, and the text'
    " `'true'` is not equal to the boolean `true`. The comparison has always the same result.",
    "Compare text with text: `env.DEBUG == 'true'`; or a boolean input with nothing:"
    ' `if: inputs.debug`.',
)
RULES: Final = (ALWAYS, NEVER_EQUAL)

TEXTS: Final = ('env', 'vars', 'secrets')
BOOLEANS: Final = frozenset(
    {'success', 'failure', 'always', 'cancelled', 'contains', 'startswith', 'endswith'}
)
NUMBER: Final = re.compile(r'[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|')


def check(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    conditions = [place.step.condition for place in subject.places]
    if isinstance(document, Workflow):
        conditions += [job.condition for job in document.jobs.values()]
    for condition in conditions:
        if condition is not None and _always_true(subject, condition):
            message = 'this is text, and text is always true'
            hint = 'write the whole condition as one expression, without ${{ }}'
            yield subject.found(ALWAYS, _first_line(subject, condition), message, hint)
    booleans = _boolean_inputs(subject)
    for use in subject.uses:
        yield from _comparisons(subject, use, booleans)


# --- text around the expression


def _always_true(subject: Subject, condition: Computed) -> bool:
    tree = condition.expression.tree
    match tree:
        case Constant(str(text)):
            return bool(text)
        case Call('format', (Constant(str()), *_)):
            return not re.search(r'\bformat\s*\(', subject.raw(condition.span), re.IGNORECASE)
        case _:
            return any(_glued(subject, condition, child) for child in children(tree))


def _glued(subject: Subject, condition: Computed, node: Node) -> bool:
    """`success() && (…)` is put around a condition without a status; look inside that."""
    if 'success' in subject.raw(condition.span).lower():
        return False
    match node:
        case Call('format', (Constant(str()), *_)):
            return not re.search(r'\bformat\s*\(', subject.raw(condition.span), re.IGNORECASE)
        case Constant(str(text)) if len(children(condition.expression.tree)) == 2:
            return bool(text)
        case _:
            return False


def _first_line(subject: Subject, condition: Computed) -> Span:
    return subject.spot(condition.span, r'\$\{\{.*|\S.*')


# --- types


def _boolean_inputs(subject: Subject) -> frozenset[str]:
    """Inputs that are true or false in every event that has them. Those of actions are texts."""
    if isinstance(subject.document, Action):
        return frozenset()
    declared = [one for trigger in subject.document.on.values() for one in trigger.inputs]
    other = {str(one.name.value).lower() for one in declared if one.type != 'boolean'}
    return frozenset(str(one.name.value).lower() for one in declared) - other


def _comparisons(subject: Subject, use: Use, booleans: frozenset[str]) -> Iterator[Diagnostic]:
    for node in _compares(use.computed.expression.tree):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if not isinstance(other, Constant):
                continue
            words = _mismatch(one, other.value, booleans, isinstance(subject.document, Action))
            if words is None:
                continue
            result = 'never' if node.operator == '==' else 'always'
            pattern = written((one.name, *one.keys)) if isinstance(one, Path) else r'\S.*'
            span = subject.spot(use.computed.span, pattern)
            message = f'{words[0]}, so the two are {result.replace("always", "never")} equal'
            yield subject.found(NEVER_EQUAL, span, message, words[1])


def _compares(node: Node) -> Iterator[Compare]:
    if isinstance(node, Compare) and node.operator in ('==', '!='):
        yield node
    for child in children(node):
        yield from _compares(child)


def _mismatch(
    node: Node, constant: object, booleans: frozenset[str], in_action: bool
) -> tuple[str, str] | None:
    if isinstance(constant, bool) and isinstance(node, Path) and _is_text(node, in_action):
        right = 'true' if constant else 'false'
        return f'{_shown(node)} is a text and {right} is not', f"write '{right}', in quotes"
    if isinstance(constant, str) and not NUMBER.fullmatch(constant.strip()):
        if isinstance(node, Call) and node.name in BOOLEANS:
            return f'{node.spelling}() is true or false, not a text', 'compare with nothing'
        if isinstance(node, Path) and node.name == 'inputs' and _key(node) in booleans:
            return f'{_shown(node)} is true or false, not a text', f'write: {_shown(node)}'
    return None


def _is_text(node: Path, in_action: bool) -> bool:
    keys = tuple(key.lower() for key in node.keys)
    if node.name in TEXTS or (in_action and node.name == 'inputs'):
        return len(keys) == 1
    if node.name in ('steps', 'needs'):
        return len(keys) == 3 and keys[1] == 'outputs'
    return node.name == 'github' and len(keys) == 3 and keys[:2] == ('event', 'inputs')


def _key(node: Path) -> str:
    return node.keys[0].lower() if len(node.keys) == 1 else ''


def _shown(node: Path) -> str:
    return '.'.join((node.spelling, *node.keys))

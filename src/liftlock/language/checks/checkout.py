"""Foreign code in a job that holds the repository's secrets."""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.checks.walk import Place, action_of, computed, keys, leaves
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.nodes import Reference
from liftlock.language.rule import Rule
from liftlock.language.template import Computed, Literal, Token
from liftlock.language.workflow import Run, Uses

FOREIGN: Final = Rule(
    'untrusted-checkout',
    Severity.WARNING,
    'A workflow that is started by `pull_request_target`, `workflow_run` or `issue_comment` checks'
    " out the pull request's own code.",
    "These events run with the repository's secrets and a token that may write, also for pull"
    ' requests of strangers. Whatever runs in that tree (a build script, a test, a hook of a'
    ' package manager) can take them.',
    'Build and test under `pull_request`, and let a second workflow, which checks nothing out, use'
    ' the secrets on what the first one made. If it must be here: `permissions: {}`, no secrets,'
    ' `persist-credentials: false`, and an approval before it.',
)
RULES: Final = (FOREIGN,)
EVENTS: Final = ('pull_request_target', 'workflow_run', 'issue_comment')
HEADS: Final[tuple[Reference, ...]] = (
    ('github', 'head_ref'),
    ('github', 'event', 'pull_request', 'head'),
    ('github', 'event', 'pull_request', 'number'),
    ('github', 'event', 'pull_request', 'merge_commit_sha'),
    ('github', 'event', 'number'),
    ('github', 'event', 'issue', 'number'),
    ('github', 'event', 'workflow_run', 'head_sha'),
    ('github', 'event', 'workflow_run', 'head_branch'),
    ('github', 'event', 'workflow_run', 'head_repository'),
    ('github', 'event', 'workflow_run', 'head_commit'),
)
COMMAND: Final = re.compile(r'\bgh\s+pr\s+checkout\b|\bgit\s+fetch\b[^\n]*\bpull/')


def check(subject: Subject) -> Iterator[Diagnostic]:
    workflow = subject.document
    if isinstance(workflow, Action):
        return
    events = [event for event in EVENTS if event in workflow.on]
    if not events:
        return
    for place in subject.places:
        token = _foreign(place)
        if token is not None:
            span = token.span
            if isinstance(place.step.does, Run):
                span = subject.spot(span, COMMAND.pattern)
            message = (
                f"this checks out a stranger's code in a job that {events[0]} gives secrets to"
            )
            yield subject.found(FOREIGN, span, message)


def _foreign(place: Place) -> Token | None:
    does = place.step.does
    if isinstance(does, Uses) and action_of(place.step) == 'actions/checkout':
        given = keys(does.inputs)
        ref = given.get('ref')
        return ref if ref is not None and _is_head(ref) else None
    if isinstance(does, Run) and any(COMMAND.search(_source(leaf)) for leaf in leaves(does.script)):
        return does.script
    return None


def _is_head(ref: Token) -> bool:
    return any(
        path[: len(head)] == head
        for one in computed(ref)
        for path, _ in one.expression.references
        for head in HEADS
    )


def _source(leaf: Literal | Computed) -> str:
    return str(leaf.value) if isinstance(leaf, Literal) else leaf.expression.source

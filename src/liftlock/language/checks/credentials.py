"""Secrets that stand in the file. Neither message nor excerpt shows one whole."""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.checks.walk import keys
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.source import Span
from liftlock.language.template import Literal, Token
from liftlock.language.workflow import Job

LITERAL: Final = Rule(
    'literal-credential',
    Severity.WARNING,
    'The password of a container registry, a private key, or something with the shape of a known'
    " provider's token, stands in the file.",
    'Everybody who can read the repository, now or in ten years, has it.',
    'Make a new one (the old one is in the history), store it as a secret, and write'
    ' `${{ secrets.NAME }}`.',
)
RULES: Final = (LITERAL,)

SHAPES: Final = {
    'key of AWS': r'\b(?:AKIA|ASIA)[A-Z2-7]{16}\b',
    'token of GitHub': r'\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b',
    'token of GitLab': r'\bglpat-[A-Za-z0-9_-]{20,}',
    'token of Slack': r'\bxox[abeprs]-[A-Za-z0-9-]{20,}',
    'webhook of Slack': r'\bhooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/\w{20,}',
    'key of Stripe': r'\b[sr]k_live_[A-Za-z0-9]{20,}\b',
    'key of Google': r'\bAIza[A-Za-z0-9_-]{35}\b',
    'token of npm': r'\bnpm_[A-Za-z0-9]{36}\b',
    'token of PyPI': r'\bpypi-AgE[A-Za-z0-9_-]{50,}',
    'key of SendGrid': r'\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b',
    'private key': r'-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----',
}
SIGNS: Final = (
    *('AKIA', 'ASIA', 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'xox'),
    *('hooks.slack.com', 'k_live_', 'AIza', 'npm_', 'pypi-AgE', 'SG.', 'PRIVATE KEY'),
)
EXAMPLE: Final = re.compile(r'EXAMPLE|x{8}|X{8}|0{8}|1234567')
ANY: Final = re.compile('|'.join(f'({shape})' for shape in SHAPES.values()))
HINT: Final = 'make a new one, store it as a secret, and write ${{ secrets.NAME }}'


def check(subject: Subject) -> Iterator[Diagnostic]:
    yield from _tokens(subject)
    if isinstance(subject.document, Action):
        return
    for job in subject.document.jobs.values():
        if isinstance(job, Job):
            yield from _password(subject, job.container, 'the container')
            for name, service in keys(job.services).items():
                yield from _password(subject, service, f'service "{name}"')


def _tokens(subject: Subject) -> Iterator[Diagnostic]:
    """In the whole text: a secret in a comment is one as well."""
    text = '\n'.join(subject.lines)
    if not any(sign in text for sign in SIGNS):
        return  # most files, and searching them by all shapes would take as long as reading them
    names = list(SHAPES)
    for number, line in enumerate(subject.lines, 1):
        for match in ANY.finditer(line):
            if EXAMPLE.search(match[0]):
                continue
            span = Span(number, match.start() + 1, number, match.end() + 1)
            what = names[(match.lastindex or 1) - 1]
            shown = '' if what == 'private key' else f' ({match[0][:4]}…)'
            yield _hidden(subject, span, f'this looks like a {what}{shown}')


def _password(subject: Subject, container: Token | None, where: str) -> Iterator[Diagnostic]:
    password = keys(keys(container).get('credentials')).get('password')
    if isinstance(password, Literal) and password.value not in (None, ''):
        yield _hidden(subject, password.span, f'the password of {where} stands in the file')


def _hidden(subject: Subject, span: Span, message: str) -> Diagnostic:
    return subject.found(LITERAL, span, message, HINT)._replace(hidden=True)

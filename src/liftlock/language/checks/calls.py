"""Workflows and actions of the same repository: whether they are there, and what is given to them.

Rules of calls: the workflow parser of GitHub's runner (reusable workflow inputs and secrets).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from liftlock.language.action import Action, Docker
from liftlock.language.checks.subject import Subject
from liftlock.language.checks.walk import Document, Place, action_of, fixed, keys, places
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.nearest import suggestion
from liftlock.language.rule import Rule
from liftlock.language.source import Span
from liftlock.language.template import Literal, Mapping, Token
from liftlock.language.workflow import Call, Input, Run, Trigger, Uses, Workflow

MISSING: Final = Rule(
    'call-missing',
    Severity.ERROR,
    'A job calls a workflow of this repository that is not there, or calls its own file.',
    'GitHub refuses to start the run.',
    'Correct the path. It is written from the root of the repository:'
    ' `./.github/workflows/name.yml`.',
)
CONTRACT: Final = Rule(
    'call-contract',
    Severity.ERROR,
    'A job gives a workflow of this repository an input or a secret that it does not have, leaves'
    ' out one that it requires, gives a value of the wrong type, or calls a file that has no'
    ' `on: workflow_call`.',
    'GitHub refuses to start the run.',
    'Give what `on.workflow_call` of the called file declares.',
)
REFERENCE: Final = Rule(
    'call-reference',
    Severity.ERROR,
    'The `uses:` of a job names no workflow file: something is missing, or the file does not lie'
    ' directly in `.github/workflows`.',
    'GitHub refuses the file. Actions are used by steps, workflows by jobs.',
    'Write `./.github/workflows/name.yml` for one of this repository, and'
    ' `owner/repository/.github/workflows/name.yml@ref` for one of another.',
)
ACTION_INPUT: Final = Rule(
    'action-input',
    Severity.WARNING,
    'A step gives an action of this repository an input that it does not have, or leaves out one'
    ' that it says it requires.',
    'An unknown input is ignored, a missing one is empty. Nothing fails; the runner only warns.',
    "Give what the action's `inputs:` declares.",
)
NOT_CHECKED_OUT: Final = Rule(
    'local-action',
    Severity.WARNING,
    'A step uses an action by its path (`./…`), and no step before it checks the repository out.',
    'The workspace of a job starts empty, so there is no action at that path.',
    'Put `- uses: actions/checkout@v4` before it.',
)
RULES: Final = (REFERENCE, MISSING, CONTRACT, ACTION_INPUT, NOT_CHECKED_OUT)
FILE: Final = r'\.github/workflows/[^/@]+\.ya?ml'
WORKFLOW: Final = re.compile(rf'[.$]/{FILE}|[^/@\s]+/[^/@\s]+/{FILE}@\S+')
FILLS: Final = re.compile(
    r'\bgit\b.*\b(clone|checkout|fetch|init|pull)\b|\bgh repo clone\b|action\.ya?ml'
)

BRINGS: Final = ('checkout', 'clone', 'actions/cache', 'download-artifact')


def named(document: Document) -> Iterator[str]:
    """The local workflows and actions that a document names, as it writes them."""
    if isinstance(document, Workflow):
        for job in document.jobs.values():
            if isinstance(job, Call) and str(job.uses.value).startswith('./'):
                yield str(job.uses.value)
    for place in places(document):
        if isinstance(place.step.does, Uses):
            reference = str(place.step.does.reference.value)
            if reference.startswith('./'):
                yield reference


def check(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    if isinstance(document, Workflow):
        for job in document.jobs.values():
            if isinstance(job, Call):
                yield from _call(subject, job)
        yield from _before_checkout(subject, subject.places)
    for place in subject.places:
        yield from _action(subject, place)


# --- reusable workflows


def _call(subject: Subject, call: Call) -> Iterator[Diagnostic]:
    name = str(call.uses.value)
    if not name:
        return
    if not WORKFLOW.fullmatch(name):
        yield subject.found(REFERENCE, call.uses.span, f'"{name}" names no workflow', _form(name))
        return
    if subject.home and name == f'./{subject.home}':
        yield subject.found(MISSING, call.uses.span, 'this workflow calls itself')
        return
    if name not in subject.neighbours:
        return
    callee = subject.neighbours[name]
    if callee is None:
        yield subject.found(MISSING, call.uses.span, f'there is no file {name[2:]}')
    elif isinstance(callee, Workflow):
        trigger = callee.on.get('workflow_call')
        if trigger is None:
            message = 'workflow_call key is not defined in the referenced workflow'
            hint = f'add it under on: in {name[2:]}'
            yield subject.found(CONTRACT, call.uses.span, message, hint)
            return
        yield from _inputs(subject, call, trigger)
        yield from _secrets(subject, call, trigger)


def _form(name: str) -> str:
    if name.startswith('./'):
        return 'write: ./.github/workflows/name.yml, without @'
    return 'write: owner/repository/.github/workflows/name.yml@ref'


def _inputs(subject: Subject, call: Call, trigger: Trigger) -> Iterator[Diagnostic]:
    declared = {str(one.name.value).lower(): one for one in trigger.inputs}
    yield from _strangers(subject, CONTRACT, call.inputs, declared, 'input')
    given = {name.lower(): token for name, token in keys(call.inputs).items()}
    for name, one in declared.items():
        if name in given:
            yield from _typed(subject, one, given[name])
        elif one.required and (call.inputs is None or fixed(call.inputs)):
            message = f'input "{one.name.value}" is required, and not given'
            yield subject.found(CONTRACT, call.uses.span, message, f'with: {{{one.name.value}: …}}')


def _typed(subject: Subject, declared: Input, given: Token) -> Iterator[Diagnostic]:
    """Only a string is made out of other values; a quoted 'true' is no boolean."""
    wanted = {'boolean': bool, 'number': float}.get(declared.type)
    if wanted and isinstance(given, Literal) and not isinstance(given.value, wanted):
        message = f'input "{declared.name.value}" is a {declared.type}, not "{given.value}"'
        yield subject.found(CONTRACT, given.span, message)


def _secrets(subject: Subject, call: Call, trigger: Trigger) -> Iterator[Diagnostic]:
    if isinstance(call.secrets, Literal):
        return  # inherit
    declared = {str(one.name.value).lower(): one for one in trigger.secrets}
    yield from _strangers(subject, CONTRACT, call.secrets, declared, 'secret')
    given = {name.lower() for name in keys(call.secrets)}
    for name, one in declared.items():
        if one.required and name not in given and (call.secrets is None or fixed(call.secrets)):
            message = f'secret "{one.name.value}" is required, and not given'
            hint = f'secrets: {{{one.name.value}: …}}, or secrets: inherit'
            yield subject.found(CONTRACT, call.uses.span, message, hint)


def _strangers(
    subject: Subject, rule: Rule, given: Token | None, declared: Iterable[str], noun: str
) -> Iterator[Diagnostic]:
    known = list(declared)
    for key, _ in given.entries if isinstance(given, Mapping) else ():
        if isinstance(key, Literal) and str(key.value).lower() not in known:
            listed = f'there are: {", ".join(known)}' if known else 'it takes none'
            hint = suggestion(str(key.value), known, listed)
            yield subject.found(rule, key.span, f'{noun} "{key.value}" is not defined there', hint)


# --- actions


def _action(subject: Subject, place: Place) -> Iterator[Diagnostic]:
    does = place.step.does
    if not isinstance(does, Uses):
        return
    action = subject.neighbours.get(str(does.reference.value))
    if not isinstance(action, Action):
        return
    declared = {one.name.lower(): one for one in action.inputs}
    # an action that is a container also takes these two
    known = [*declared, 'args', 'entrypoint'] if not declared or _is_docker(action) else declared
    yield from _strangers(subject, ACTION_INPUT, does.inputs, known, 'input')
    given = {name.lower() for name in keys(does.inputs)}
    for name, one in declared.items():
        missing = one.required and one.default is None and name not in given
        if missing and (does.inputs is None or fixed(does.inputs)):
            message = f'input "{one.name}" is required, and not given'
            yield subject.found(ACTION_INPUT, does.reference.span, message)


def _is_docker(action: Action) -> bool:
    return isinstance(action.runs, Docker)


def _before_checkout(subject: Subject, found: Iterable[Place]) -> Iterator[Diagnostic]:
    filled: set[str] = set()  # jobs whose workspace holds, or may hold, the repository
    for place in found:
        job = str(place.job.id.value) if place.job else ''
        does = place.step.does
        if isinstance(does, Run):
            if FILLS.search(subject.raw(place.step.span)):
                filled.add(job)
        elif isinstance(does, Uses):
            reference = str(does.reference.value)
            if not reference or subject.doubtful('steps', job):
                filled.add(job)
            if reference.startswith('./') and job not in filled:
                filled.add(job)  # told once
                yield _not_there(subject, does.reference.span, reference)
            if any(word in action_of(place.step) for word in BRINGS):
                filled.add(job)


def _not_there(subject: Subject, span: Span, reference: str) -> Diagnostic:
    message = f'nothing is at {reference} yet: no step before this one checks the repository out'
    return subject.found(
        NOT_CHECKED_OUT, span, message, 'add before it: - uses: actions/checkout@v4'
    )

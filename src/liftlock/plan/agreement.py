"""Whether a call and the workflow it calls agree: inputs, secrets and permissions.

What can be said when the files are read is said then, all at once and in GitHub's words; values
that are expressions are looked at when the call is made.
"""

from collections.abc import Iterator

from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.source import Span
from liftlock.language.template import Literal
from liftlock.language.template import Mapping as MappingToken
from liftlock.language.workflow import Call, Permissions, Trigger, Workflow
from liftlock.plan import calls, permissions
from liftlock.plan.evaluation import Evaluator, Unusable, is_computed

CODE = 'workflow-call'


def check(call: Call, caller: str, callee: Workflow) -> Iterator[Diagnostic]:
    """What is wrong with this call. `caller` is the name of the calling file."""
    trigger = calls.trigger(callee)
    if trigger is None:
        message = 'workflow_call key is not defined in the referenced workflow.'
        yield mistake(caller, call.uses.span, message)
        return
    yield from _inputs(call, caller, trigger)
    yield from _secrets(call, caller, trigger)


def _inputs(call: Call, caller: str, trigger: Trigger) -> Iterator[Diagnostic]:
    passed = calls.given(call.inputs)
    declared = {str(wanted.name.value).lower(): wanted for wanted in trigger.inputs}
    for key, wanted in declared.items():
        name = str(wanted.name.value)
        if key in passed:
            _, token = passed[key]
            if not is_computed(token):
                try:
                    calls.typed(wanted, token, Evaluator(caller, {}))
                except Unusable as problem:
                    yield mistake(caller, token.span, problem.message)
        elif wanted.required:
            message = f'Input {name} is required, but not provided while calling.'
            yield mistake(caller, call.uses.span, message)
    for key, (name, token) in passed.items():
        if key not in declared:
            message = f'Invalid input, {name} is not defined in the referenced workflow.'
            yield mistake(caller, token.span, message)


def _secrets(call: Call, caller: str, trigger: Trigger) -> Iterator[Diagnostic]:
    if isinstance(call.secrets, Literal):  # inherit
        return
    passed = calls.given(call.secrets if isinstance(call.secrets, MappingToken) else None)
    declared = {str(wanted.name.value).lower(): wanted for wanted in trigger.secrets}
    for key, wanted in declared.items():
        if wanted.required and key not in passed:
            message = f'Secret {wanted.name.value} is required, but not provided while calling.'
            yield mistake(caller, call.uses.span, message)
    for key, (name, token) in passed.items():
        if key not in declared:
            message = f'Invalid secret, {name} is not defined in the referenced workflow.'
            yield mistake(caller, token.span, message)


def check_permissions(
    call: Call, caller: str, callee: Workflow, reference: str, allowed: Permissions
) -> Iterator[Diagnostic]:
    """A called workflow and each of its jobs may ask for no more than the call has."""
    asked = [(f"The workflow '{reference}'", callee.permissions)]
    for job in callee.jobs.values():
        name = job.name.value if isinstance(job.name, Literal) else None
        asked.append((f"The nested job '{name or job.id.value}'", job.permissions))
    for who, requested in asked:
        beyond = permissions.excess(requested, allowed) if requested is not None else None
        if beyond:
            message = (
                f"Error calling workflow '{reference}'. {who} is requesting '{beyond[0]}', "
                f"but is only allowed '{beyond[1]}'."
            )
            yield mistake(caller, call.id.span, message)


def mistake(file: str, span: Span, message: str) -> Diagnostic:
    return Diagnostic(file, span, Severity.ERROR, CODE, message)

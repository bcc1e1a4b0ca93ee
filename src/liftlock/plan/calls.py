"""Workflows that call workflows: what goes in, what may be seen inside, what comes out.

Source: GitHub's "Reuse workflows"; messages are those of its own reader.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.expressions.values import Scope, Value, to_text
from liftlock.language.resolve import resolve
from liftlock.language.template import Literal, Token
from liftlock.language.template import Mapping as MappingToken
from liftlock.language.workflow import Call, Input, Trigger, Workflow
from liftlock.plan.evaluation import Evaluator
from liftlock.plan.plan import JobPlan

EVENT: Final = 'workflow_call'
INHERIT: Final = 'inherit'
ZERO: Final[Mapping[str, Value]] = {'string': '', 'boolean': False, 'number': 0.0}


def reference(call: Call, caller: str) -> str:
    """The file that is called, as a key of `Request.files`.

    `caller` is the calling file's own key: `./` and `$/` mean the repository in which it stands.
    """
    uses = str(call.uses.value)
    if not uses.startswith(('./', '$/')):
        return uses
    before, at, ref = caller.rpartition('@')
    if not at:
        return uses[2:]
    owner, name, *_ = before.split('/')
    return f'{owner}/{name}/{uses[2:]}@{ref}'


def trigger(workflow: Workflow) -> Trigger | None:
    return workflow.on.get(EVENT)


def given(token: MappingToken | None) -> dict[str, tuple[str, Token]]:
    """Entries of `with:` or `secrets:` by lower-case name: the name as written, and the value."""
    if token is None:
        return {}
    return {
        str(key.value).lower(): (str(key.value), value)
        for key, value in token.entries
        if isinstance(key, Literal)
    }


def inputs(call: Call, callee: Workflow, evaluate: Evaluator) -> dict[str, Value]:
    """The `inputs` context of a called workflow. Raises Unusable for a value of the wrong type.

    `evaluate` has the contexts of the caller. Defaults see `github`, `inputs` and `vars` alike.
    """
    declared = trigger(callee)
    passed = given(call.inputs)
    found: dict[str, Value] = {}
    for wanted in declared.inputs if declared else ():
        name = str(wanted.name.value)
        _, token = passed.get(name.lower(), ('', wanted.default))
        found[name] = ZERO.get(wanted.type, '') if token is None else typed(wanted, token, evaluate)
    return found


def typed(wanted: Input, token: Token, evaluate: Evaluator) -> Value:
    """A value of the declared type. Only texts are made from other kinds."""
    if wanted.type == 'string':
        return evaluate.text(token)
    if wanted.type == 'boolean':
        return evaluate.boolean(token, False)
    value = evaluate.value(token)
    if isinstance(value, bool) or not isinstance(value, float):
        raise evaluate.unexpected(token, value)
    return value


def outputs(callee: Workflow, contexts: dict[str, Value]) -> dict[str, str]:
    """What a called workflow gives back. `contexts` hold `jobs`, github, inputs and vars."""
    declared = trigger(callee)
    evaluate = Evaluator(callee.path, contexts)
    found = {
        str(output.name.value): evaluate.text(output.value)
        for output in (declared.outputs if declared else ())
    }
    return {name: value for name, value in found.items() if value}


def secrets_for(job: JobPlan, secrets: Mapping[str, str]) -> dict[str, str]:
    """The secrets that a job may see: all, or what each call on the way in handed on.

    GITHUB_TOKEN always comes along. Empty values are dropped, as on GitHub.
    Raises TemplateError where a `secrets:` cannot be evaluated.
    """
    found = dict(secrets)
    for call in job.calls:
        if isinstance(call.secrets, Literal) and call.secrets.value == INHERIT:
            continue
        seen: dict[str, Value] = {**found}
        token = {name: value for name, value in found.items() if name.upper() == 'GITHUB_TOKEN'}
        passed = (
            resolve(call.secrets, Scope({**call.contexts, 'secrets': seen})) if call.secrets else {}
        )
        entries = passed.items() if isinstance(passed, dict) else ()
        found = {**token, **{name: to_text(value) for name, value in entries if to_text(value)}}
    return found

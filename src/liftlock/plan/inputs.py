"""Inputs that people and other programs give: checked against what the workflow declares.

Source: GitHub's documentation of `on.workflow_dispatch.inputs` and `on.workflow_call.inputs`.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.errors import UserError
from liftlock.language.expressions.values import Value, find, to_number, to_text
from liftlock.language.template import Literal
from liftlock.language.workflow import Input, Workflow
from liftlock.plan.plan import Request

WITH_INPUTS: Final = ('workflow_dispatch', 'workflow_call')
ZERO: Final[Mapping[str, Value]] = {'boolean': False, 'number': 0.0}


def of_event(request: Request, workflow: Workflow) -> dict[str, Value]:
    """The `inputs` context of a run: nothing for events that have none. Raises UserError."""
    trigger = workflow.on.get(request.event.name)
    if trigger is None or request.event.name not in WITH_INPUTS:
        return {}
    told = request.event.payload.get('inputs')
    given = {**(told if isinstance(told, dict) else {}), **request.inputs}
    return check(trigger.inputs, given)


def check(declared: tuple[Input, ...], given: Mapping[str, Value]) -> dict[str, Value]:
    """Every declared input with its value, of its type. Raises UserError for what does not fit."""
    names = [str(wanted.name.value) for wanted in declared]
    for name in given:
        if name.lower() not in {known.lower() for known in names}:
            from difflib import get_close_matches

            close = get_close_matches(name, names, 1)
            hint = f'did you mean {close[0]}?' if close else f'its inputs: {", ".join(names)}'
            raise UserError(f'the workflow has no input {name}', hint if names else '')
    return {str(wanted.name.value): _value(wanted, given) for wanted in declared}


def _value(wanted: Input, given: Mapping[str, Value]) -> Value:
    name = str(wanted.name.value)
    value = find(given, name)
    if value is None:
        value = wanted.default.value if isinstance(wanted.default, Literal) else None
        if value is None and wanted.required:
            raise UserError(f'the input {name} is required', _describe(wanted))
        if value is None:
            first = wanted.options[0] if wanted.type == 'choice' and wanted.options else ''
            return ZERO.get(wanted.type, first)
    return _typed(wanted, name, value)


def _typed(wanted: Input, name: str, value: Value) -> Value:
    text = to_text(value)
    match wanted.type:
        case 'boolean':
            if text.lower() not in ('true', 'false'):
                raise UserError(f'the input {name} must be true or false, not "{text}"')
            return text.lower() == 'true'
        case 'number':
            number = to_number(text)
            if number != number or not text.strip():
                raise UserError(f'the input {name} must be a number, not "{text}"')
            return number
        case 'choice' if text not in wanted.options:
            raise UserError(
                f'the input {name} cannot be "{text}"', f'choose from: {", ".join(wanted.options)}'
            )
    return text


def _describe(wanted: Input) -> str:
    described = f' ({wanted.description})' if wanted.description else ''
    return f'give --input {wanted.name.value}=…{described}'


def told(payload: dict[str, Value], event: str, typed: dict[str, Value]) -> dict[str, Value]:
    """The payload with the inputs in it, where they are always texts."""
    if event not in WITH_INPUTS:
        return payload
    texts: dict[str, Value] = {name: to_text(value) for name, value in typed.items()}
    return {**payload, 'inputs': texts or None}

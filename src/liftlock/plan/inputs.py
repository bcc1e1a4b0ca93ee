"""Inputs that people and other programs give: checked against what the workflow declares.

Source: GitHub's documentation of `on.workflow_dispatch.inputs` and `on.workflow_call.inputs`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.errors import UserError
from liftlock.language.expressions.values import Value, find, to_number, to_text
from liftlock.language.nearest import nearest
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
    """Every declared input with its value, of its type. Raises UserError for all that does not
    fit."""
    typed, wrong = tried(declared, given)
    refuse(wrong)
    return typed


def tried(
    declared: tuple[Input, ...], given: Mapping[str, Value]
) -> tuple[dict[str, Value], list[UserError]]:
    """The inputs that fit, and what is wrong with the others."""
    names = [str(wanted.name.value) for wanted in declared]
    known = {name.lower() for name in names}
    meant = {name: nearest(name, names) for name in given if name.lower() not in known}
    typed: dict[str, Value] = {}
    wrong = [_unknown(name, near, names) for name, near in meant.items()]
    for name, wanted in zip(names, declared, strict=True):
        if name in meant.values() and find(given, name) is None:
            continue  # said already: it was misspelt
        try:
            typed[name] = _value(wanted, given)
        except UserError as error:
            wrong.append(error)
    return typed, wrong


def refuse(wrong: Sequence[UserError]) -> None:
    """UserError if anything is wrong: one for all, with each hint beside what it is about."""
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise UserError('; '.join(f'{one} ({one.hint})' if one.hint else str(one) for one in wrong))


def _unknown(name: str, near: str, names: list[str]) -> UserError:
    hint = f'did you mean {near}?' if near else f'its inputs: {", ".join(names)}'
    return UserError(f'the workflow has no input {name}', hint if names else '')


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

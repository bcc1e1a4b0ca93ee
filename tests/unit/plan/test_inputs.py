"""Inputs of a dispatch: typed, checked, and as texts in the event."""

import pytest

from liftlock.errors import UserError
from liftlock.plan import event
from liftlock.plan.plan import Plan
from story import REPOSITORY, plan

TEXT = """on:
  workflow_dispatch:
    inputs:
      where: {type: choice, options: [test, live]}
      flag: {type: boolean}
      count: {type: number, default: 2}
      name: {required: true, description: who is greeted}
      Region: {type: environment, default: eu}
jobs:
  a: {runs-on: x, steps: [{run: echo}]}
"""


def dispatched(**inputs: str) -> Plan:
    return plan(TEXT, event.workflow_dispatch(REPOSITORY), inputs=inputs)


def test_inputs_have_their_types_and_defaults() -> None:
    made = dispatched(name='mona', flag='TRUE', region='us')
    assert made.contexts['inputs'] == {
        'where': 'test',
        'flag': True,
        'count': 2.0,
        'name': 'mona',
        'Region': 'us',
    }


def test_the_event_has_them_as_texts() -> None:
    github = dispatched(name='mona').contexts['github']
    assert isinstance(github, dict)
    told = github['event']
    assert isinstance(told, dict)
    assert told['inputs'] == {
        'where': 'test',
        'flag': 'false',
        'count': '2',
        'name': 'mona',
        'Region': 'eu',
    }


def test_inputs_of_a_given_payload_count_too() -> None:
    happened = event.from_payload(REPOSITORY, 'workflow_dispatch', {'inputs': {'name': 'octo'}})
    made = plan(TEXT, happened)
    assert isinstance(made.contexts['inputs'], dict)
    assert made.contexts['inputs']['name'] == 'octo'


def test_other_events_have_no_inputs() -> None:
    made = plan('on: push\njobs:\n  a: {runs-on: x, steps: [{run: echo}]}\n', inputs={'x': '1'})
    assert made.contexts['inputs'] == {}


@pytest.mark.parametrize(
    ('inputs', 'message', 'hint'),
    [
        ({}, 'the input name is required', 'give --input name=… (who is greeted)'),
        ({'nam': 'x'}, 'the workflow has no input nam', 'did you mean name?'),
        ({'name': 'x', 'flag': 'yes'}, 'the input flag must be true or false, not "yes"', ''),
        ({'name': 'x', 'count': 'two'}, 'the input count must be a number, not "two"', ''),
        (
            {'name': 'x', 'where': 'prod'},
            'the input where cannot be "prod"',
            'choose from: test, live',
        ),
        (
            {'where': 'prod', 'count': 'two', 'colour': 'red'},
            'the workflow has no input colour (its inputs: where, flag, count, name, Region); '
            'the input where cannot be "prod" (choose from: test, live); '
            'the input count must be a number, not "two"; '
            'the input name is required (give --input name=… (who is greeted))',
            '',
        ),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said(inputs: dict[str, str], message: str, hint: str) -> None:
    with pytest.raises(UserError) as raised:
        dispatched(**inputs)
    assert (str(raised.value), raised.value.hint) == (message, hint)

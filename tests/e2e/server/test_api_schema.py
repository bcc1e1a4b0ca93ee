"""The running server answers as its own description says, whatever it is sent and by whom.

A longer run by hand: LIFTLOCK_EXAMPLES=300 pytest tests/e2e/server/test_api_schema.py
"""

import os
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.generation import GenerationMode
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serving import Site

EXAMPLES = int(os.environ.get('LIFTLOCK_EXAMPLES', '3'))
STEPS = 12  # of one story
NOBODY = 1_000_000  # tokens from here on are nobody's: the tests' own is not to be revoked
UNSAID = ('GET /runs/{run}/search', 'POST /runs/{run}/rerun', 'GET /audit')
ADMIN, ROBOT = 'admin', 'robot'
KEY = 'Idempotency-Key'


def excluded(name: str) -> list[Any]:
    """What a schema cannot say: which texts are regular expressions, what excludes each other."""
    return [positive_data_acceptance] if name in UNSAID else []


@pytest.fixture(scope='module')
def schema(site: Site) -> Any:
    spec = site.api('GET', '/openapi.json').json
    found = schemathesis.openapi.from_dict(spec)
    found.config.update(base_url=f'{site.server.address}/api/v1')
    return found


@pytest.fixture(scope='module')
def tokens(site: Site) -> Mapping[str, str]:
    """Somebody who may everything, and a program that may little."""
    words = ('token', 'create', 'robot', '--role', 'developer', '--scope', 'runs:read')
    robot = site.server.project.liftlock(*words, '--scope', 'deployments:read').strip()
    return {ADMIN: site.token, ROBOT: robot}


@pytest.mark.parametrize('who', [ADMIN, ROBOT])
@pytest.mark.parametrize('mode', list(GenerationMode))
def test_what_is_answered_is_what_is_described(
    schema: Any, tokens: Mapping[str, str], mode: GenerationMode, who: str
) -> None:
    headers = {'Authorization': f'Bearer {tokens[who]}'}
    problems = []
    for one in schema.get_all_operations():
        operation = one.ok()
        name = f'{operation.method.upper()} {operation.path}'
        try:
            check(operation, mode, headers, excluded(name), EXAMPLES if who == ADMIN else 1)
        except Exception as error:
            problems.append(f'{name}: {error}')
    assert not problems, '\n\n'.join(problems)


def check(
    operation: Any,
    mode: GenerationMode,
    headers: Mapping[str, str],
    unsaid: list[Any],
    examples: int,
) -> None:
    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        spare(case)
        assume(not any(value in ([], {}) for value in (case.query or {}).values()))  # not sent
        case.call_and_validate(headers=headers, timeout=20, excluded_checks=unsaid)

    ask()


def spare(case: Any) -> None:
    """The tests' own token is left alone, and so are cursors that nobody gave. A key for one
    request is not taken for another."""
    number = (case.path_parameters or {}).get('token')
    if isinstance(number, int) and 0 < number < NOBODY:
        case.path_parameters['token'] = NOBODY
    (case.query or {}).pop('cursor', None)
    if KEY in (case.headers or {}) and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.headers[KEY] = uuid.uuid4().hex


def test_what_was_made_can_be_asked_for_and_is_gone_when_it_was_removed(
    schema: Any, tokens: Mapping[str, str]
) -> None:
    """Stories: each step takes what an earlier one was answered."""
    machine = schema.as_state_machine()

    class Story(machine):  # type: ignore[misc, valid-type] # made while it runs
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {'headers': {'Authorization': f'Bearer {tokens[ADMIN]}'}, 'timeout': 20}

        def before_call(self, case: Any) -> None:
            spare(case)

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            name = f'{case.operation.method.upper()} {case.operation.path}'
            case.validate_response(response, excluded_checks=excluded(name))

    assert issubclass(Story, APIStateMachine)
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )

from typing import Any

import pytest

from liftlock.targets.ecs import judgement
from liftlock.targets.ecs.judgement import Verdict
from liftlock.targets.ecs.record import Asked

OLD, NEW = 'arn:aws:ecs:x:1:task-definition/shop:6', 'arn:aws:ecs:x:1:task-definition/shop:7'


def deployment(definition: str = NEW, **more: Any) -> dict[str, Any]:
    made = {
        'id': f'ecs-svc/{definition[-1]}', 'status': 'PRIMARY', 'taskDefinition': definition,
        'rolloutState': 'COMPLETED', 'runningCount': 2, 'failedTasks': 0,
    }  # fmt: skip
    return made | more


def service(*deployments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {'desiredCount': 2, 'runningCount': 2, 'deployments': list(deployments), **more}


def event(id: str, message: str) -> dict[str, str]:
    return {'id': id, 'message': message}


ASKED = Asked('r7', NEW, deployment='ecs-svc/7', before='ecs-svc/6', event='e1')


def test_it_has_settled_when_everything_runs() -> None:
    told = judgement.judge(service(deployment()), ASKED)
    assert told == Verdict(True, settled=True, message='2 of 2 tasks run')


@pytest.mark.parametrize(
    'seen',
    [
        service(deployment(rolloutState='IN_PROGRESS')),
        service(deployment(runningCount=1)),
        service(deployment(), runningCount=3),  # an old one still runs
        service(deployment(rolloutState='')),
    ],
)
def test_until_then_it_is_on_its_way(seen: dict[str, Any]) -> None:
    told = judgement.judge(seen, ASKED)
    assert told.in_effect
    assert not told.settled
    assert not told.failed


def test_what_has_settled_stays_so_while_an_autoscaler_works() -> None:
    asked = ASKED._replace(settled=True)
    assert judgement.judge(service(deployment(), desiredCount=9), asked).settled


def test_a_stable_service_with_the_old_definition_has_gone_back() -> None:
    told = judgement.judge(service(deployment(OLD)), ASKED)
    assert told == Verdict(False, failed='ECS has gone back to shop:6')


def test_a_circuit_breaker_without_rollback_has_given_up() -> None:
    why = 'ECS deployment circuit breaker: tasks failed to start.'
    seen = service(deployment(rolloutState='FAILED', rolloutStateReason=why))
    assert judgement.judge(seen, ASKED) == Verdict(True, failed=why)


def test_failed_tasks_are_told_before_anybody_gives_up() -> None:
    seen = service(deployment(rolloutState='IN_PROGRESS', runningCount=0, failedTasks=2))
    assert judgement.judge(seen, ASKED).message == '0 of 2 tasks run, 2 failed'


def test_another_definition_after_it_has_settled_is_somebody_elses() -> None:
    told = judgement.judge(service(deployment(OLD)), ASKED._replace(settled=True))
    assert told == Verdict(False, message='somebody else has deployed shop:6')


UNANSWERED = ASKED._replace(deployment='')


def test_without_a_trace_it_was_never_asked_for() -> None:
    seen = service(deployment(OLD), events=[event('e1', 'has reached a steady state.')])
    told = judgement.judge(seen, UNANSWERED)
    assert not told.failed
    assert told.message == 'shop:6 runs; shop:7 was never asked for'


@pytest.mark.parametrize(
    'seen',
    [
        service(deployment(OLD), deployment(status='ACTIVE', rolloutState='FAILED')),
        service(deployment(OLD, id='ecs-svc/8')),
        service(
            deployment(OLD), events=[event('e2', 'rolling back to deployment'), event('e1', '')]
        ),
    ],
)
def test_with_a_trace_it_has_gone_back_while_nobody_looked(seen: dict[str, Any]) -> None:
    assert judgement.judge(seen, UNANSWERED).failed


def test_only_later_events_count() -> None:
    seen = service(events=[event('e3', 'c'), event('e2', 'b'), event('e1', 'a')])
    assert judgement.events_since(seen, 'e1') == ['c', 'b']
    assert judgement.events_since(seen, '') == ['c', 'b', 'a']


def test_reasons_are_what_tasks_and_the_service_say_each_once() -> None:
    crashed = {
        'containers': [{'name': 'web', 'exitCode': 1}],
        'stoppedReason': 'Essential container',
    }
    missing = {'containers': [{'name': 'web', 'reason': 'CannotPullContainerError: not found'}]}
    spot = {'containers': [{'name': 'web', 'exitCode': 0}], 'stoppedReason': 'Host EC2 terminated'}
    events = ['has started 1 tasks', 'was unable to place a task']
    assert judgement.reasons(events, [crashed, crashed, missing]) == (
        'container web: exit code 1; container web: CannotPullContainerError: not found; '
        'was unable to place a task'
    )
    assert judgement.reasons([], [spot]) == 'Host EC2 terminated'

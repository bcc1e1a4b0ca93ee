from liftlock.rollout import decisions as d
from liftlock.rollout import facts as f
from liftlock.rollout.analysis import Reading
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase
from liftlock.rollout.version import Version
from unit.rollout.stage import BAD, GOOD, IN_PLACE, ROUTED, Stage

PROCESS = '    target: {process: {command: serve, instances: 3}}\n'
DIRECT = PROCESS + '    strategy: direct\n'
ROLLING = PROCESS + '    strategy: {rolling: {maxUnavailable: 0, maxSurge: 1}}\n'
BLUE_GREEN = PROCESS + '    strategy: {blueGreen: {scaleDownDelaySeconds: 100}}\n'
CANARY = (
    PROCESS
    + """\
    strategy:
      canary:
        scaleDownDelaySeconds: 0
        steps: [{setWeight: 10}, {pause: {duration: 60s}}, {setWeight: 50}, {analysis: errors}]
    analysis: {errors: {metric: error_rate, failure: '> 5%', interval: 10s, count: 3}}
"""
)
GATED = (
    PROCESS
    + """\
    strategy:
      blueGreen:
        autoPromotionEnabled: false
        prePromotionAnalysis: smoke
        postPromotionAnalysis: errors
    analysis:
      smoke: {command: 'true'}
      errors: {metric: error_rate, failure: '> 5%', interval: 10s, count: 3}
"""
)
WATCHED = BLUE_GREEN + "    rollback: {on: ['error_rate > 5%', unhealthy], watch: 5m}\n"


def bad_errors(one: Deployment, name: str) -> Reading:
    return BAD if 'error' in name else Reading(value=0.0)


# --- strategies


def test_a_first_version_gets_all_traffic_once_it_is_ready() -> None:
    stage = Stage(GATED)
    number = stage.deploy('v1')
    stage.play(10)
    assert stage[number].conclusion == 'success'
    assert stage.running == {'r1': 3}
    assert stage.routes.weights == (('r1', 100),)
    assert stage.environment.stable == 'r1'


def test_direct_stops_the_old_version_before_the_new_one_is_started() -> None:
    stage = Stage(DIRECT)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.play(20)
    scaled = [(one.revision, one.instances) for one in stage.asked if isinstance(one, d.Scale)]
    assert scaled[-2:] == [('r1', 0), ('r2', 3)]
    assert stage[number].conclusion == 'success'
    assert stage[number].downtime > 0


def test_rolling_never_has_fewer_ready_than_it_may() -> None:
    stage = Stage(ROLLING)
    stage.deployed('v1')
    number = stage.deploy('v2')
    totals = []
    for _ in range(60):
        stage.turn()
        totals.append(sum(stage.running.values()))
        stage.now += 1
    assert stage[number].conclusion == 'success'
    assert min(totals) >= 3
    assert max(totals) == 4
    assert stage.routes.weights == (('r2', 100),)
    assert {name: count for name, count in stage.running.items() if count} == {'r2': 3}


def test_blue_green_switches_at_once_and_keeps_the_old_version_for_a_while() -> None:
    stage = Stage(BLUE_GREEN)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.play(10)
    assert stage[number].conclusion == 'success'
    assert stage.weights(number) == [0, 100]
    assert stage.running == {'r1': 3, 'r2': 3}
    assert stage.routes.weights == (('r2', 100), ('r1', 0))
    stage.play(100)
    assert stage.running == {'r1': 0, 'r2': 3}
    assert stage.routes.weights == (('r2', 100),)


def test_blue_green_waits_for_a_person_behind_its_analysis() -> None:
    stage = Stage(GATED)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.play(300)
    assert stage[number].phase is Phase.PAUSED
    assert stage.routes.preview == 'r2'
    assert stage.routes.weight('r1') == 100
    stage.say(f.Promoted(number, 'ada'))
    stage.play(60)
    assert stage[number].conclusion == 'success'


def test_a_canary_gets_its_weights_one_after_the_other() -> None:
    stage = Stage(CANARY)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.play(200)
    assert stage[number].conclusion == 'success'
    assert stage.weights(number) == [10, 50, 100]
    assert stage.running['r1'] == 0


def test_a_canary_without_a_router_goes_by_the_ratio_of_instances() -> None:
    stage = Stage(CANARY, ROUTED._replace(weights=False))
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.until(lambda: stage[number].phase is Phase.PAUSED)
    assert stage.running == {'r1': 2, 'r2': 1}
    stage.play(200)
    assert stage[number].conclusion == 'success'
    assert stage.running == {'r1': 0, 'r2': 3}


def test_promoting_fully_skips_what_is_left() -> None:
    stage = Stage(CANARY)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.until(lambda: stage[number].phase is Phase.PAUSED)
    stage.say(f.Promoted(number, 'ada', full=True))
    stage.play(5)
    assert stage[number].conclusion == 'success'
    assert stage.weights(number) == [10, 100]


# --- going back


def test_a_bad_canary_is_taken_back() -> None:
    stage = Stage(CANARY)
    stage.deployed('v1')
    stage.readings = bad_errors
    number = stage.deploy('v2')
    stage.play(200)
    one = stage[number]
    assert one.conclusion == 'rolled_back'
    assert one.back is not None
    assert one.back.cause == 'analysis'
    assert stage.routes.weights == (('r1', 100),)
    stage.play(40)
    assert stage.running == {'r1': 3, 'r2': 0}
    assert stage.environment.stable == 'r1'
    assert one.version.id in stage.environment.bad()


def test_a_failed_analysis_after_the_switch_switches_back() -> None:
    stage = Stage(GATED)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.until(lambda: stage[number].phase is Phase.PAUSED)
    stage.say(f.Promoted(number, 'ada'))
    stage.readings = bad_errors
    stage.play(60)
    assert stage[number].conclusion == 'rolled_back'
    assert stage.weights(number) == [0, 100, 0]


def test_a_person_takes_it_back_at_any_time() -> None:
    stage = Stage(CANARY)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.until(lambda: stage[number].phase is Phase.PAUSED)
    stage.say(f.AbortRequested(number, 'ada', 'no'))
    stage.play(5)
    assert stage[number].conclusion == 'rolled_back'
    assert stage[number].message == 'ada aborted it: no'


def test_what_never_gets_ready_is_given_up_at_the_deadline() -> None:
    stage = Stage(BLUE_GREEN + '    progressDeadlineSeconds: 30\n')
    stage.deployed('v1')
    stage.never_ready.add('r2')
    number = stage.deploy('v2')
    stage.play(60)
    assert stage[number].conclusion == 'failure'  # users never met it
    assert stage[number].back == f.RollbackStarted(
        number, 'deadline', 'no progress for 30 s at "start 3": it does not answer'
    )
    assert stage.routes.weight('r1') == 100


def test_direct_starts_the_old_version_again() -> None:
    stage = Stage(DIRECT + '    progressDeadlineSeconds: 30\n')
    stage.deployed('v1')
    stage.never_ready.add('r2')
    number = stage.deploy('v2')
    stage.play(90)
    assert stage[number].conclusion == 'rolled_back'
    assert stage.running == {'r1': 3, 'r2': 0}
    assert stage[number].downtime > 30


def test_an_environment_in_which_nothing_ever_succeeded_can_be_taken_down() -> None:
    stage = Stage(BLUE_GREEN)
    stage.never_ready = {'r1'}
    number = stage.deploy('v1')
    stage.play(700)
    assert stage[number].conclusion == 'failure'
    stage.say(f.WithdrawRequested('ada'))
    stage.play(5)
    assert isinstance(stage.facts[-1], f.Withdrawn)
    assert stage.environment.wanted == {}


def test_a_first_version_that_fails_is_withdrawn() -> None:
    stage = Stage(DIRECT + '    progressDeadlineSeconds: 30\n')
    stage.never_ready.add('r1')
    number = stage.deploy('v1')
    stage.play(60)
    assert stage[number].conclusion == 'failure'
    assert not any(stage.running.values())
    assert stage.environment.stable == ''


def test_a_failing_hook_takes_it_back() -> None:
    stage = Stage(BLUE_GREEN + '    hooks: {before_switch: migrate, after_rollback: clean}\n')
    stage.deployed('v1')
    stage.hook = lambda hook, revision: hook != 'before_switch'
    number = stage.deploy('v2')
    stage.play(20)
    assert stage[number].conclusion == 'failure'
    assert stage[number].message == 'hook before_switch: exit code 1'
    assert 'hook after_rollback' in stage.steps(number)


def test_migrations_run_once_for_a_version() -> None:
    stage = Stage(BLUE_GREEN + '    hooks: {before_switch: migrate}\n')
    stage.deployed('v1')
    stage.deployed('v2')
    stage.deployed('v1')
    migrated = [one.revision for one in stage.asked if isinstance(one, d.Run)]
    assert migrated == ['r1', 'r2']


def test_a_hook_that_was_cut_off_is_not_run_twice() -> None:
    stage = Stage(BLUE_GREEN + '    hooks: {before_switch: migrate}\n')
    stage.deployed('v1')
    stage.dead.add('hook:before_switch')
    number = stage.deploy('v2')
    stage.play(20)
    assert [one.revision for one in stage.asked if isinstance(one, d.Run)] == ['r1', 'r2']
    assert 'nobody knows how far it came' in stage[number].message


# --- analyses


def test_too_little_data_waits_for_a_person() -> None:
    stage = Stage(CANARY)
    stage.deployed('v1')
    stage.readings = lambda one, name: Reading(value=None, requests=0)
    number = stage.deploy('v2')
    stage.play(300)
    one = stage[number]
    assert one.phase is Phase.PAUSED
    assert one.paused is not None
    assert 'no data' in one.paused.reason
    stage.say(f.Promoted(number, 'ada'))
    stage.play(10)
    assert stage[number].conclusion == 'success'


def test_background_analyses_go_on_while_it_is_paused() -> None:
    text = CANARY.replace('        steps', '        analysis: errors\n        steps')
    stage = Stage(text.replace(', {analysis: errors}]', ']').replace('60s', '1h'))
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.until(lambda: stage[number].phase is Phase.PAUSED)
    stage.readings = bad_errors
    stage.play(60)
    assert stage[number].conclusion == 'rolled_back'


def test_an_analysis_that_never_measured_calls_nothing_good() -> None:
    text = CANARY.replace('        steps', '        analysis: late\n        steps')
    text = text.replace(', {analysis: errors}]', ']').replace('errors:', 'late:')
    stage = Stage(text.replace('count: 3', 'count: 3, initialDelay: 2h'))
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.play(200)
    assert stage[number].phase is Phase.PAUSED


# --- afterwards


def test_a_version_that_turns_bad_is_taken_back_by_itself_once() -> None:
    stage = Stage(WATCHED)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.until(lambda: stage[number].conclusion == 'success')
    stage.readings = bad_errors
    stage.play(60)
    back = stage[number + 1]
    assert back.request.kind == f.ROLLBACK
    assert back.conclusion == 'success'
    assert back.revision == 'r1'  # still stood
    assert stage.routes.weight('r1') == 100
    stage.play(400)
    assert number + 2 not in stage.environment.deployments
    assert stage[number].version.id in stage.environment.bad()


def test_what_is_updated_as_a_whole_is_watched_at_its_url() -> None:
    rolling = '    target: {command: {deploy: x}}\n    rollback: {on: [unhealthy], watch: 5m}\n'
    stage = Stage(rolling, IN_PLACE)
    stage.deployed('v1')
    stage.deployed('v2')
    stage.running = {stage.applied: 1}  # who asks at the URL, and is answered
    stage.play(20)
    assert stage.environment.healthy
    stage.never_ready = {stage.applied}
    stage.until(lambda: stage.environment.successes[-1] == 3)
    assert stage[3].request.reason == 'unhealthy: it does not answer'
    assert stage[3].version.name == 'v1'


def test_after_the_watch_nothing_is_taken_back_by_itself() -> None:
    stage = Stage(WATCHED)
    stage.deployed('v1')
    number = stage.deployed('v2')
    stage.play(400)
    stage.readings = bad_errors
    stage.play(200)
    assert max(stage.environment.deployments) == number


def test_an_instance_that_died_is_started_again() -> None:
    stage = Stage(BLUE_GREEN)
    stage.deployed('v1')
    stage.running['r1'] = 2
    stage.play(3)
    assert stage.running['r1'] == 3
    assert stage.environment.healthy is True


def test_a_rollback_within_the_window_is_fast_and_one_beyond_is_not() -> None:
    stage = Stage(CANARY + '    rollback: {window: {revisions: 1}}\n')
    for name in ('v1', 'v2', 'v3'):
        stage.deployed(name)
    number = stage.deploy('v2', f.ROLLBACK)
    stage.play(10)
    assert stage[number].conclusion == 'success'
    assert stage.weights(number) == [100]
    number = stage.deploy('v1', f.ROLLBACK)
    stage.play(200)
    assert stage.weights(number) == [10, 50, 100]


def test_a_fast_rollback_leaves_background_analyses_out_too() -> None:
    stage = Stage(CANARY.replace('        steps', '        analysis: errors\n        steps'))
    stage.deployed('v1')
    stage.deployed('v2')
    number = stage.deploy('v1', f.ROLLBACK)
    stage.play(10)
    assert stage[number].conclusion == 'success'
    assert not stage[number].trials


def test_a_rollback_of_a_rollback_goes_forward_again() -> None:
    stage = Stage(BLUE_GREEN)
    stage.deployed('v1')
    stage.deployed('v2')
    for expected in ('v1', 'v2'):
        earlier = stage.environment.before()
        assert earlier is not None
        assert earlier.version.name == expected
        number = stage.deploy(expected, f.ROLLBACK, fast=True)
        stage.play(20)
        assert stage[number].conclusion == 'success'
        assert stage.environment.current is not None
        assert stage.environment.current.name == expected


# --- places that are updated as a whole


def test_a_place_is_updated_as_a_whole() -> None:
    stage = Stage("    target: {command: {deploy: 'true'}}\n", IN_PLACE)
    stage.deployed('v1')
    stage.deployed('v2')
    assert stage.applied == 'r2'
    assert not any(isinstance(one, d.Scale | d.Shift) for one in stage.asked)


def test_an_update_that_fails_goes_back_to_the_old_revision() -> None:
    stage = Stage("    target: {command: {deploy: 'true'}}\n", IN_PLACE)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.until(lambda: stage.applied == 'r2')
    stage.failed = 'tasks cannot start'
    stage.turn()
    stage.failed = ''
    stage.play(20)
    assert stage[number].conclusion == 'rolled_back'
    assert stage.applied == 'r1'


def test_a_rollback_takes_the_old_revision_again() -> None:
    stage = Stage("    target: {command: {deploy: 'true'}}\n", IN_PLACE)
    stage.deployed('v1')
    stage.deployed('v2')
    number = stage.deploy('v1', f.ROLLBACK)
    stage.play(20)
    assert stage[number].conclusion == 'success'
    assert stage.applied == 'r1'


def test_a_first_update_that_fails_goes_back_to_what_was_there_before() -> None:
    stage = Stage("    target: {command: {deploy: 'true'}}\n", IN_PLACE)
    number = stage.deploy('v1')
    stage.until(lambda: bool(stage[number].revision))
    stage.say(f.Adopted('r0', Version('app:7', image='registry/app@sha256:7')))
    stage.until(lambda: stage.applied == 'r1')
    stage.failed = 'tasks cannot start'
    stage.turn()
    stage.failed = ''
    stage.play(20)
    assert stage[number].conclusion == 'rolled_back'
    assert stage.applied == 'r0'


def test_a_place_that_pauses_by_its_own_rules_goes_on_when_somebody_promotes() -> None:
    stage = Stage('    target: {kubernetes: {rollout: web}}\n', IN_PLACE)
    stage.deployed('v1')
    stage.pauses = 'paused: CanaryPauseStep'
    number = stage.deploy('v2')
    stage.until(lambda: stage[number].phase is Phase.PAUSED)
    stage.say(f.Promoted(number, 'ada'))
    stage.play(10)
    assert stage.pauses == ''
    assert stage[number].conclusion == 'success'


# --- the line


def test_one_deployment_at_a_time() -> None:
    stage = Stage(GATED)
    stage.deployed('v1')
    first, second = stage.deploy('v2'), stage.deploy('v3')
    stage.play(60)
    assert stage[first].phase is Phase.PAUSED
    assert stage[second].phase is Phase.QUEUED
    stage.say(f.AbortRequested(first, 'ada'))
    stage.play(60)
    assert stage[second].phase is Phase.PAUSED


def test_what_was_told_twice_changes_nothing() -> None:
    """Every fact is a moment at which the controller may die: folding what is there and asking
    again must come to the same end."""
    stage = Stage(GATED)
    stage.deployed('v1')
    number = stage.deploy('v2')
    stage.readings = lambda one, name: GOOD if 'error' in name else Reading(value=0.0)
    stage.play(30)
    stage.say(f.Promoted(number, 'ada'))
    stage.play(60)
    assert stage[number].conclusion == 'success'

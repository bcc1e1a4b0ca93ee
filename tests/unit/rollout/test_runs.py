"""What holds for every run of an analysis, whatever is measured."""

from hypothesis import given, settings
from hypothesis import strategies as some

from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout.analysis import Judgement, Tally, assess, conclude, judge, measured, take
from liftlock.rollout.facts import Measured
from liftlock.rollout.reading import Reading

PHASES = {'running', 'successful', 'failed', 'inconclusive', 'error'}


@some.composite
def readings(draw: some.DrawFn) -> Reading:
    if draw(some.integers(0, 9)) == 0:
        return draw(some.sampled_from([Reading(error='down'), Reading(opened=True), Reading()]))
    new, old = draw(some.integers(0, 400)), draw(some.integers(0, 400))
    errors, old_errors = draw(some.integers(0, new)), draw(some.integers(0, old))
    value = errors / new if new else None
    return Reading(value, new, errors, None, old, old_errors)


CONDITIONS = some.none() | some.builds(
    Condition,
    some.just(''),
    some.sampled_from(['<', '<=', '>', '>=', '==', '!=']),
    some.floats(0, 100),
    some.sampled_from(['%', '']),
)
LIMITS = some.integers(-1, 3)
ANALYSES = some.fixed_dictionaries(
    {
        'metric': some.sampled_from(['error_rate', 'success_rate', 'p95', 'requests', '']),
        'baseline': some.booleans(),
        'failure': CONDITIONS,
        'success': CONDITIONS,
        'interval': some.sampled_from([None, 1.0, 10.0]),
        'measurements': some.integers(0, 5),
        'initial_delay': some.sampled_from([0.0, 60.0]),
        'failure_limit': LIMITS,
        'inconclusive_limit': LIMITS,
        'consecutive_error_limit': LIMITS,
        'min_requests': some.sampled_from([0, 20, 100]),
        'on_no_data': some.sampled_from(['inconclusive', 'fail', 'pass']),
    }
).map(lambda fields: Analysis(**fields))


def run(analysis: Analysis, found: list[Reading]) -> tuple[Tally, list[Measured], list[Judgement]]:
    tally, facts, judgements = Tally(), list[Measured](), list[Judgement]()
    for at, reading in enumerate(found, 1):
        fact = measured(1, 's', 'a', reading, assess(analysis, reading, tally))
        tally = take(tally, fact, float(at))
        facts.append(fact)
        judgements.append(judge(analysis, tally, 0.0, float(at)))
    return tally, facts, judgements


@settings(deadline=None)
@given(ANALYSES, some.lists(readings(), max_size=12))
def test_nothing_succeeds_without_a_good_measurement(
    analysis: Analysis, found: list[Reading]
) -> None:
    tally, facts, judgements = run(analysis, found)
    assert {one.phase for one in judgements} <= PHASES
    for judgement in (*judgements, conclude(analysis, tally)):
        if judgement.phase == 'successful':
            assert any(one.phase == 'successful' for one in facts)
        if judgement.phase != 'running':
            assert judgement.message


@settings(deadline=None)
@given(ANALYSES, some.lists(readings(), max_size=12))
def test_every_run_with_an_end_comes_to_it(analysis: Analysis, found: list[Reading]) -> None:
    tally, _, judgements = run(analysis, found)
    wanted = analysis.measurements or (1 if analysis.interval is None else 0)
    if wanted and tally.measurements >= wanted:
        assert judgements[-1].phase != 'running'


@settings(deadline=None)
@given(ANALYSES, some.lists(readings(), max_size=12))
def test_every_request_is_counted_once(analysis: Analysis, found: list[Reading]) -> None:
    tally, facts, _ = run(analysis, found)
    counted = [one for one in facts if one.phase != 'error' and one.weight != 'open']
    assert tally.total.requests == sum(one.requests for one in counted)
    assert tally.total.errors == sum(one.errors for one in counted)
    assert tally.block.requests <= tally.total.requests


@settings(deadline=None)
@given(ANALYSES, some.lists(readings(), min_size=1, max_size=12))
def test_a_run_waits_for_no_longer_than_a_pause(analysis: Analysis, found: list[Reading]) -> None:
    _, _, judgements = run(analysis, found)
    for at, one in enumerate(judgements, 1):
        if one.phase == 'running':
            pause = max(analysis.interval or 0.0, analysis.timeout, 10.0, analysis.initial_delay)
            assert at <= one.next_at <= at + pause


@settings(deadline=None)
@given(some.lists(readings(), max_size=12))
def test_a_perfect_version_never_fails(found: list[Reading]) -> None:
    analysis = Analysis('error_rate', failure=Condition('', '>', 5.0, '%'), interval=1.0)
    perfect = [one._replace(errors=0, value=0.0) if one.requests else one for one in found]
    _, facts, _ = run(analysis, perfect)
    assert all(one.phase != 'failed' for one in facts)

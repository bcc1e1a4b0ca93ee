from liftlock.language.settings.model import Alert, Condition
from liftlock.observe.alerts import Alarm, Cleared, Event, Raised, look
from liftlock.rollout import health
from liftlock.rollout.reading import Reading

ERRORS = Alert('High Error Rate', Condition('error_rate', '>', 5.0, '%'), 300.0, 'critical')
ILL = Alert('Down', Condition('unhealthy', '', 0.0, ''))

BAD, GOOD = Reading(0.3, 200, 60), Reading(0.0, 200, 0)
SMALL, NOTHING, ERROR = Reading(0.3, 20, 2), Reading(), Reading(error='nobody answers')


def events(alert: Alert, *readings: tuple[float, Reading]) -> list[Event]:
    alarm, found = Alarm(), []
    for now, reading in readings:
        alarm, event = look(alarm, alert, reading, now)
        if event is not None:
            found.append(event)
    return found


def test_a_condition_must_hold_for_a_while() -> None:
    assert events(ERRORS, (0, BAD), (299, BAD)) == []
    (raised,) = events(ERRORS, (0, BAD), (150, BAD), (300, BAD), (310, BAD))
    assert isinstance(raised, Raised)
    assert (raised.alert, raised.at) == (ERRORS, 300)
    assert raised.message.startswith('error rate 30 % (60 of 200 requests failed)')


def test_one_good_vote_begins_anew() -> None:
    assert events(ERRORS, (0, BAD), (200, GOOD), (250, BAD), (400, BAD)) == []
    assert len(events(ERRORS, (0, BAD), (200, GOOD), (250, BAD), (550, BAD))) == 1


def test_a_raised_alert_is_cleared_once() -> None:
    found = events(ERRORS, (0, BAD), (300, BAD), (400, GOOD), (500, GOOD))
    assert [type(one) for one in found] == [Raised, Cleared]
    assert isinstance(found[1], Cleared)
    assert (found[1].at, found[1].lasted) == (400, 100)


def test_it_may_be_raised_again() -> None:
    found = events(ERRORS, (0, BAD), (300, BAD), (400, GOOD), (500, BAD), (800, BAD))
    assert [one.at for one in found] == [300, 400, 800]


def test_silence_is_neither_trouble_nor_recovery() -> None:
    for silence in (SMALL, NOTHING, ERROR, Reading(opened=True)):
        assert events(ERRORS, (0, silence), (900, silence)) == []
        found = events(ERRORS, (0, BAD), (100, silence), (300, BAD), (400, silence))
        assert [one.at for one in found] == [300]


def test_nothing_is_raised_without_a_vote_at_that_time() -> None:
    assert events(ERRORS, (0, BAD), (900, NOTHING)) == []


def test_bad_luck_raises_nothing() -> None:
    unlucky = Reading(0.07, 100, 7)
    assert events(ERRORS, *[(float(now), unlucky) for now in range(0, 3600, 10)]) == []


def test_a_good_past_does_not_hide_what_is_bad_now() -> None:
    past = [(float(now), GOOD) for now in range(1000)]
    assert len(events(ERRORS, *past, (1000, BAD), (1300, BAD))) == 1


def test_small_windows_add_up_to_a_vote() -> None:
    drops = [(float(now), Reading(0.4, 20, 8)) for now in range(0, 600, 10)]
    assert len(events(ERRORS, *drops)) == 1


def test_without_a_duration_it_is_raised_at_once() -> None:
    ill = health.reading([health.Health('unhealthy', 0, 2, 'answered 500')])
    well = health.reading([health.Health('healthy', 2)])
    found = events(ILL, (0, well), (10, ill), (20, well))
    assert [type(one) for one in found] == [Raised, Cleared]
    assert found[0].message == '1 unhealthy instance; answered 500'

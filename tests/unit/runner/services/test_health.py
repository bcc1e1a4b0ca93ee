import asyncio

from liftlock.runner.services.asked import Health
from liftlock.runner.services.health import TIMED_OUT, Look, find_wrong

AT_ONCE = Health('look', interval=0.0, timeout=5.0, retries=3)
WELL, ILL = Look(0, 'fine'), Look(2, 'warming up\nno response')


def watch(health: Health, *looks: Look) -> tuple[str, int]:
    """What is wrong in the end, and how many looks it took."""
    left = list(looks)

    async def look() -> Look:
        return left.pop(0)

    return asyncio.run(find_wrong(health, look)), len(looks) - len(left)


def test_one_good_look_is_enough() -> None:
    assert watch(AT_ONCE, WELL) == ('', 1)


def test_as_many_bad_looks_as_retries_are_too_many() -> None:
    wrong, looks = watch(AT_ONCE, ILL, ILL, ILL, WELL)
    assert looks == 3
    assert wrong == '`look` ended with exit code 2, 3 times in a row, and said: no response'


def test_one_less_is_not() -> None:
    assert watch(AT_ONCE, ILL, ILL, WELL) == ('', 3)


def test_bad_looks_of_the_start_period_do_not_count() -> None:
    patient = AT_ONCE._replace(start_period=60.0)
    assert watch(patient, *[ILL] * 10, WELL) == ('', 11)


def test_a_look_that_takes_too_long_is_a_bad_one() -> None:
    late = Look(TIMED_OUT, '')
    wrong, _ = watch(AT_ONCE, late, late, late)
    assert wrong == '`look` took longer than 5 seconds, 3 times in a row'

import pytest

from liftlock.language.settings.model import HealthCheck
from liftlock.rollout.health import Health, combine, reading, take

CHECK = HealthCheck('/health', healthy_threshold=3, unhealthy_threshold=2)


def after(answers: str, check: HealthCheck = CHECK) -> Health:
    health = Health()
    for answer in answers:
        health = take(health, check, '' if answer == '+' else 'answered 500')
    return health


@pytest.mark.parametrize(
    ('answers', 'state'),
    [
        ('', 'unknown'),
        ('++', 'unknown'),
        ('+++', 'healthy'),
        ('-', 'unknown'),
        ('--', 'unhealthy'),
        ('+-+-+-+', 'unknown'),  # never enough in a row
        ('+++-', 'healthy'),
        ('+++-+-+-', 'healthy'),
        ('+++--', 'unhealthy'),
        ('+++--++', 'unhealthy'),
        ('+++--+++', 'healthy'),
        ('++-+++', 'healthy'),
    ],
)
def test_so_many_answers_in_a_row_make_a_state(answers: str, state: str) -> None:
    assert after(answers).state == state


def test_a_threshold_of_one_needs_one() -> None:
    eager = HealthCheck('/', healthy_threshold=1, unhealthy_threshold=1)
    assert after('+', eager).state == 'healthy'
    assert after('+-', eager).state == 'unhealthy'


def test_the_last_bad_answer_says_why() -> None:
    assert after('+++--').message == 'answered 500'
    assert after('+++-').message == 'answered 500'
    assert after('--+').message == ''


def test_the_worst_check_decides() -> None:
    well, ill, new = after('+++'), after('--'), Health()
    assert combine([well, well]).state == 'healthy'
    assert combine([well, new]).state == 'unknown'
    assert combine([new, ill, well]) == Health('unhealthy', message='answered 500')
    assert combine([]).state == 'healthy'
    assert combine([ill, ill]).message == 'answered 500'


def test_unhealthy_instances_are_counted_for_an_analysis() -> None:
    assert reading([after('+++'), after('--'), Health()]).value == 1.0
    assert reading([after('+++')]).value == 0.0
    assert reading([Health()]).value is None
    assert reading([]).value is None

from liftlock.plan.estimate import estimate
from liftlock.plan.graph import LegNode, Node

LINT = Node('lint', 'lint', (), 0, 'runs')
TEST = Node('test', 'test', (), 0, 'runs', legs=(LegNode('a'), LegNode('b'), LegNode('c')))
SHIP = Node('ship', 'ship', ('lint', 'test'), 1, 'runs')


def seconds(nodes: tuple[Node, ...], past: dict[str, float], places: int) -> float:
    found = estimate(nodes, past, places)
    assert found is not None
    return found.seconds


def test_jobs_side_by_side_take_as_long_as_the_longest() -> None:
    assert seconds((LINT, SHIP._replace(needs=(), stage=0)), {'lint': 4, 'ship': 9}, 2) == 9


def test_on_one_place_they_take_their_sum() -> None:
    assert seconds((LINT, SHIP), {'lint': 4, 'ship': 9}, 1) == 13


def test_a_job_waits_for_what_it_needs() -> None:
    assert seconds((LINT, SHIP._replace(needs=('lint',))), {'lint': 4, 'ship': 9}, 5) == 13


def test_a_leg_that_never_ran_is_taken_for_an_average_one() -> None:
    assert seconds((TEST,), {'test[0]': 2, 'test[1]': 4}, 1) == 9


def test_legs_that_other_jobs_decide_are_as_many_as_last_time() -> None:
    assert seconds((TEST._replace(legs=None),), {'test[0]': 2, 'test[1]': 4}, 2) == 4


def test_jobs_of_a_call_start_after_what_the_call_needs() -> None:
    inner = Node('call/smoke', 'call / smoke', (), 0, 'runs')
    call = Node('call', 'call', ('lint',), 1, 'runs', uses='./x.yml', inside=(inner,))
    after = Node('after', 'after', ('call',), 2, 'runs')
    past = {'lint': 1.0, 'call/smoke': 2.0, 'after': 4.0}
    assert seconds((LINT, call, after), past, 9) == 7


def test_what_is_skipped_takes_no_time_and_is_not_unknown() -> None:
    skipped = SHIP._replace(outcome='skipped')
    found = estimate((LINT, skipped), {'lint': 3}, 2)
    assert found == (3, ())


def test_a_job_that_never_succeeded_is_named() -> None:
    found = estimate((LINT, SHIP), {'lint': 3}, 2)
    assert found == (3, ('ship',))


def test_nothing_is_guessed_where_nothing_is_known() -> None:
    assert estimate((LINT, SHIP), {}, 2) is None

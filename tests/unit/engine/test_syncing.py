"""What is written down about desired state."""

from liftlock.engine.delivery.syncing import facts, headed
from liftlock.rollout import facts as f
from liftlock.rollout.environment import Environment, fold
from liftlock.rollout.sync import Deploy, Heal, InSync, OutOfSync, Wait
from liftlock.rollout.version import Version

V1, V2 = (Version(f'v{number}', f'{number}a3b5c7d' * 5, run=number) for number in (1, 2))


def environment(*told: f.Fact) -> Environment:
    asked = f.DeploymentRequested(1, f.DEPLOY, V1, 's', 'mona')
    return fold(f.Stamped(n, 1, float(n), fact) for n, fact in enumerate([asked, *told], 1))


def test_a_difference_is_told_once_and_that_it_is_gone() -> None:
    fresh, told = environment(), environment(f.DriftSeen('two run'))
    assert list(facts(fresh, InSync())) == []
    assert list(facts(fresh, OutOfSync('two run'))) == [f.DriftSeen('two run')]
    assert list(facts(told, OutOfSync('two run'))) == []
    assert list(facts(told, Wait(7.0, 'two run'))) == []
    assert list(facts(told, InSync())) == [f.DriftSeen('')]


def test_what_git_says_is_asked_for_in_place_of_what_waits() -> None:
    outcome = Deploy(V2, 't', 'git says v2, v1 runs', instead=(1,))
    assert list(facts(environment(), outcome)) == [
        f.DriftSeen('git says v2, v1 runs'),
        f.DeploymentFinished(1, 'superseded', 'v2 is what git says now'),
        f.DeploymentRequested(2, f.SYNC, V2, 't', 'liftlock', 'git says v2, v1 runs', run=2),
    ]


def test_healing_says_why() -> None:
    outcome = Heal(V1, 's', 'web: changed', 'self-heal: web: changed')
    assert list(facts(environment(f.DriftSeen('web: changed')), outcome)) == [
        f.DeploymentRequested(2, f.SYNC, V1, 's', 'liftlock', 'self-heal: web: changed', run=1)
    ]


def test_what_is_kept_of_a_long_difference_has_an_end() -> None:
    (seen,) = facts(environment(), OutOfSync('x' * 100_000))
    assert isinstance(seen, f.DriftSeen)
    assert len(seen.message) == 20_000
    assert list(facts(environment(seen), OutOfSync('x' * 100_000))) == []


def test_a_difference_begins_with_what_differs() -> None:
    diff = '--- Deployment.shop\n+++ Deployment.shop\n-a\n--- Service.shop\n+++ Service.shop\n+b'
    assert headed(diff) == f'changed by hand: Deployment.shop, Service.shop\n{diff}'
    assert headed('-image: a\n+image: b') == '-image: a\n+image: b'
    assert headed('') == ''

"""What people ask of environments, as facts; and what cannot be done, said so."""

from typing import Final

import pytest

from liftlock.engine.delivery import requests
from liftlock.errors import UserError
from liftlock.rollout import facts as f
from liftlock.rollout.environment import Environment, fold
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place

V1, V2, V3 = (Version(name, commit=name * 20) for name in ('v1', 'v2', 'v3'))
DRAFT: Final = f.DeploymentRequested(0, f.DEPLOY, V1, 'settings', 'mona')


@pytest.fixture
def place(store: Store) -> Place:
    return deliveries.environment(store, 'o/r', 'production')


def ask(store: Store, place: Place, version: Version, kind: str = f.DEPLOY) -> int:
    stamped = deliveries.request(store, place.id, DRAFT._replace(version=version, kind=kind))
    assert isinstance(stamped.fact, f.DeploymentRequested)
    number = stamped.fact.number
    deliveries.append(store, place.id, [f.DeploymentAllowed(number)])
    return number


def start(store: Store, place: Place, version: Version) -> int:
    number = ask(store, place, version)
    started = f.DeploymentStarted(number, f'r{number}', state(store, place).stable, ())
    deliveries.append(store, place.id, [started])
    return number


def deliver(store: Store, place: Place, version: Version) -> int:
    number = start(store, place, version)
    deliveries.append(store, place.id, [f.DeploymentFinished(number, 'success')])
    return number


def state(store: Store, place: Place) -> Environment:
    return fold(deliveries.facts(store, place.id))


def test_a_rollback_asks_for_the_version_before(store: Store, place: Place) -> None:
    deliver(store, place, V1)
    deliver(store, place, V2)
    back = requests.rollback(store, place, '', 'ada', 'too slow')
    wish = state(store, place).deployments[back.number].request
    assert not back.aborted
    assert (wish.kind, wish.version, wish.by, wish.reason) == (f.ROLLBACK, V1, 'ada', 'too slow')
    assert state(store, place).held == f.AutomationHeld('ada', 'too slow')


def test_a_rollback_while_something_goes_on_takes_that_back_and_no_more(
    store: Store, place: Place
) -> None:
    deliver(store, place, V1)
    deliver(store, place, V2)
    number = start(store, place, V3)
    assert requests.rollback(store, place, '', 'ada', '') == requests.Back(number, aborted=True)
    environment = state(store, place)
    assert environment.deployments[number].abort is not None
    assert max(environment.deployments) == number


def test_what_waits_of_the_version_that_is_left_is_called_off(store: Store, place: Place) -> None:
    deliver(store, place, V1)
    deliver(store, place, V2)
    again, other = ask(store, place, V2), ask(store, place, V3)
    by_itself = ask(store, place, V3, f.SYNC)
    requests.rollback(store, place, '', 'ada', '')
    deployments = state(store, place).deployments
    assert deployments[again].abort is not None
    assert deployments[by_itself].abort is not None
    assert deployments[other].abort is None


def test_a_rollback_of_the_first_deployment_goes_to_what_was_there_before(
    store: Store, place: Place
) -> None:
    before = Version('app:7', image='registry/app@sha256:7')
    deliveries.append(store, place.id, [f.Adopted('r0', before)])
    deliver(store, place, V1)
    back = requests.rollback(store, place, '', 'ada', '')
    assert state(store, place).deployments[back.number].version == before


@pytest.mark.parametrize(
    ('to', 'told'),
    [
        pytest.param('', 'production has no earlier version to go back to', id='none'),
        pytest.param('v9', 'production never had a version "v9"', id='unknown'),
        pytest.param('v1', 'v1 is what runs in production already', id='the same'),
    ],
)
def test_a_rollback_that_leads_nowhere_is_refused(
    store: Store, place: Place, to: str, told: str
) -> None:
    deliver(store, place, V1)
    with pytest.raises(UserError) as refused:
        requests.rollback(store, place, to, 'ada', '')
    assert str(refused.value) == told
    assert state(store, place).held is None


def test_only_what_is_paused_can_be_promoted(store: Store, place: Place) -> None:
    number = start(store, place, V1)
    with pytest.raises(UserError, match='is not paused'):
        requests.promote(store, place, 'ada', full=False)
    deliveries.append(store, place.id, [f.Paused(number, 'step 1')])
    assert requests.promote(store, place, 'ada', full=False) == number
    assert state(store, place).deployments[number].promoted_at > 0


def test_what_goes_back_already_cannot_be_aborted_again(store: Store, place: Place) -> None:
    number = start(store, place, V1)
    deliveries.append(store, place.id, [f.RollbackStarted(number, 'health', 'it is sick')])
    with pytest.raises(UserError, match='goes back already'):
        requests.abort(store, place, 'ada', '')


def test_nothing_is_taken_down_while_a_deployment_goes_on(store: Store, place: Place) -> None:
    number = start(store, place, V1)
    with pytest.raises(UserError, match=f'#{number} to production goes on or waits'):
        requests.down(store, place, 'ada', '')

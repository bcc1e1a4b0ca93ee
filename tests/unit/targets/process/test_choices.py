"""What is decided about releases, instances and the router, apart from doing it."""

from types import SimpleNamespace
from typing import cast

from liftlock.language.settings.model import HealthCheck
from liftlock.rollout.version import Version
from liftlock.targets.envoy.part import Health
from liftlock.targets.process import entrance, fleet, releases
from liftlock.targets.process.life import Life
from liftlock.targets.process.record import Record

VERSION = Version('v1', commit='a' * 40)


def life(name: str, *, alive: bool = True, ready: bool | None = True) -> Life:
    record = Record(name, 'r1', 'release', 'serve')
    return cast(Life, SimpleNamespace(record=record, alive=alive, ready=ready))


def test_a_release_is_called_after_its_version_and_how_it_is_prepared() -> None:
    assert releases.name(VERSION, '') == releases.name(VERSION, ' \n') == VERSION.id
    one, other = releases.name(VERSION, 'npm ci'), releases.name(VERSION, 'npm install')
    assert one.startswith(f'{VERSION.id}-')
    assert one != other
    assert one == releases.name(VERSION._replace(name='latest'), 'npm ci')


def test_old_releases_go_but_never_those_in_use() -> None:
    newest_first = ['e', 'd', 'c', 'b', 'a']
    assert releases.surplus(newest_first, {'a'}, 2) == ['c', 'b']
    assert releases.surplus(newest_first, (), 5) == []


def test_who_does_not_run_goes_first_then_who_is_not_ready_then_the_latest() -> None:
    lives = [
        life('r1-1'),
        life('r1-2', ready=None),
        life('r1-3'),
        life('r1-4', alive=False, ready=None),
        life('r1-10'),
    ]
    ranked = [one.record.id for one in fleet.leaving(lives, 5)]
    assert ranked == ['r1-4', 'r1-2', 'r1-10', 'r1-3', 'r1-1']
    assert fleet.leaving(lives, 0) == fleet.leaving(lives, -1) == []


def test_the_router_asks_as_the_check_says_but_often() -> None:
    check = HealthCheck('/health', interval=30.0, timeout=10.0, unhealthy_threshold=4)
    assert entrance.health_of(check) == Health('/health', 2.0, 10.0, healthy=1, unhealthy=4)
    assert entrance.health_of(check._replace(interval=0.5)).interval == 0.5


def test_where_there_is_nothing_to_ask_for_the_router_connects_to_the_port() -> None:
    elsewhere = HealthCheck('http://example.com/health')
    for check in (None, HealthCheck(tcp=5432), HealthCheck(command='true'), elsewhere):
        assert entrance.health_of(check) == Health()

"""What `status` and `deployments` print, from facts alone."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from liftlock.cli import deployments, grid, page
from liftlock.cli.colour import Paint
from liftlock.cli.figures import moment, span
from liftlock.cli.walk import Taken, walk
from liftlock.engine.delivery.standing import Live, Standing, deployment_record, record, word
from liftlock.gates.freezes import Frozen
from liftlock.rollout import facts as f
from liftlock.rollout.environment import fold
from liftlock.rollout.sight import Group, HeaderRoute, Instance, Match, Mirror, Routes, Sight
from liftlock.rollout.version import Version
from liftlock.store.deliveries import Deployment, Place

PLAIN = Paint(False)
START = 1_790_000_000.0  # 2026-09-21 14:13:20 in UTC
V1, V2, V3 = (Version(f'v{number}', f'{number}a3b5c7d' * 5) for number in (1, 2, 3))
STEPS = ('prepare', 'start 1', 'setWeight 10', 'pause 60s', 'switch')


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv('TZ', 'UTC')
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


WATCHED = Live(watched=True)


def stand(*facts: f.Fact, live: Live = WATCHED, name: str = 'production') -> Standing:
    """Each fact is a second later than the one before."""
    stamped = tuple(f.Stamped(n, 1, START + n, fact) for n, fact in enumerate(facts, 1))
    return Standing(Place(1, 'octo/shop', name), fold(stamped), stamped, live)


def request(number: int, version: Version, by: str = 'mona', kind: str = f.DEPLOY) -> f.Fact:
    return f.DeploymentRequested(number, kind, version, 'd', by)


DELIVERED: tuple[f.Fact, ...] = (
    request(1, V1),
    f.DeploymentAllowed(1),
    f.DeploymentStarted(1, 'r1', '', ('prepare', 'start 3', 'switch')),
    f.ScaleSet(1, 'r1', 3),
    f.RoutesSet(1, Routes((('r1', 100),))),
    f.Shifted(1, Routes((('r1', 100),)), 0.1),
    f.DeploymentFinished(1, 'success'),
    f.HealthChanged(True),
)
ROUTES = Routes(
    (('r1', 90), ('r2', 10)),
    'r2',
    (HeaderRoute('beta', (Match('X-Beta', '1'),), 'r2'),),
    (Mirror('shadow', 5, 'r2'),),
    'r1',
)
CANARY: tuple[f.Fact, ...] = (
    *DELIVERED,
    request(2, V2, 'bob'),
    f.DeploymentAllowed(2),
    f.DeploymentStarted(2, 'r2', 'r1', STEPS),
    f.StepStarted(2, 0, 'prepare'),
    f.StepFinished(2, 0, 'prepare', 'unpacked 214 files'),
    f.StepStarted(2, 1, 'start 1'),
    f.ScaleSet(2, 'r2', 1),
    f.StepFinished(2, 1, 'start 1', '1 ready'),
    f.StepStarted(2, 2, 'setWeight 10'),
    f.RoutesSet(2, ROUTES),
    f.StepFinished(2, 2, 'setWeight 10'),
    f.AnalysisStarted(2, 'background', 'errors'),
    f.Measured(2, 'background', 'errors', 'successful', 0.2, 5310, 12, 48000, 90, '0.2 % failed'),
    f.StepStarted(2, 3, 'pause 60s'),
    f.Paused(2, 'a look at the graphs', START + 200),
    request(3, V3, 'carol'),
    f.DeploymentHeld(3, 'waits for an approval of ops'),
    f.Approved(3, 'alice', 'x', 'd'),
)
LIVE = Live(
    True,
    Sight(
        (
            Instance('r1-1', 'r1', True, None, '127.0.0.1:41', 1, START - 9e4, 1, '', 1.2, 1 << 20),
            Instance('r2-1', 'r2', True, None, '127.0.0.1:42', 2, START, 0),
            Instance('r2-2', 'r2', False, None, '', 0, START, 4, 'exit code 1'),
        )
    ),
    {'r1': Group(3, 3), 'r2': Group(1, restarts=4, message='r2-1: /health answered 503')},
    'http://127.0.0.1:8080',
    'http://127.0.0.1:8081',
)  # fmt: skip


# --- words


@pytest.mark.parametrize(
    ('facts', 'told'),
    [
        ((), 'empty'),
        ((request(1, V1),), 'empty'),
        (DELIVERED[:-1], 'running'),
        (DELIVERED, 'healthy'),
        ((*DELIVERED, f.HealthChanged(False, 'x')), 'unhealthy'),
        (CANARY[:11], 'deploying'),
        (CANARY, 'paused'),
        ((*CANARY, f.RollbackStarted(2, 'health', 'x')), 'going back'),
    ],
)
def test_an_environment_is_told_in_a_word(facts: tuple[f.Fact, ...], told: str) -> None:
    assert word(stand(*facts)) == told


@pytest.mark.parametrize(
    ('seconds', 'told'),
    [(-1, '0s'), (59.9, '59s'), (61, '1m'), (7300, '2h'), (86400 * 3, '3d')],
)
def test_about_how_long(seconds: float, told: str) -> None:
    assert span(seconds) == told


def test_moments_have_a_date_where_they_are_not_of_today() -> None:
    assert moment(START, START + 100) == '14:13:20'
    assert moment(START - 86400, START) == '20 Sep 14:13'
    assert moment(START - 400 * 86400, START) == '17 Aug 2025'


# --- the grid


def test_the_grid_tells_what_is_where_and_what_is_going_on() -> None:
    ill = stand(
        *DELIVERED,
        f.HealthChanged(False, '/health answered 503'),
        f.DriftSeen('two instances\ninstead of three'),
        f.AutomationHeld('alice', 'customers complain'),
        name='staging',
    )
    frozen = stand(*CANARY, live=LIVE)._replace(frozen=(Frozen('frozen until Monday', 0.0),))
    empty = Standing(Place(0, 'octo/shop', 'qa'), fold(()))
    assert list(grid.lines([ill, frozen, empty], PLAIN, START + 66)) == [
        '  ENVIRONMENT  VERSION  COMMIT   SINCE  BY    STATE      READY',
        '✗ staging      v1       1a3b5c7  1m     mona  unhealthy',
        '    /health answered 503',
        '    nothing is deployed by itself: held by alice: customers complain',
        '    out of sync: two instances …',
        '‖ production   v1       1a3b5c7  1m     mona  paused     3/3',
        '    frozen until Monday',
        '    v2 (#2) by bob  pause 60s, step 4 of 5  until 14:16:40',
        '    v3 (#3): waits for an approval of ops',
        '· qa           -                              -',
    ]


def test_several_repositories_stand_apart() -> None:
    one = stand(*DELIVERED)
    other = one._replace(place=Place(2, 'octo/blog', 'production'))
    told = list(grid.lines([one, other], PLAIN, START))
    assert [line for line in told if line.startswith('octo')] == ['octo/shop', 'octo/blog']


def test_nobody_watching_is_told_where_something_shall_run() -> None:
    told = list(grid.lines([stand(*DELIVERED, live=Live())], PLAIN, START))
    assert told[-1] == grid.ALONE
    assert grid.ALONE not in list(grid.lines([stand(live=Live())], PLAIN, START))


def test_no_name_moves_the_cursor() -> None:
    evil = Version('v\x1b[2J', 'a' * 40)
    facts = (request(1, evil, 'm\x1bona'), f.DeploymentFinished(1, 'success'))
    one = stand(*facts, name='pro\x1bd')
    told = '\n'.join((*grid.lines([one], PLAIN, START), *page.lines(one, PLAIN, START)))
    assert '\x1b' not in told


# --- the page


def test_a_page_tells_everything_about_one_environment() -> None:
    assert list(page.lines(stand(*CANARY, live=LIVE), PLAIN, START + 66, events=2)) == [
        '‖ production  paused, 3/3 ready  http://127.0.0.1:8080',
        '  v1 (1a3b5c7) since 14:13:26, for 1m: #1 by mona',
        '',
        'Deploying v2 (#2) by bob, as r2, for 55.0s now, paused',
        '  ✓ prepare          1.0s  unpacked 214 files',
        '  ✓ start 1          2.0s  1 ready',
        '  ✓ setWeight 10     2.0s',
        '  ‖ pause 60s       44.0s  a look at the graphs, until 14:16:40',
        '  · switch',
        '  ~ analysis errors (background) goes on: 0.2 % failed',
        '      1 measurement, 12 of 5,310 requests failed (0.23%), '
        '90 of 48,000 requests of the old version failed (0.19%)',
        '',
        'Traffic',
        '  v1  r1    ██████████████████░░   90 %',
        '  v2  r2    ██░░░░░░░░░░░░░░░░░░   10 %',
        '  requests with X-Beta: 1 go to r2',
        '  5 % of the requests are sent to r2 a second time',
        '  preview of v2 (r2): http://127.0.0.1:8081',
        '',
        'Instances',
        '  ID    VERSION  STATE                 RESTARTS    CPU  MEMORY  AGE  ADDRESS',
        '  r1-1  v1       ready                        1  1.2 %  1.0 MB   1d  127.0.0.1:41',
        '  r2-1  v2       /health answered 503         0                  1m  127.0.0.1:42',
        '  r2-2  v2       ended: exit code 1           4                  1m',
        '',
        'In line',
        '  v3 (#3) by carol: waits for an approval of ops; approved by alice  for 42s',
        '',
        'Last events',
        '  14:13:45  #3    waits for an approval of ops',
        '  14:13:46  #3    approved by alice',
        '',
        'go on: liftlock promote production   take back: liftlock abort production   '
        'approve: liftlock approve production',
    ]


def test_a_page_tells_whether_it_is_as_git_says_and_how_not() -> None:
    there = stand(*DELIVERED)._replace(follows=True)
    lines = list(page.lines(there, PLAIN, START))
    assert lines[0] == '✓ production  healthy, in sync'
    assert record(there)['sync'] == 'in sync'
    drift = 'git says v2 (2a3b5c7), v1 (1a3b5c7) runs\nDeployment/web\n-  replicas: 3'
    there = stand(*DELIVERED, f.DriftSeen(drift))._replace(follows=True)
    lines = list(page.lines(there, PLAIN, START))
    assert '  out of sync: git says v2 (2a3b5c7), v1 (1a3b5c7) runs …' in lines
    assert lines[lines.index('Out of sync') + 1 :][:3] == [
        f'  {line}' for line in drift.splitlines()
    ]
    assert record(there)['sync'] == 'out of sync'


def test_a_page_of_a_deployment_that_goes_back_says_why_and_how_far_it_is() -> None:
    facts: tuple[f.Fact, ...] = (
        *CANARY[:22],
        f.RollbackStarted(2, 'analysis', 'errors: 7 % failed'),
        f.DeploymentStarted(2, 'r2', 'r1', ('restore the old version', 'verify')),
        f.StepStarted(2, 0, 'restore the old version'),
    )
    told = list(page.lines(stand(*facts), PLAIN, START + 30, events=0))
    assert told[3:11] == [
        'Going back from v2 (#2) by bob, as r2, for 19.0s now',
        '  errors: 7 % failed',
        '  ✓ prepare                     1.0s  unpacked 214 files',
        '  ✓ start 1                     2.0s  1 ready',
        '  ✓ setWeight 10                2.0s',
        '  ✗ pause 60s                   1.0s',
        '  ▸ restore the old version     5.0s',
        '  · verify',
    ]


def test_versions_that_are_kept_are_told_with_their_end() -> None:
    facts = (*DELIVERED, f.RevisionKept('r1', START + 3600), f.RevisionKept('r0', 0.0))
    told = list(page.lines(stand(*facts), PLAIN, START))
    assert '  v1 (r1) until 15:13:20, 1h more' in told
    assert '  ? (r0) for good' in told


def test_steps_for_which_nothing_was_to_be_done_count_as_taken() -> None:
    facts: tuple[f.Fact, ...] = (
        f.DeploymentStarted(1, 'r1', '', ('a', 'b', 'c')),
        f.StepFinished(1, 0, 'a', 'nothing to do'),
        f.StepStarted(2, 0, 'of another'),
        f.StepStarted(1, 1, 'b'),
    )
    stamped = [f.Stamped(n, 1, float(n), fact) for n, fact in enumerate(facts, 1)]
    assert list(walk(stamped, 1)) == [
        Taken('a', 2.0, 2.0, 'nothing to do'),
        Taken('b', 4.0),
        Taken('c'),
    ]


# --- as JSON


def test_everything_is_told_to_programs_too() -> None:
    told = record(stand(*CANARY, live=LIVE))
    assert (told['environment'], told['state'], told['deployment']) == ('production', 'paused', 1)
    assert told['version']['commit'] == V1.commit
    assert (told['since'], told['by']) == (START + 6, 'mona')
    assert [one['version'] for one in told['instances']] == ['v1', 'v2', 'v2']
    assert told['traffic']['weights'] == [['r1', 90], ['r2', 10]]
    assert told['deploying']['step'] == 3
    assert told['deploying']['paused']['until'] == START + 200
    (waiting,) = told['queue']
    assert (waiting['reason'], waiting['approved_by']) == (
        'waits for an approval of ops',
        ['alice'],
    )


# --- deployments


def deployment(number: int, **fields: Any) -> Deployment:
    blank = Deployment(
        1, number, f.DEPLOY, 'v1', 'x', '1a3b5c7d', '', '', '', '', 'd', '', 'mona', '', 0, '',
        'completed', 'success', '', START, START, START + 65, 0.0,
    )  # fmt: skip
    return blank._replace(**fields)


def test_deployments_are_a_table_with_what_became_of_them() -> None:
    found = [
        deployment(4, kind=f.ROLLBACK, downtime=1.25),
        deployment(3, conclusion='rolled_back', message='errors: 7 % failed'),
        deployment(2, kind=f.PROMOTION, origin='staging'),
        deployment(1, status='waiting', conclusion='', started=0.0, message='waits for ops'),
    ]
    places = {1: Place(1, 'octo/shop', 'production')}
    assert list(deployments.table(found, places, PLAIN, START + 7200)) == [
        '  NUMBER  ENVIRONMENT  VERSION  COMMIT   RESULT       KIND          BY    TOOK    '
        'DOWNTIME  ASKED',
        '✓ #4      production   v1       1a3b5c7  success      ↩ rollback    mona  1m 05s  '
        '1.2s      2h ago',
        '↩ #3      production   v1       1a3b5c7  rolled back                mona  1m 05s  '
        '          2h ago',
        '    errors: 7 % failed',
        '✓ #2      production   v1       1a3b5c7  success      from staging  mona  1m 05s  '
        '          2h ago',
        '· #1      production   v1       1a3b5c7  waiting                    mona          '
        '          2h ago',
        '    waits for ops',
    ]
    told = deployment_record(found[0], places[1])
    assert (told['environment'], told['took'], told['rollback']) == ('production', 65.0, True)

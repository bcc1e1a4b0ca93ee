"""Desired state: what git says against what runs, and what follows."""

from collections.abc import Callable
from typing import Any

import pytest

from liftlock.language.settings.model import Automated, Backoff, Sync
from liftlock.rollout import facts as f
from liftlock.rollout.drift import replicas, whole
from liftlock.rollout.environment import Environment
from liftlock.rollout.sight import Group, Routes, Seen
from liftlock.rollout.sync import (
    Deploy,
    Desired,
    Heal,
    InSync,
    Outcome,
    OutOfSync,
    Wait,
    judge,
    pause,
)
from liftlock.rollout.version import Version

V1, V2, V3 = (Version(f'v{number}', f'{number}a3b5c7d' * 5) for number in (1, 2, 3))
BY_HAND = Sync()
AUTOMATED = Sync(Automated())
HEALING = Sync(Automated(self_heal=True))
DRIFT = 'web: 3 replicas are wanted, 1 is'


class History:
    """What has happened in an environment, a second at a time."""

    def __init__(self) -> None:
        self.environment = Environment()
        self.now = 1000.0
        self.seq = 0

    def say(self, *facts: f.Fact) -> 'History':
        for fact in facts:
            self.seq += 1
            self.now += 1.0
            self.environment.take(f.Stamped(self.seq, 1, self.now, fact))
        return self

    def asked(
        self, version: Version, kind: str = f.DEPLOY, reason: str = '', settings: str = 's'
    ) -> int:
        number = self.environment.next_number
        by = 'liftlock' if kind == f.SYNC else 'mona'
        self.say(f.DeploymentRequested(number, kind, version, settings, by, reason))
        return number

    def begun(self, version: Version, kind: str = f.DEPLOY, reason: str = '') -> int:
        number = self.asked(version, kind, reason)
        stable = self.environment.stable
        self.say(f.DeploymentAllowed(number), f.DeploymentStarted(number, f'r{number}', stable, ()))
        return number

    def ran(self, version: Version, kind: str = f.DEPLOY, reason: str = '') -> 'History':
        number = self.begun(version, kind, reason)
        return self.say(f.DeploymentFinished(number, 'success'))

    def failed(self, version: Version, cause: str, kind: str = f.SYNC) -> 'History':
        number = self.begun(version, kind)
        return self.say(
            f.RollbackStarted(number, cause, 'it is not so'),
            f.DeploymentFinished(number, 'failure', 'it is not so'),
        )

    def rolled_back(self, version: Version) -> 'History':
        return self.ran(version, f.ROLLBACK).say(f.AutomationHeld('mona', 'it was slow'))

    def judged(
        self,
        version: Version | None = V2,
        sync: Sync = AUTOMATED,
        drift: str = '',
        lacking: str = '',
        settings: str = 's',
        since: float = 1e9,
    ) -> Outcome:
        desired = Desired(version, settings, lacking, since)
        return judge(self.environment, sync, desired, drift, self.now)


def history() -> History:
    return History().ran(V1)


def message(outcome: Outcome) -> str:
    assert not isinstance(outcome, InSync)
    return outcome.message


CASES: dict[str, tuple[Callable[[], Outcome], Outcome]] = {
    'what git says runs': (lambda: history().judged(V1), InSync()),
    'git says nothing': (lambda: history().judged(None), InSync()),
    'a new commit is deployed': (
        lambda: history().judged(),
        Deploy(V2, 's', 'git says v2 (2a3b5c7), v1 (1a3b5c7) runs'),
    ),
    'without automated it is only told': (
        lambda: history().judged(sync=BY_HAND),
        OutOfSync('git says v2 (2a3b5c7), v1 (1a3b5c7) runs'),
    ),
    'a commit without a green run is only told': (
        lambda: history().judged(None, lacking='2a3b5c7 of main has no green run yet'),
        OutOfSync('2a3b5c7 of main has no green run yet'),
    ),
    'another value of a variable is a difference': (
        lambda: history().judged(V1, settings='t'),
        Deploy(
            V1, 't', 'v1 (1a3b5c7) runs, but with other variables or settings than are wanted now'
        ),
    ),
    'an image of the commit is the commit': (
        lambda: History().ran(V2._replace(image='shop@sha256:1')).judged(),
        InSync(),
    ),
    'what is built once more of the commit is the commit': (
        lambda: History().ran(V2._replace(artifact='1')).judged(V2._replace(artifact='2')),
        InSync(),
    ),
    'nor is what was taken back deployed again because it is built once more': (
        lambda: (
            history()
            .failed(V2._replace(artifact='1'), 'analysis')
            .judged(V2._replace(artifact='2'))
        ),
        OutOfSync(
            'git says v2 (2a3b5c7), v1 (1a3b5c7) runs\n#2 to deploy it was failure: it is not so; '
            'try again: liftlock retry'
        ),
    ),
    'drift is told': (lambda: history().judged(V1, drift=DRIFT), OutOfSync(DRIFT)),
    'drift is healed': (
        lambda: history().judged(V1, HEALING, DRIFT),
        Heal(V1, 's', DRIFT, f'self-heal: {DRIFT}'),
    ),
    'without on: there is healing alone': (
        lambda: history().judged(None, HEALING, DRIFT),
        Heal(V1, 's', DRIFT, f'self-heal: {DRIFT}'),
    ),
    'what heals is what runs, though git says something newer that is red': (
        lambda: history().judged(None, HEALING, DRIFT, lacking='v2 is red'),
        Heal(V1, 's', f'v2 is red\n{DRIFT}', f'self-heal: {DRIFT}'),
    ),
}  # fmt: skip


@pytest.mark.parametrize('case', CASES)
def test_what_follows(case: str) -> None:
    judged, expected = CASES[case]
    assert judged() == expected


def test_after_a_person_has_rolled_back_nothing_happens_by_itself() -> None:
    story = history().ran(V2, f.SYNC).rolled_back(V1)
    for version, drift in ((V2, ''), (V3, ''), (V1, DRIFT)):
        outcome = story.judged(version, HEALING, drift)
        assert isinstance(outcome, OutOfSync)
        assert 'since mona has rolled back (it was slow)' in outcome.message
        assert 'liftlock deploy' in outcome.message
    story.say(f.AutomationReleased('mona'))
    assert isinstance(story.judged(V3), Deploy)


def test_the_version_that_was_left_by_a_rollback_is_not_deployed_after_the_hold_either() -> None:
    story = history().ran(V2, f.SYNC).rolled_back(V1).say(f.AutomationReleased('mona'))
    outcome = story.judged(V2)
    assert isinstance(outcome, OutOfSync)
    assert 'v2 was taken back or left here' in outcome.message


def test_what_was_taken_down_stays_down() -> None:
    story = history().say(f.WithdrawRequested('mona'), f.Withdrawn())
    outcome = story.judged(sync=HEALING)
    assert isinstance(outcome, OutOfSync)
    assert 'taken down' in outcome.message


@pytest.mark.parametrize('cause', ['health', 'analysis', 'hook', 'tests', 'person', 'deadline'])
def test_a_version_that_was_taken_back_gets_one_try(cause: str) -> None:
    story = history().failed(V2, cause)
    story.now += 1e6
    outcome = story.judged()
    assert isinstance(outcome, OutOfSync)
    assert 'v2 was taken back' in outcome.message
    assert isinstance(story.judged(V3), Deploy)


def test_a_failure_of_the_place_makes_no_version_bad() -> None:
    story = history().failed(V2, 'error')
    assert story.environment.bad() == frozenset()
    assert history().failed(V2, 'health').failed(V2, 'error').environment.bad() == {V2.id}


def test_a_failure_of_the_place_is_tried_again_with_growing_pauses_up_to_the_limit() -> None:
    sync = Sync(Automated(), 2, Backoff(5.0, 2.0, 180.0))
    story = history().failed(V2, 'error')
    for number, seconds in ((1, 5.0), (2, 10.0)):
        outcome = story.judged(sync=sync)
        assert isinstance(outcome, Wait)
        assert outcome.until == story.now + seconds
        story.now = outcome.until
        again = story.judged(sync=sync)
        assert isinstance(again, Deploy)
        assert again.reason == f'retry {number} of 2'
        story.failed(V2, 'error')
    story.now += 1e6
    outcome = story.judged(sync=sync)
    assert isinstance(outcome, OutOfSync)
    assert 'failed 3 times' in outcome.message
    assert isinstance(story.judged(V3, sync=sync), Deploy), 'a newer one begins anew'


def test_pauses_grow_to_the_longest() -> None:
    backoff = Backoff(5.0, 2.0, 30.0)
    assert [pause(backoff, number) for number in (1, 2, 3, 4, 900)] == [5, 10, 20, 30, 30]


def test_what_a_person_has_deployed_beside_git_is_left() -> None:
    story = history().ran(V2, f.SYNC).ran(V1)
    outcome = story.judged(V2)
    assert isinstance(outcome, OutOfSync)
    assert 'mona has deployed v1 (1a3b5c7) since; to take what git says: liftlock sync' in (
        outcome.message
    )
    healed = story.ran(V1, f.SYNC, f'self-heal: {DRIFT}')
    assert isinstance(healed.judged(V2), OutOfSync), 'healing chooses no version'


def test_what_could_be_had_when_a_person_deployed_something_else_was_not_meant() -> None:
    story = history()
    assert isinstance(story.judged(V2, since=story.now - 100), OutOfSync)
    assert isinstance(story.judged(V2, since=story.now + 100), Deploy)


def test_git_may_go_back() -> None:
    story = history().ran(V2, f.SYNC)
    assert isinstance(story.judged(V1), Deploy)


def test_one_that_waits_for_approval_is_asked_for_once_and_replaced_by_a_newer_one() -> None:
    story = history()
    number = story.asked(V2, f.SYNC)
    assert isinstance(story.judged(V2), Wait)
    outcome = story.judged(V3)
    assert isinstance(outcome, Deploy)
    assert outcome.instead == (number,)
    story.say(f.DeploymentFinished(number, 'superseded', 'v3 is what git says now'))
    assert isinstance(story.judged(V2), Deploy), 'git has gone back to it'


@pytest.mark.parametrize('conclusion', ['rejected', 'cancelled'])
def test_what_people_have_refused_is_not_asked_for_again(conclusion: str) -> None:
    story = history()
    number = story.asked(V2, f.SYNC)
    outcome = story.say(f.DeploymentFinished(number, conclusion, 'no')).judged()
    assert isinstance(outcome, OutOfSync)
    assert f'#{number} to deploy it was {conclusion}: no' in outcome.message


@pytest.mark.parametrize('kind', [f.DEPLOY, f.ROLLBACK, f.PROMOTION])
def test_what_goes_on_or_waits_comes_first(kind: str) -> None:
    story = history()
    story.asked(V3, kind)
    assert story.judged() == Wait(0.0, 'git says v2 (2a3b5c7), v1 (1a3b5c7) runs')
    story = history()
    story.begun(V3, kind)
    assert isinstance(story.judged(drift=DRIFT, sync=HEALING), Wait)


def test_healing_pauses_longer_and_longer_while_somebody_keeps_on_changing_it() -> None:
    story, pauses = history(), []
    for _ in range(7):
        outcome = story.judged(V1, HEALING, DRIFT)
        if isinstance(outcome, Wait):
            pauses.append(outcome.until - story.now)
            story.now = outcome.until
            outcome = story.judged(V1, HEALING, DRIFT)
        assert isinstance(outcome, Heal)
        story.ran(V1, f.SYNC, outcome.reason)
    assert pauses == [2, 6, 18, 54, 162, 300]
    story.now += 700
    assert isinstance(story.judged(V1, HEALING, DRIFT), Heal)
    story.ran(V1, f.SYNC, f'self-heal: {DRIFT}')
    outcome = story.judged(V1, HEALING, DRIFT)
    assert isinstance(outcome, Wait)
    assert outcome.until - story.now == 2, 'it was calm in between'


def test_healing_does_not_wait_for_the_approval_of_something_newer() -> None:
    story = history()
    story.asked(V2, f.SYNC)
    outcome = story.judged(V2, HEALING, DRIFT)
    assert isinstance(outcome, Heal)
    assert outcome.version == V1


# --- how a place differs


def standing(**wanted: int) -> Environment:
    story = history()
    for revision, count in wanted.items():
        story.say(f.ScaleSet(1, revision, count))
    return story.say(f.RoutesSet(1, Routes((('r1', 100),)))).environment


SEEN: dict[str, tuple[Seen, str]] = {
    'all is as wanted': (Seen({'r1': Group(2)}, Routes((('r1', 100),))), ''),
    'one too few': (
        Seen({'r1': Group(1)}, Routes((('r1', 100),))),
        'v1 (r1): 2 wanted, 1 running',
    ),
    'somebody is at it': (
        Seen({'r1': Group(1)}, Routes((('r1', 100),)), underway=frozenset({'scale:r1'})),
        '',
    ),
    'one that nobody wanted': (
        Seen({'r1': Group(2), 'r9': Group(1)}, Routes((('r1', 100),))),
        'r9: 0 wanted, 1 running',
    ),
    'traffic goes elsewhere': (
        Seen({'r1': Group(2)}, Routes((('r1', 50), ('r9', 50)))),
        'traffic: r1 100 % is wanted, r1 50 %, r9 50 % is',
    ),
    'the router has not answered': (Seen({'r1': Group(2)}), ''),
}


@pytest.mark.parametrize('case', SEEN)
def test_instances_and_traffic(case: str) -> None:
    seen, expected = SEEN[case]
    assert replicas(standing(r1=2), seen) == expected


@pytest.mark.parametrize(
    ('revision', 'expected'),
    [
        ('r1', ''),
        ('', 'v1 (r1) was deployed, what Liftlock does not know is there'),
        ('r7', 'v1 (r1) was deployed, r7 is there'),
    ],
)
def test_a_place_that_is_updated_as_a_whole(revision: str, expected: str) -> None:
    assert whole(history().environment, Seen(revision=revision)) == expected


def test_nothing_is_expected_where_nothing_was_deployed() -> None:
    empty: Any = Environment()
    assert whole(empty, Seen()) == ''
    outcome = judge(empty, AUTOMATED, Desired(V1, 's'), '', 0.0)
    assert message(outcome) == 'git says v1 (1a3b5c7), and nothing was deployed yet'

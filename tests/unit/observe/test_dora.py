from collections.abc import Mapping

import pytest

from liftlock.observe.dora import Dora, Figure, measure
from liftlock.rollout import facts as f
from liftlock.rollout.sight import Routes
from liftlock.rollout.version import Version, revision_name

DAY = 86400.0
PERIOD = (0.0, 10 * DAY)


class Story:
    """What happened in an environment, told in minutes."""

    def __init__(self) -> None:
        self.facts: list[f.Stamped] = []
        self._number = 0

    def tell(self, minute: float, fact: f.Fact) -> None:
        self.facts.append(f.Stamped(len(self.facts) + 1, 1, minute * 60.0, fact))

    def deploy(
        self,
        minute: float,
        conclusion: str = 'success',
        *,
        kind: str = f.DEPLOY,
        commit: str = '',
        traffic: bool = True,
        took: float = 4,
    ) -> None:
        """Traffic reaches it after half of the time that it takes."""
        self._number += 1
        number, revision = self._number, revision_name(self._number)
        version = Version('v', commit or f'c{number}')
        self.tell(minute, f.DeploymentRequested(number, kind, version, '', 'me'))
        self.tell(minute, f.DeploymentStarted(number, revision, '', ()))
        if traffic:
            routes = Routes(((revision, 100),))
            self.tell(minute + took / 2, f.Shifted(number, routes, 0.1))
        self.tell(minute + took, f.DeploymentFinished(number, conclusion))

    def dora(self, commits: Mapping[str, tuple[float, ...]] | None = None) -> Dora:
        return measure(self.facts, commits or {}, *PERIOD)


def test_without_deployments_there_are_no_figures() -> None:
    nothing = Figure(None, 0, 0)
    assert Story().dora() == Dora(Figure(0.0, 0, 10.0), nothing, nothing, nothing, nothing)


def test_frequency_is_of_those_that_succeeded() -> None:
    story = Story()
    for minute in (100, 200, 300):
        story.deploy(minute)
    story.deploy(400, 'rolled_back')
    story.deploy(500, 'rejected', traffic=False)
    assert story.dora().frequency == Figure(pytest.approx(0.3), 3, 10.0)


def test_lead_time_is_of_every_commit_that_came_with_it() -> None:
    story = Story()
    story.deploy(100, commit='a')
    story.deploy(200, commit='b')
    story.deploy(300, commit='b')  # again: it has arrived already
    commits = {'a': (80 * 60.0,), 'b': (84 * 60.0, 104 * 60.0)}
    assert story.dora(commits).lead_time == Figure(100 * 60.0, 3, 3)  # of 24, 100 and 120 minutes


def test_a_change_that_is_taken_back_has_failed_and_recovered() -> None:
    story = Story()
    story.deploy(100)
    story.deploy(200, 'rolled_back', took=6)
    found = story.dora()
    assert found.failure_rate == Figure(0.5, 1, 2)
    assert found.recovery_time == Figure(180.0, 1, 1)  # since it had traffic
    assert found.open == 0


def test_what_users_never_saw_is_no_change() -> None:
    story = Story()
    story.deploy(100)
    story.deploy(200, 'failure', traffic=False)
    story.deploy(300, 'cancelled', traffic=False)
    assert story.dora().failure_rate == Figure(0.0, 0, 1)


def test_a_change_that_somebody_rolls_back_later_has_failed() -> None:
    story = Story()
    story.deploy(100)
    story.deploy(200)
    story.deploy(300, kind=f.ROLLBACK)
    found = story.dora()
    assert found.failure_rate == Figure(0.5, 1, 2)
    assert found.recovery_time == Figure((304 - 202) * 60.0, 1, 1)
    assert found.rework_rate == Figure(pytest.approx(1 / 3), 1, 3)
    assert found.frequency.counted == 2  # a rollback brings nothing new


def test_a_rollback_of_a_rollback_undoes_no_change() -> None:
    story = Story()
    story.deploy(100)
    story.deploy(200)
    story.deploy(300, kind=f.ROLLBACK)
    story.deploy(400, kind=f.ROLLBACK)
    assert story.dora().failure_rate == Figure(0.5, 1, 2)


def test_a_failure_lasts_until_something_good_is_there() -> None:
    story = Story()
    story.deploy(100, 'failure')  # with nothing to go back to
    assert story.dora().open == 1
    assert story.dora().recovery_time == Figure(None, 0, 1)
    story.deploy(200)
    found = story.dora()
    assert found.open == 0
    assert found.recovery_time == Figure((204 - 102) * 60.0, 1, 1)
    assert found.rework_rate == Figure(1.0, 1, 1)


def test_only_the_fix_is_rework() -> None:
    story = Story()
    story.deploy(100, 'rolled_back')
    story.deploy(200)
    story.deploy(300)
    assert story.dora().rework_rate == Figure(0.5, 1, 2)


def test_what_ended_outside_of_the_period_does_not_count() -> None:
    story = Story()
    story.deploy(100)
    story.deploy(20 * 24 * 60)
    assert story.dora().frequency.counted == 1


def test_a_place_that_is_updated_by_its_own_means_is_reached_too() -> None:
    story = Story()
    version = Version('v', 'c')
    story.tell(1, f.DeploymentRequested(9, f.DEPLOY, version, '', 'me'))
    story.tell(2, f.DeploymentStarted(9, 'r9', '', ()))
    story.tell(3, f.OperationStarted(9, 'apply:r9'))
    story.tell(5, f.DeploymentFinished(9, 'rolled_back'))
    assert story.dora().recovery_time == Figure(120.0, 1, 1)

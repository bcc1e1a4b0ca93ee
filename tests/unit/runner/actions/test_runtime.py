"""Which node GitHub runs an action on."""

import pytest

from liftlock.runner.actions.runtime import choose, is_contradictory

FORCE = 'FORCE_JAVASCRIPT_ACTIONS_TO_NODE24'
ALLOW = 'ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION'


@pytest.mark.parametrize('using', ['node12', 'node16', 'node20', 'NODE20', 'node24'])
def test_everything_runs_on_the_newest(using: str) -> None:
    assert choose(using, {}) == 24


@pytest.mark.parametrize('text', ['true', 'TRUE', '1', '$true'])
@pytest.mark.parametrize('using', ['node12', 'node16', 'node20'])
def test_a_workflow_may_insist_on_the_old_one(using: str, text: str) -> None:
    assert choose(using, {ALLOW: text}) == 20


@pytest.mark.parametrize('text', ['', 'yes', 'false', '0'])
def test_what_is_not_true_insists_on_nothing(text: str) -> None:
    assert choose('node20', {ALLOW: text}) == 24


def test_an_action_for_the_newest_gets_it_whatever_the_workflow_insists_on() -> None:
    assert choose('node24', {ALLOW: 'true'}) == 24


def test_whoever_asks_for_both_gets_the_newest() -> None:
    env = {ALLOW: 'true', FORCE: 'true'}
    assert choose('node20', env) == 24
    assert is_contradictory(env)
    assert not is_contradictory({FORCE: 'true'})

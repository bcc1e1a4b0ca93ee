"""The controller is killed before or after any of its writes; another goes on from the facts.

What it had brought about by then remains; what it only meant to do is not done. The next one knows
the facts, and at its first look nobody's health.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftlock.rollout import facts as f
from liftlock.rollout.analysis import Reading
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import fold
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Capabilities, Group, Routes, Seen
from unit.rollout.stage import BAD, GOOD, IN_PLACE, ROUTED, Stage

UNWEIGHED = Capabilities(preview=True)
NOBODY = 'so nobody knows how far it came'
PATIENCE = 1500  # seconds


class Killed(Exception):
    """The process is no more."""


class Kill(NamedTuple):
    """At the `write`th write from the last start on; the next one starts `pause` seconds later."""

    write: int
    after: bool
    pause: float = 0.0


class Mortal(Stage):
    """A stage on which the controller dies; the world does not."""

    def __init__(self, text: str, capabilities: Capabilities = ROUTED) -> None:
        super().__init__(text, capabilities)
        self.stamped: list[f.Stamped] = []
        self.hooks: Counter[str] = Counter()
        self.hook = self._hook
        self.failing = ''
        self.writes = 0
        self.kill: Kill | None = None
        self.fresh = True
        self.since = self.now

    def _hook(self, hook: str, revision: str) -> bool:
        self.hooks[f'{hook} {revision}'] += 1
        return hook != self.failing or revision == 'r1'

    def say(self, *facts: f.Fact) -> None:
        self.writes += 1
        dies = self.kill is not None and self.kill.write == self.writes
        if dies and self.kill and not self.kill.after:
            raise Killed
        for fact in facts:
            self.stamped.append(f.Stamped(len(self.stamped) + 1, 1, self.now, fact))
            self.environment.take(self.stamped[-1])
        if dies:
            raise Killed

    def turn(self) -> None:
        super().turn()
        self.fresh = False

    def seen(self) -> Seen:
        seen = super().seen()._replace(since=self.since)
        if not self.fresh:
            return seen
        unknown = {
            name: Group(one.running, unknown=one.running, message='not looked at yet')
            for name, one in seen.groups.items()
        }
        return seen._replace(groups=unknown)

    def start_again(self, pause: float) -> None:
        self.environment = fold(self.stamped)
        self.now += pause
        self.fresh = True
        self.since = self.now
        self.writes = 0


# --- what is played


class Play(NamedTuple):
    """v1 runs; then v2 is deployed. `reacts` are people, who look every second."""

    text: str
    end: str
    reacts: Callable[[Mortal, Deployment], f.Fact | None] = lambda stage, one: None
    readings: Callable[[Deployment, str], Reading] = lambda one, name: GOOD
    capabilities: Capabilities = ROUTED
    never_ready: frozenset[str] = frozenset()
    kind: str = f.DEPLOY
    failing: str = ''  # hook of the new version
    first: bool = False  # v1 itself is deployed


def promotes(stage: Mortal, one: Deployment) -> f.Fact | None:
    waits = one.phase is Phase.PAUSED and one.paused is not None and not one.paused.until
    return f.Promoted(one.number, 'ada') if waits else None


def aborts(stage: Mortal, one: Deployment) -> f.Fact | None:
    far = one.revision and stage.environment.confirmed.weight(one.revision) >= 10
    return f.AbortRequested(one.number, 'ada') if far and one.abort is None else None


def bad(one: Deployment, name: str) -> Reading:
    return BAD if 'error' in name else Reading(value=0.0)


TARGET = '    target: {process: {command: serve, instances: 3}}\n'
ERRORS = "errors: {metric: error_rate, failure: '> 5%', interval: 10s, count: 2}"
HOOKS = '    hooks: {before: one, before_switch: two, after: three, after_rollback: four}\n'
BLUE_GREEN = f"""{TARGET}{HOOKS}
    strategy:
      blueGreen:
        autoPromotionEnabled: false
        prePromotionAnalysis: smoke
        postPromotionAnalysis: errors
        scaleDownDelaySeconds: 10
        abortScaleDownDelaySeconds: 10
    analysis: {{smoke: {{command: 'true'}}, {ERRORS}}}
"""
CANARY = f"""{TARGET}{HOOKS}
    strategy:
      canary:
        analysis: [errors]
        scaleDownDelaySeconds: 10
        abortScaleDownDelaySeconds: 10
        steps: [{{setWeight: 10}}, {{pause: {{duration: 30s}}}}, {{setWeight: 50}},
                {{pause: {{}}}}, {{analysis: step}}]
    analysis:
      errors: {{metric: error_rate, failure: '> 5%', interval: 10s}}
      step: {{metric: error_rate, failure: '> 5%', interval: 10s, count: 2}}
"""
PLAYS: Mapping[str, Play] = {
    'direct': Play(f'{TARGET}{HOOKS}    strategy: direct\n', 'success'),
    'rolling': Play(
        f'{TARGET}{HOOKS}    strategy: {{rolling: {{maxUnavailable: 0, maxSurge: 1}}}}\n', 'success'
    ),
    'blue-green': Play(BLUE_GREEN, 'success', promotes),
    'blue-green, bad': Play(BLUE_GREEN, 'rolled_back', promotes, bad),
    'canary': Play(CANARY, 'success', promotes),
    'canary, bad': Play(CANARY, 'rolled_back', promotes, bad),
    'canary, aborted': Play(CANARY, 'rolled_back', aborts),
    'canary by instances': Play(CANARY, 'success', promotes, capabilities=UNWEIGHED),
    'never ready': Play(BLUE_GREEN, 'failure', promotes, never_ready=frozenset({'r2'})),
    'first': Play(BLUE_GREEN, 'success', first=True),
    'first, never ready': Play(BLUE_GREEN, 'failure', never_ready=frozenset({'r1'}), first=True),
    'direct, never ready': Play(
        f'{TARGET}    strategy: direct\n', 'rolled_back', never_ready=frozenset({'r2'})
    ),
    'in place': Play(f'{TARGET}{HOOKS}', 'success', capabilities=IN_PLACE),
    'before_switch fails': Play(CANARY, 'failure', promotes, failing='before_switch'),
    'after fails': Play(CANARY, 'rolled_back', promotes, failing='after'),
    'a rollback': Play(CANARY, 'success', kind=f.ROLLBACK),
}


class End(NamedTuple):
    conclusions: tuple[str, ...]
    running: Mapping[str, int]
    routes: Routes
    stable: str
    applied: str


def begin(play: Play) -> Mortal:
    stage = Mortal(play.text, play.capabilities)
    if play.first:
        stage.never_ready = set(play.never_ready)
        stage.deploy('v1')
        stage.writes = 0
        return stage
    stage.deploy('v1')
    stage.play(20)
    assert stage[1].conclusion == 'success'
    if play.kind == f.ROLLBACK:
        stage.deploy('v0')
        stage.readings = lambda one, name: GOOD
        for _ in range(150):
            stage.turn()
            fact = promotes(stage, stage[2])
            if fact is not None:
                stage.say(fact)
            stage.now += 1
        assert stage[2].conclusion == 'success', stage[2]
    stage.readings = play.readings
    stage.never_ready = set(play.never_ready)
    stage.failing = play.failing
    stage.deploy('v1' if play.kind == f.ROLLBACK else 'v2', play.kind)
    stage.writes = 0
    return stage


def perform(stage: Mortal, play: Play, kills: Iterator[Kill]) -> End:
    number = max(stage.environment.deployments)
    stage.kill = next(kills, None)
    until = stage.now + PATIENCE
    ended = 0
    while ended < 20:  # seconds after its end, so that old versions go
        assert stage.now < until, f'it never ended: {stage.stamped[-5:]}'
        ended += stage[number].phase is Phase.ENDED
        try:
            stage.turn()
        except Killed:
            assert stage.kill is not None
            stage.start_again(stage.kill.pause)
            until += stage.kill.pause
            stage.kill = next(kills, None)
            continue
        fact = play.reacts(stage, stage[number])
        if fact is not None:
            stage.writes -= 1
            kill, stage.kill = stage.kill, None
            stage.say(fact)
            stage.kill = kill
        stage.now += 1
    return End(
        tuple(one.conclusion for one in stage.environment.deployments.values()),
        {name: count for name, count in stage.running.items() if count},
        stage.routes,
        stage.environment.stable,
        stage.applied,
    )


@cache
def without_a_kill(name: str) -> End:
    return perform(begin(PLAYS[name]), PLAYS[name], iter(()))


def check(name: str, *kills: Kill) -> None:
    play = PLAYS[name]
    undisturbed = without_a_kill(name)
    assert undisturbed.conclusions[-1] == play.end, undisturbed
    stage = begin(play)
    found = perform(stage, play, iter(kills))
    one = stage[max(stage.environment.deployments)]
    told = [each.fact for each in stage.stamped if isinstance(each.fact, f.DeploymentFinished)]
    assert len(told) == len(stage.environment.deployments), 'each ends once'
    assert not [hook for hook, count in stage.hooks.items() if count > 1], 'no hook runs twice'
    if one.back is not None and NOBODY in one.back.reason:
        assert found.stable == one.stable
        whole = 0 if play.capabilities is IN_PLACE or play.first else 100
        assert found.routes.weight(one.stable) == whole
        return
    assert found == undisturbed, one


def writes(name: str) -> int:
    play = PLAYS[name]
    stage = begin(play)
    perform(stage, play, iter(()))
    return stage.writes


@pytest.mark.parametrize('name', PLAYS)
def test_killed_once_anywhere_it_comes_to_the_same_end(name: str) -> None:
    for write in range(1, writes(name) + 1):
        for after in (False, True):
            check(name, Kill(write, after))


KILLS = st.builds(
    Kill, st.integers(1, 30), st.booleans(), st.sampled_from([0.0, 0.5, 60.0, 3600.0, 90000.0])
)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(PLAYS)), st.lists(KILLS, max_size=6))
def test_killed_again_and_again_it_comes_to_the_same_end(name: str, kills: list[Kill]) -> None:
    check(name, *kills)

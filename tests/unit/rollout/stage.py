"""A place that does what it is told at once, and a clock that one can turn: for tests of `decide`.

stage = Stage(text of one environment)
stage.deploy('v1')          # requested, allowed; returns its number
stage.play(60)              # decisions obeyed, second by second
"""

from collections.abc import Callable
from typing import Any

from liftlock.language.settings.parse import parse
from liftlock.rollout import decisions as d
from liftlock.rollout import facts as f
from liftlock.rollout.analysis import TEMPLATES, Reading, assess, measured, of_condition
from liftlock.rollout.course import Terms
from liftlock.rollout.decide import decide, governing
from liftlock.rollout.deployment import Deployment, Trial
from liftlock.rollout.environment import Environment
from liftlock.rollout.sight import Capabilities, Group, Routes, Seen
from liftlock.rollout.version import Version

ROUTED = Capabilities(weights=True, headers=True, mirrors=True, preview=True, metrics=True)
IN_PLACE = Capabilities(in_place=True)
GOOD = Reading(value=0.0, requests=1000, errors=0)
BAD = Reading(value=0.5, requests=1000, errors=500)


class Stage:
    def __init__(self, text: str, capabilities: Capabilities = ROUTED) -> None:
        parsed = parse('liftlock.yml', f'environments:\n  production:\n{text}')
        assert parsed.settings, parsed.diagnostics
        settings = parsed.settings.environments['production']
        conditions = {
            f'{one.metric} {one.operator} {one.value:g}{one.unit}': of_condition(one)
            for one in (settings.rollback.on if settings.rollback else ())
            if one.operator
        }
        unhealthy = bool(settings.rollback and any(not c.operator for c in settings.rollback.on))
        analyses = {**TEMPLATES, **settings.analysis, **conditions}
        self.terms = Terms(settings, capabilities, analyses, tuple(conditions), unhealthy)
        self.environment = Environment()
        self.now = 1000.0
        self.facts: list[f.Fact] = []
        self.running: dict[str, int] = {}
        self.routes = Routes()
        self.applied = ''
        self.asked: list[d.Decision] = []
        self.never_ready: set[str] = set()
        self.readings: Callable[[Deployment, str], Reading] = lambda one, name: GOOD
        self.hook: Callable[[str, str], bool] = lambda hook, revision: True
        self.failed = ''
        self.pauses = ''  # a place's own
        self.dead: set[str] = set()  # operations that were begun when the controller died

    # --- people

    def say(self, *facts: f.Fact) -> None:
        for fact in facts:
            self.facts.append(fact)
            self.environment.take(f.Stamped(len(self.facts), 1, self.now, fact))

    def deploy(self, name: str, kind: str = f.DEPLOY, *, fast: bool = False) -> int:
        number = self.environment.next_number
        version = Version(name, commit=name * 8)
        self.say(
            f.DeploymentRequested(number, kind, version, 'settings', 'ada', fast=fast),
            f.DeploymentAllowed(number),
        )
        return number

    def deployed(self, name: str) -> int:
        number = self.deploy(name)
        self.play(120)
        assert self[number].conclusion == 'success', self[number]
        return number

    def __getitem__(self, number: int) -> Deployment:
        return self.environment.deployments[number]

    # --- time

    def play(self, seconds: float, step: float = 1.0) -> None:
        """Stops early once nothing is due any more."""
        end = self.now + seconds
        while self.now < end:
            self.turn()
            self.now += step

    def until(self, truth: Callable[[], Any], patience: int = 2000) -> None:
        for _ in range(patience):
            if truth():
                return
            self.turn()
            self.now += 1.0
        raise AssertionError(f'it never came: {self.told()}')

    def turn(self) -> None:
        for one in self.environment.waiting:
            self.say(f.DeploymentAllowed(one.number))
        for _ in range(200):
            number = governing(self.environment)
            if not number:
                return
            decisions = decide(self.environment, self.terms, self.seen(), self.now)
            records = [one.fact for one in decisions if isinstance(one, d.Record)]
            if not records:
                break
            self.say(*records)
        else:
            raise AssertionError(f'no end: {self.told()[-12:]}')
        for one in decisions:
            self.obey(number, one)

    def seen(self) -> Seen:
        groups = {
            name: Group(
                running,
                0 if name in self.never_ready else running,
                message='it does not answer' if name in self.never_ready else '',
            )
            for name, running in self.running.items()
        }
        routed = not self.terms.capabilities.in_place
        paused = self.pauses if self.applied == self._newest() else ''
        settled = bool(self.applied) and not self.failed and not paused
        routes = self.routes if routed else None
        return Seen(groups, routes, self.applied, settled, self.failed, paused=paused)

    def _newest(self) -> str:
        return max(self.environment.versions, default='')

    def obey(self, number: int, decision: d.Decision) -> None:
        self.asked.append(decision)
        match decision:
            case d.Scale(revision, instances):
                self.running[revision] = instances
            case d.Shift(routes):
                self.routes = routes
            case d.Remove():
                self.running.clear()
                self.routes = Routes()
                self.say(f.Withdrawn())
            case d.Prepare(revision):
                self.say(f.Prepared(number, revision))
            case d.Apply(revision):
                back = self[number].back is not None
                operation = f'apply:{revision}' + (':back' if back else '')
                self._operate(number, operation, lambda: self._apply(revision))
            case d.Advance(operation, _):
                self._operate(number, operation, self._lift)
            case d.Run(hook, revision):
                self._operate(number, f'hook:{hook}', lambda: self.hook(hook, revision))
            case d.Measure(stage, name):
                one = self[number]
                trial = one.trials.get((stage, name), Trial(0.0))
                reading = self.readings(one, name)
                found = assess(self.terms.analyses[name], reading, trial.tally)
                self.say(measured(number, stage, name, reading, found))

    def _apply(self, revision: str) -> bool:
        self.applied = revision
        return True

    def _lift(self) -> bool:
        self.pauses = ''
        return True

    def _operate(self, number: int, operation: str, task: Callable[[], bool]) -> None:
        self.say(f.OperationStarted(number, operation))
        ok = task()
        if operation not in self.dead:
            self.say(f.OperationFinished(number, operation, ok, '' if ok else 'exit code 1'))

    # --- what happened

    def told(self) -> list[str]:
        return [repr(fact) for fact in self.facts]

    def steps(self, number: int) -> list[str]:
        return [
            fact.name
            for fact in self.facts
            if isinstance(fact, f.StepFinished) and fact.number == number
        ]

    def weights(self, number: int) -> list[int]:
        """Percent of the traffic that the new revision had, one after the other."""
        revision = self[number].revision
        found = [
            fact.routes.weight(revision)
            for fact in self.facts
            if isinstance(fact, f.Shifted) and fact.number == number
        ]
        return [one for at, one in enumerate(found) if at == 0 or one != found[at - 1]]

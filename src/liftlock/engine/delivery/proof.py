"""Whether what a job has deployed is well, once its commands have ended well.

It is looked at from outside, by its URL: first `health_checks:`, until all of them are satisfied,
then `tests:`, and for as long as `rollback: watch:` says the conditions that would take it back.
Rules and facts are those of what Liftlock deploys itself; only the router is missing, and with it
whatever it would have counted.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import measuring, variables
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.healthwatch import HealthWatch
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Measuring, Probe
from liftlock.engine.delivery.stream import Stream
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import HealthCheck
from liftlock.rollout import course, trials
from liftlock.rollout import facts as f
from liftlock.rollout.decisions import Decision, Hold, Measure, Record
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Capabilities, Instance, Seen
from liftlock.rollout.steps import Scene

PERIOD: Final = 0.25  # seconds between two looks at what probes and people have said
OUTSIDE: Final = Capabilities(in_place=True)
PORTS: Final = {'http': 80, 'https': 443}


class Eyes(NamedTuple):
    """What looks, and where the files of a version are laid down for commands that look."""

    probe: Probe
    measure: Measuring
    hooks: Hooks
    directory: Path


class Case(NamedTuple):
    """A deployment whose job has ended well, and what there is to know of it."""

    stream: Stream
    number: int
    blueprint: Blueprint
    url: str = ''
    secrets: Mapping[str, str] = {}

    @property
    def deployment(self) -> Deployment:
        return self.stream.environment.deployments[self.number]


class Bad(NamedTuple):
    """`cause` as in RollbackStarted."""

    cause: str
    reason: str


class Proof:
    """`say` takes lines for the job's log."""

    def __init__(self, eyes: Eyes, case: Case, say: Callable[[str], None]) -> None:
        self._eyes = eyes
        self._case = case
        self._say = say
        self._terms = blueprints.terms(case.blueprint, OUTSIDE)
        self._environment = self._terms.environment
        self._url = (case.url or self._environment.url).rstrip('/')
        self._checks = checks(self._environment.health_checks, self._url)
        self._instance = Instance('url', '', alive=True, address=_address(self._url))
        self._health = HealthWatch(eyes.probe, lambda: None)

    async def find(self) -> Bad | None:
        """What is bad about it; None if nothing is. UserError if nobody can tell."""
        try:
            return await self._get_well() or await self._test() or await self._watch()
        finally:
            await self._health.end()

    # --- health

    async def _get_well(self) -> Bad | None:
        if not self._checks:
            return None
        told = ', '.join(dict.fromkeys(map(_subject, self._checks)))
        self._say(f'Health checks: {told}')
        limit = self._environment.progress_deadline_seconds
        deadline = time.time() + limit
        while why := self._look():
            if time.time() > deadline:
                return Bad('health', f'it did not become healthy within {limit} s: {why}')
            await asyncio.sleep(PERIOD)
        self._say('It is healthy.')
        return None

    def _look(self) -> str:
        """Why it is not healthy, as far as is known."""
        one = (self._instance,)
        self._health.look(one, self._checks, {'URL': self._url}, time.time())
        healthy, why = self._health.verdict(self._instance, self._checks)
        return '' if healthy else why

    # --- tests and conditions

    async def _test(self) -> Bad | None:
        names = tuple(word.text for word in self._environment.tests)
        if not names:
            return None
        self._say(f'Tests: {", ".join(names)}')
        while True:
            outcome = await self._go_on(course.TESTS, names)
            if outcome.failed:
                return Bad('tests', outcome.failed)
            if outcome.good:
                self._say(outcome.message)
                return None
            if outcome.unsure:
                self._let_people_decide(outcome.unsure)
            await self._pause(outcome.decisions)

    def _let_people_decide(self, why: str) -> None:
        case = self._case
        if case.deployment.phase is Phase.PAUSED or not case.stream.write(
            f.Paused(case.number, why)
        ):
            return
        self._say(f'{why} (liftlock promote, or abort, {case.stream.place.name})')

    async def _watch(self) -> Bad | None:
        rollback, conditions = self._environment.rollback, self._terms.conditions
        unhealthy = self._terms.unhealthy and bool(self._checks)
        if rollback is None or not rollback.watch or not (conditions or unhealthy):
            return None
        told = (*conditions, *(['unhealthy'] if unhealthy else ()))
        self._say(f'Watched for {rollback.watch:g} s: {", ".join(told)}')
        end = time.time() + rollback.watch
        while time.time() < end:
            outcome = await self._go_on(course.WATCH, conditions)
            if outcome.failed:
                return Bad('condition', outcome.failed)
            if unhealthy and (why := self._look()):
                return Bad('health', f'unhealthy: {why}')
            await self._pause(outcome.decisions, end)
        self._write(trials.stop(self._case.deployment, frozenset({course.WATCH})))
        return None

    async def _go_on(self, stage: str, names: tuple[str, ...]) -> trials.Outcome:
        case = self._case
        case.stream.read()
        environment = case.stream.environment
        scene = Scene(environment, case.deployment, self._terms, Seen(), time.time())
        outcome = trials.run(scene, stage, names)
        self._write(outcome.decisions)
        due = [one for one in outcome.decisions if isinstance(one, Measure)]
        for fact in await asyncio.gather(*map(self._measure, due)):
            while not case.stream.write(fact):
                pass  # what somebody else has written changes nothing about what was measured
        return outcome

    def _write(self, decisions: Iterable[Decision]) -> None:
        """What is not written, because there is news, is decided again."""
        for one in decisions:
            if isinstance(one, Record) and not self._case.stream.write(one.fact):
                return

    async def _measure(self, due: Measure) -> f.Measured:
        case, eyes = self._case, self._eyes
        analysis, one = self._terms.analyses[due.analysis], case.deployment
        directory = ''
        if analysis.command:
            directory = str(await eyes.hooks.files(one.version, eyes.directory))
        addresses = {'public': self._url, 'preview': self._url}
        contexts = variables.contexts(case.blueprint, one.version, case.secrets, addresses)
        asked = measuring.Asked(due.stage, due.analysis, contexts, directory)
        return await measuring.measure(eyes.measure, None, analysis, one, asked)

    async def _pause(self, decisions: Sequence[Decision], end: float = 0.0) -> None:
        if any(isinstance(one, Record | Measure) for one in decisions):
            return  # something has changed, so more may be due
        moments = [one.until for one in decisions if isinstance(one, Hold) and one.until]
        until = min((*moments, time.time() + PERIOD))
        await asyncio.sleep(max(0.01, until - time.time()))


def checks(declared: Sequence[HealthCheck], url: str) -> tuple[HealthCheck, ...]:
    """With whole addresses. UserError where there is no URL to begin them with."""
    lacking = [one.endpoint for one in declared if one.endpoint.startswith('/')]
    if lacking and not url:
        raise UserError(
            f'nobody can ask for {lacking[0]}: neither the job nor liftlock.yml says at which URL',
            'add url: to the environment',
        )
    return tuple(
        one._replace(endpoint=url + one.endpoint) if one.endpoint.startswith('/') else one
        for one in declared
    )


def _address(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname:
        return ''
    host = f'[{parts.hostname}]' if ':' in parts.hostname else parts.hostname
    return f'{host}:{parts.port or PORTS.get(parts.scheme, 80)}'


def _subject(check: HealthCheck) -> str:
    return check.endpoint or (f'port {check.tcp}' if check.tcp is not None else check.command)

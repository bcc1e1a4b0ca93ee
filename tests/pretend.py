"""A runner without processes, for tests of the engine: each step's script says what it does.

ok · fail · boom (a bug) · set NAME=VALUE (a job output) · wait NAME (until released)
· secret NAME (into the outputs) · full (the disk) · artifact NAME
· leg KEY (fails in that leg of a matrix; others never end)
· blocked NAME (until released, and before the job's first step begins)
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from liftlock.engine.inline import Inline
from liftlock.engine.submission import Hands, Submission, Terms
from liftlock.errors import UserError
from liftlock.language.workflow import Run, Step
from liftlock.plan.event import Event
from liftlock.plan.facts import (
    ArtifactStored,
    Fact,
    JobBlocked,
    JobFinished,
    Stamped,
    StepFinished,
    StepStarted,
)
from liftlock.plan.make import make
from liftlock.plan.plan import Plan, Request
from liftlock.runner.ports import JobRequest, Log, Report, Stop, World
from liftlock.store.database import Store

WORKFLOW = '.github/workflows/ci.yml'


class Watching:
    """Remembers everything that it was told."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.lines: list[tuple[str, int, str]] = []

    def take(self, stamped: Stamped) -> None:
        self.facts.append(stamped.fact)

    def hear(self, job: str, number: int, lines: str) -> None:
        self.lines.append((job, number, lines))


class Pretend:
    """ran: how often each job was run; most: how many ran at the same time, at most
    steps: how often each step was run, by job and script"""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self.steps: Counter[str] = Counter()
        self.requests: dict[str, JobRequest] = {}
        self.order: list[str] = []
        self.ended: list[str] = []
        self.most = self.now = 0
        self._gates: dict[str, asyncio.Event] = {}

    def gate(self, name: str) -> asyncio.Event:
        return self._gates.setdefault(name, asyncio.Event())

    async def run_job(
        self, request: JobRequest, world: World, report: Report, log: Log, stop: Stop
    ) -> JobFinished:
        key = request.plan.key
        self.ran[key] += 1
        self.requests[key] = request
        self.order.append(key)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self._steps(request, report, log, stop)
        finally:
            self.now -= 1

    async def _steps(
        self, request: JobRequest, report: Report, log: Log, stop: Stop
    ) -> JobFinished:
        key, outputs = request.plan.key, dict[str, str]()
        word, _, name = _script(request.plan.job.steps[0]).partition(' ')
        if word == 'blocked':
            report(JobBlocked(key, f'waits for {name}'))
            if await self._until(name, stop) == 'cancelled':
                return JobFinished(key, 'cancelled', outputs)
        for number, step in enumerate(request.plan.job.steps, 1):
            script = _script(step)
            report(StepStarted(key, number, step.id, script))
            log.write(number, f'$ {script}')
            await asyncio.sleep(0)
            conclusion = await self._step(script, request, outputs, (report, stop))
            report(StepFinished(key, number, conclusion, conclusion))
            if conclusion != 'success':
                return JobFinished(key, conclusion, outputs)
        return JobFinished(key, 'success', outputs)

    async def _step(
        self,
        script: str,
        request: JobRequest,
        outputs: dict[str, str],
        ways: tuple[Report, Stop],
    ) -> str:
        report, stop = ways
        self.steps[f'{request.plan.key}: {script}'] += 1
        word, _, rest = script.partition(' ')
        match word:
            case 'set':
                outputs.update([rest.split('=', 1)])
            case 'secret':
                outputs[rest] = request.secrets.get(rest, 'none')
            case 'wait':
                return await self._until(rest, stop)
            case 'artifact':
                report(ArtifactStored(request.plan.key, rest, 'digest', 1, 1))
            case 'leg':
                if request.plan.key != rest:
                    return await self._until('never', stop)
                return 'failure'
            case 'full':
                raise UserError('the disk is full')
            case 'boom':
                raise ZeroDivisionError('a bug')
        return 'failure' if word == 'fail' else 'success'

    async def _until(self, name: str, stop: Stop) -> str:
        gate = asyncio.create_task(self.gate(name).wait())
        stopped = asyncio.create_task(stop.requested.wait())
        await asyncio.wait([gate, stopped], return_when=asyncio.FIRST_COMPLETED)
        gate.cancel()
        stopped.cancel()
        return 'cancelled' if stop.requested.is_set() else 'success'


def _script(step: Step) -> str:
    assert isinstance(step.does, Run)
    return str(step.does.script.value)  # type: ignore[union-attr]


def hands(runner: Pretend) -> Hands:
    def world(run: int, submission: Submission) -> World:
        nothing: Path = Path('/nonexistent')
        return World(None, None, None, None, nothing, nothing)  # type: ignore[arg-type]

    return Hands(
        world=world,
        run_job=runner.run_job,
        end_leftovers=runner.ended.append,
        prune=lambda before, kept: None,
    )


def submission(workflow: str, **more: object) -> Submission:
    """A push of this workflow to `main`."""
    event = Event('push', {}, 'refs/heads/main', 'a' * 40, 'owner/name', 'me')
    request = Request(event, WORKFLOW, {WORKFLOW: workflow}, 0, 0)
    plan = make(request)
    assert isinstance(plan, Plan), plan
    return Submission(request, plan.name, plan.title, **more)  # type: ignore[arg-type]


def engine(store: Store, runner: Pretend, *, slots: int = 2) -> Inline:
    return Inline(store, hands(runner), slots=slots)


def terms(**secrets: str) -> Terms:
    return Terms(secrets=secrets)


def jobs(**scripts: str | tuple[str, ...] | Mapping[str, object]) -> str:
    """A workflow of jobs with these one-step scripts, or these steps."""
    lines = ['on: push', 'jobs:']
    for key, script in scripts.items():
        steps = (script,) if isinstance(script, str) else script
        lines += [f'  {key}:', '    runs-on: ubuntu-latest', '    steps:']
        lines += [f'    - run: {step}' for step in steps]
    return '\n'.join(lines) + '\n'

"""Brings about what the core has decided: each deed a task with a name, at most once at a time.

What must not happen twice is announced by a fact before it begins, and told by another after it.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

from liftlock.engine.delivery import measuring, variables
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.ground import Ground, Stand
from liftlock.engine.delivery.holding import Holding
from liftlock.engine.delivery.ports import Adopting, Meter, Pausing, Target
from liftlock.engine.delivery.work import Work
from liftlock.errors import UserError
from liftlock.language.settings import model
from liftlock.rollout import decisions as d
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import BEFORE
from liftlock.rollout.trouble import Trouble

Done = tuple[bool, str, str]  # whether it went well, what was said, the provider's id


class Deeds:
    def __init__(self, bench: Bench, holding: Holding, ground: Ground, work: Work) -> None:
        self._bench = bench
        self._holding = holding
        self._ground = ground
        self._work = work

    def begin(self, decision: d.Decision, stand: Stand) -> None:
        """Unless it is under way already."""
        target, work = stand.target, self._work
        match decision:
            case d.Scale(revision, instances):
                task = partial(self._scale, target, revision, instances)
                work.start(f'scale:{revision}', task, instances)
            case d.Shift(routes):
                work.start('shift', partial(target.route, routes), routes)
            case d.Remove():
                work.start('remove', partial(self._remove, target))
            case d.Prepare(revision):
                work.start('prepare', partial(self._prepare, target, revision))
            case d.Apply(revision, back):
                name = f'apply:{revision}' + (':back' if self._holding.returning else '')
                self._operate(name, partial(self._apply, target, revision, back))
            case d.Advance(operation, full):
                self._operate(operation, partial(self._advance, target, full))
            case d.Run(hook, revision):
                self._operate(f'hook:{hook}', partial(self._hook, stand, hook, revision))
            case d.Measure(stage, analysis):
                look = partial(self._measure, stand, stage, analysis)
                work.start(f'measure:{stage}:{analysis}', look)

    async def _scale(self, target: Target, revision: str, instances: int) -> None:
        find = self._ground.revision if instances else self._ground.bare
        await target.scale(find(revision), instances)

    async def _remove(self, target: Target) -> None:
        await target.stop()
        self._ground.stand = None
        self._holding.append([f.Withdrawn()])

    async def _prepare(self, target: Target, revision: str) -> None:
        number = self._holding.number
        message = await target.prepare(self._ground.revision(revision))
        self._holding.append([*await self._found(target), f.Prepared(number, revision, message)])

    async def _found(self, target: Target) -> list[f.Fact]:
        """Before the first deployment changes anything: what is there can be gone back to."""
        if self._holding.environment.stable or not target.capabilities.adopts:
            return []
        version = await cast(Adopting, target).adopt()
        return [f.Adopted(BEFORE, version)] if version is not None else []

    # --- what must not happen twice

    def _operate(self, operation: str, task: Callable[[], Awaitable[Done]]) -> None:
        self._work.start(operation, partial(self._carry_out, operation, task))

    async def _carry_out(self, operation: str, task: Callable[[], Awaitable[Done]]) -> None:
        """Announce it, do it, and say what became of it."""
        number = self._holding.number
        self._holding.append([f.OperationStarted(number, operation)])
        try:
            ok, told, identity = await task()
        except (Trouble, UserError) as error:
            ok, told, identity = False, str(error), ''
        message, _, output = told.partition('\n')
        ended = f.OperationFinished(number, operation, ok, message, output, identity)
        self._holding.append([ended])

    async def _apply(self, target: Target, revision: str, back: bool) -> Done:
        return True, '', await target.apply(self._ground.revision(revision), back=back)

    async def _advance(self, target: Target, full: bool) -> Done:
        await cast(Pausing, target).promote(full=full)
        return True, '', ''

    async def _hook(self, stand: Stand, hook: str, revision: str) -> Done:
        known, place = self._ground.revision(revision), self._holding.place
        addresses = self._ground.addresses()
        env = {
            **known.env,
            'ENVIRONMENT': place.name,
            'REVISION': revision,
            'VERSION': known.version.name,
            'COMMIT': known.version.commit,
            'URL': addresses.get('public', ''),
            'PREVIEW_URL': addresses.get('preview', ''),
        }
        command = getattr(stand.environment.hooks, hook)
        deadline = float(stand.environment.progress_deadline_seconds)
        return await self._bench.hooks.run(command, known, env, self._bench.room(place), deadline)

    # --- measurements

    async def _measure(self, stand: Stand, stage: str, name: str) -> None:
        holding, analysis = self._holding, stand.terms.analyses[name]
        one = holding.environment.deployments[holding.number]
        secrets, entrances = self._bench.secrets(holding.place), self._ground.entrances(stand)
        contexts = variables.contexts(stand.blueprint, one.version, secrets, entrances)
        meter = cast(Meter, stand.target) if stand.terms.capabilities.metrics else None
        directory = await self._directory(analysis, one)
        asked = measuring.Asked(stage, name, contexts, directory)
        fact = await measuring.measure(self._bench.measure, meter, analysis, one, asked)
        holding.append([fact])

    async def _directory(self, analysis: model.Analysis, one: Deployment) -> str:
        """Commands find the files of the version that they are about."""
        if not analysis.command:
            return ''
        room = self._bench.room(self._holding.place)
        return str(await self._bench.hooks.files(one.version, room))

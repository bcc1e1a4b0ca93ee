"""One environment, held and carried on: facts in, decisions obeyed, for as long as it exists.

A *turn* reads what others have written, looks at the place, asks the core what follows, and writes
that down; only then its consequences begin. So nothing happens that the store does not know of.
What a `kill -9` cuts off is asked for again by the next controller: bringing a state about twice
changes nothing, and what must not happen twice was announced before it began.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from liftlock.engine.delivery import admission, variables
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.healthwatch import HealthWatch
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Adopting, Measuring, Meter, Pausing, Probe, Target
from liftlock.engine.delivery.syncing import Desire, Looked, Syncing, no_desire
from liftlock.engine.delivery.work import Work
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout import decisions as d
from liftlock.rollout import facts as f
from liftlock.rollout import wire
from liftlock.rollout.course import Terms
from liftlock.rollout.decide import decide, governing
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import BEFORE, Environment
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Instance, Seen, Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Behind, Place

MOVING: Final = 0.2  # seconds between two looks while a deployment goes on
STANDING: Final = 1.0  # while something runs that must be kept up
NOTHING: Final = 30.0  # while there is nothing to look at
PATIENCE: Final = 100  # turns of one decision; more would be a bug

log = logging.getLogger(__name__)


class Bench(NamedTuple):
    """What the supervisor has for all environments. `directory` is `<state>/delivery`."""

    store: Store
    target: Callable[[Place, Blueprint, model.Environment, Path], Awaitable[Target]]
    secrets: Callable[[Place], Mapping[str, str]]
    hooks: Hooks
    probe: Probe
    measure: Measuring
    directory: Path
    teams: Mapping[str, Sequence[str]] = {}
    desire: Desire = no_desire


class Stand(NamedTuple):
    """The place as one blueprint makes it."""

    settings: str
    blueprint: Blueprint
    environment: model.Environment
    target: Target
    terms: Terms


class Controller:
    def __init__(self, bench: Bench, place: Place) -> None:
        self._bench = bench
        self._place = place
        self._environment = Environment()
        self._token = place.token
        self._woken = asyncio.Event()
        self._work = Work(self._ended)
        self._health = HealthWatch(bench.probe, self.wake)
        self._syncing = Syncing(bench.desire)
        self._stand: Stand | None = None
        self._revisions: dict[str, Revision] = {}
        self._troubles: dict[str, str] = {}  # what was told, by what it hinders
        self._governing = 0  # the deployment whose troubles they are
        self._hold = 0.0
        self._begun = time.time()
        self.sight = Sight()  # as of the last turn
        self.seen = Seen()

    @property
    def busy(self) -> bool:
        """Whether somebody has to stay: something runs, waits or is under way."""
        environment = self._environment
        return bool(
            environment.active
            or environment.line
            or environment.waiting
            or any(environment.wanted.values())
            or environment.withdrawing
            or self._work.underway
            or self._syncs
            or self._watches
        )

    @property
    def _syncs(self) -> bool:
        """Whether what git says counts here."""
        stand, environment = self._stand, self._environment
        return bool(environment.stable and stand is not None and stand.environment.sync)

    @property
    def _watches(self) -> bool:
        """Whether the last deployment may still be taken back by itself."""
        last = self._environment.deployments.get(governing(self._environment))
        rollback = self._stand.environment.rollback if self._stand is not None else None
        if last is None or rollback is None:
            return False
        return time.time() < last.finished_at + rollback.watch

    @property
    def _lives(self) -> bool:
        """Whether there is something to look at, or to be done."""
        environment = self._environment
        return bool(
            environment.stable or environment.active or environment.line or environment.wanted
            or environment.withdrawing
        )  # fmt: skip

    async def look(self) -> Mapping[str, Any]:
        """What is there now, as JSON."""
        if self._stand is None:
            raise UserError(f'nothing runs in {self._place.name}')
        try:
            sight = await self._stand.target.look()
        except Trouble as trouble:
            raise UserError(str(trouble), trouble.hint) from None
        groups = {name: group._asdict() for name, group in self.seen.groups.items()}
        known = {**self._addresses(), 'groups': groups}
        return {'sight': wire.plain(sight), **known, 'address': known['public']}

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled, or somebody else has taken the environment over (StaleToken)."""
        self._read()
        await self._end_leftovers()
        try:
            while True:
                pause = await self._turn()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._woken.wait()
                self._woken.clear()
        finally:
            await self._work.end()
            await self._health.end()
            if self._stand is not None:
                await self._stand.target.close()

    async def _end_leftovers(self) -> None:
        """What nobody waits for any more must not go on beside what undoes it."""
        active = self._environment.active
        operations = active.operations.items() if active else ()
        if any(ended is None and name.startswith('hook:') for name, ended in operations):
            place = self._bench.directory / str(self._place.id)
            await asyncio.to_thread(self._bench.hooks.end_leftovers, place)

    # --- a turn

    async def _turn(self) -> float:
        """Everything that is due now; returns how long nothing is due by time."""
        self._read()
        self._refuse_stale()
        now = time.time()
        self._hold = now + NOTHING
        self._admit(now)
        number = governing(self._environment)
        if not number or not self._lives or self._is_a_jobs(number):
            return self._hold - now
        self._begin_anew(number)
        try:
            stand = await self._stand_for(number)
            self.sight = await stand.target.look()
            self._health.look(self._watched(stand), self._checks(stand), {}, now)
            self.seen = self._seen(stand, now)
            self._trouble_over('look')
        except (Trouble, UserError) as error:
            self._trouble('look', error)
            return STANDING
        for decision in self._settle(number, stand.terms, now):
            self._obey(decision, stand)
        self._look_at_git(stand, now)
        return self._pause(number, now)

    def _begin_anew(self, number: int) -> None:
        """What hindered one deployment is told again if it hinders the next, which neither waits
        for what the other has tried in vain."""
        if number != self._governing:
            self._governing = number
            self._troubles.clear()
            self._work.forget_troubles()

    def _is_a_jobs(self, number: int) -> bool:
        """Then its run carries it out, and there may not even be a target here."""
        return self._environment.deployments[number].request.kind == f.JOB

    def _pause(self, number: int, now: float) -> float:
        environment = self._environment
        if governing(environment) != number:
            return 0.0
        active = environment.active
        moves = active is not None and active.phase is not Phase.PAUSED
        stands = any(environment.wanted.values()) or self._watches
        pause = MOVING if moves else STANDING if stands else NOTHING
        return max(0.02, min(pause, self._hold - now))

    def _settle(self, number: int, terms: Terms, now: float) -> tuple[d.Decision, ...]:
        """Write down what is to be recorded until nothing more is; return the rest."""
        for _ in range(PATIENCE):
            decisions = decide(self._environment, terms, self.seen, now)
            records = [each.fact for each in decisions if isinstance(each, d.Record)]
            if not records:
                return decisions
            if not self._append(records, decided=True):
                self._read()
            if governing(self._environment) != number:
                self.wake()
                return ()
        raise AssertionError(f'no end of records: {records}')

    def _read(self) -> None:
        seq = self._environment.seq
        for stamped in deliveries.facts(self._bench.store, self._place.id, seq):
            self._environment.take(stamped)

    def _refuse_stale(self) -> None:
        """Who was stopped for a while, and followed by another, must not bring about anything."""
        if self._token and deliveries.place(self._bench.store, self._place.id).token != self._token:
            raise deliveries.StaleToken(f'{self._place.name} is held by somebody else now')

    def _append(self, facts: Sequence[f.Fact], *, decided: bool = False) -> bool:
        """False if somebody has written since the facts were `decided`."""
        after = self._environment.seq if decided else None
        place, token = self._place.id, self._token
        try:
            stamped = deliveries.append(self._bench.store, place, facts, token, after)
        except Behind:
            return False
        if stamped and stamped[0].seq == self._environment.seq + 1:
            for each in stamped:
                self._environment.take(each)
        else:
            self._read()  # with what others have written in between
        return True

    # --- what holds deployments

    def _admit(self, now: float) -> None:
        for one in self._environment.waiting:
            if one.request.kind == f.JOB:
                continue  # its run asks for itself
            if one.abort is not None:
                why = f'{one.abort.by} cancelled it'
                self._append([f.DeploymentFinished(one.number, 'cancelled', why)])
                continue
            try:
                settings = blueprints.environment(self._blueprint(one.request.settings))
            except UserError as error:
                self._append([f.DeploymentFinished(one.number, 'rejected', str(error))])
                continue
            store, repository = self._bench.store, self._place.repository
            known = admission.known(store, repository, one, settings, self._bench.teams)
            fact = admission.judge(one, settings, known, now)
            if fact is not None:
                self._append([fact])
            elif one.held_until:
                self._hold = min(self._hold, one.held_until)
            if settings.needs:
                self._hold = min(self._hold, now + 5.0)  # other environments don't wake this one
        self._drop_cancelled()

    def _drop_cancelled(self) -> None:
        for one in self._environment.line:
            if one.abort is not None and one.request.kind != f.JOB:
                why = f'{one.abort.by} cancelled it'
                self._append([f.DeploymentFinished(one.number, 'cancelled', why)])

    # --- the place

    def _blueprint(self, digest: str) -> Blueprint:
        return blueprints.load(deliveries.text(self._bench.store, digest))

    async def _stand_for(self, number: int) -> Stand:
        digest = self._environment.deployments[number].request.settings
        if self._stand is not None and self._stand.settings == digest:
            return self._stand
        blueprint = self._blueprint(digest)
        environment = blueprints.environment(blueprint)
        if self._stand is not None:
            await self._work.end()  # what is still wanted is asked for again
            await self._stand.target.close()
            self._stand = None
        directory = self._bench.directory / str(self._place.id)
        target = await self._bench.target(self._place, blueprint, environment, directory)
        terms = blueprints.terms(blueprint, target.capabilities)
        self._stand = Stand(digest, blueprint, environment, target, terms)
        return self._stand

    def _revision(self, name: str) -> Revision:
        """With its own settings and variables, and the secrets of today."""
        known = self._revisions.get(name)
        if name == BEFORE:
            return _bare(self._environment, name)
        if known is None:
            one = next(
                each for each in self._environment.deployments.values() if each.revision == name
            )
            secrets = self._bench.secrets(self._place)
            blueprint = self._blueprint(one.request.settings)
            version = self._environment.versions[name]
            known = variables.revision(name, version, blueprint, secrets, self._addresses())
            self._revisions[name] = known
        return known

    def _addresses(self) -> dict[str, str]:
        if self._stand is None:
            return {}
        target = self._stand.target
        return {'public': target.address(), 'preview': target.address(preview=True)}

    def _entrances(self, stand: Stand) -> dict[str, str]:
        """Where a test finds the version: without a preview, where everybody does."""
        found = self._addresses()
        if not self._environment.routes.preview:
            found['preview'] = found['public'] or stand.environment.url
        return found

    def _watched(self, stand: Stand) -> tuple[Instance, ...]:
        """A place that is updated as a whole is looked at from outside, by its URL."""
        if not stand.terms.capabilities.in_place:
            return self.sight.instances
        if not (self.sight.settled and self._checks(stand)):
            return ()
        return (Instance('url', self.sight.revision, alive=True),)

    def _checks(self, stand: Stand) -> tuple[model.HealthCheck, ...]:
        checks, url = stand.environment.health_checks, stand.environment.url.rstrip('/')
        if not stand.terms.capabilities.in_place:
            return checks
        return tuple(
            one._replace(endpoint=url + one.endpoint) if one.endpoint.startswith('/') else one
            for one in checks
            if url or not one.endpoint.startswith('/')
        )

    def _seen(self, stand: Stand, now: float) -> Seen:
        sight, checks = self.sight, self._checks(stand)
        min_ready = stand.environment.min_ready_seconds
        groups = self._health.groups(self._watched(stand), checks, min_ready, now)
        settled, message = sight.settled, sight.message
        if stand.terms.capabilities.in_place and settled and checks:
            group = groups.get(sight.revision)
            settled = bool(group and group.ready)
            message = (group.message if group else '') or message
        return Seen(
            groups,
            sight.routes,
            sight.revision,
            settled,
            sight.failed,
            message,
            paused=sight.paused,
            underway=self._work.underway,
            since=self._begun,
        )

    # --- decisions

    def _obey(self, decision: d.Decision, stand: Stand) -> None:
        target, work = stand.target, self._work
        match decision:
            case d.Hold(until, _):
                self._hold = min(self._hold, until or self._hold)
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
                operation = f'apply:{revision}' + (':back' if self._returning else '')
                update = partial(self._apply, target, revision, back)
                work.start(operation, partial(self._operate, operation, update))
            case d.Advance(operation, full):
                onward = partial(self._advance, target, full)
                work.start(operation, partial(self._operate, operation, onward))
            case d.Run(hook, revision):
                operation = f'hook:{hook}'
                command = partial(self._hook, stand, hook, revision)
                work.start(operation, partial(self._operate, operation, command))
            case d.Measure(stage, analysis):
                look = partial(self._measure, stand, stage, analysis)
                work.start(f'measure:{stage}:{analysis}', look)

    @property
    def _returning(self) -> bool:
        active = self._environment.active
        return active is not None and active.phase is Phase.RETURNING

    async def _scale(self, target: Target, revision: str, instances: int) -> None:
        known = self._revision(revision) if instances else _bare(self._environment, revision)
        await target.scale(known, instances)

    async def _remove(self, target: Target) -> None:
        await target.stop()
        self._stand = None
        self._append([f.Withdrawn()])

    async def _prepare(self, target: Target, revision: str) -> None:
        number = self._number
        message = await target.prepare(self._revision(revision))
        self._append([*await self._found(target), f.Prepared(number, revision, message)])

    async def _found(self, target: Target) -> list[f.Fact]:
        """Before the first deployment changes anything: what is there can be gone back to."""
        if self._environment.stable or not target.capabilities.adopts:
            return []
        version = await cast(Adopting, target).adopt()
        return [f.Adopted(BEFORE, version)] if version is not None else []

    async def _apply(self, target: Target, revision: str, back: bool) -> tuple[bool, str, str]:
        identity = await target.apply(self._revision(revision), back=back)
        return True, '', identity

    async def _advance(self, target: Target, full: bool) -> tuple[bool, str, str]:
        await cast(Pausing, target).promote(full=full)
        return True, '', ''

    async def _hook(self, stand: Stand, hook: str, revision: str) -> tuple[bool, str, str]:
        known = self._revision(revision)
        command = getattr(stand.environment.hooks, hook)
        deadline = float(stand.environment.progress_deadline_seconds)
        env = {
            **known.env,
            'ENVIRONMENT': self._place.name,
            'REVISION': revision,
            'VERSION': known.version.name,
            'COMMIT': known.version.commit,
            'URL': self._addresses().get('public', ''),
            'PREVIEW_URL': self._addresses().get('preview', ''),
        }
        place = self._bench.directory / str(self._place.id)
        return await self._bench.hooks.run(command, known, env, place, deadline)

    async def _operate(self, operation: str, task: Callable[[], Any]) -> None:
        """Announce it, do it, and say what became of it; one of the two facts is always there."""
        number = self._number
        self._append([f.OperationStarted(number, operation)])
        try:
            ok, told, identity = await task()
        except (Trouble, UserError) as error:
            ok, told, identity = False, str(error), ''
        message, _, output = told.partition('\n')
        self._append([f.OperationFinished(number, operation, ok, message, output, identity)])

    async def _measure(self, stand: Stand, stage: str, name: str) -> None:
        from liftlock.engine.delivery import measuring

        number = self._number
        one = self._environment.deployments[number]
        fact = await measuring.measure(
            self._bench.measure,
            cast(Meter, stand.target) if stand.terms.capabilities.metrics else None,
            stand.terms.analyses[name],
            one,
            measuring.Asked(
                stage,
                name,
                variables.contexts(
                    stand.blueprint,
                    one.version,
                    self._bench.secrets(self._place),
                    self._entrances(stand),
                ),
                await self._directory(stand.terms.analyses[name], one),
            ),
        )
        self._append([fact])

    async def _directory(self, analysis: model.Analysis, one: Deployment) -> str:
        """Commands find the files of the version that they are about."""
        if not analysis.command:
            return ''
        place = self._bench.directory / str(self._place.id)
        return str(await self._bench.hooks.files(one.version, place))

    @property
    def _number(self) -> int:
        return governing(self._environment)

    # --- what git says

    def _look_at_git(self, stand: Stand, now: float) -> None:
        if not self._syncs or self._environment.active:
            return
        if self._syncing.is_due(self._environment, now):
            self._work.start('sync', partial(self._sync, stand))
        self._hold = min(self._hold, max(self._syncing.due, now + STANDING))

    async def _sync(self, stand: Stand) -> None:
        """What was found out is worth nothing if a deployment has begun meanwhile."""
        environment, syncing, sync = self._environment, self._syncing, stand.environment.sync
        assert sync is not None
        in_place = stand.terms.capabilities.in_place
        revision = partial(self._revision, environment.stable)
        at = Looked(stand.target, in_place, self.seen, revision)
        self._append(await syncing.prune(at, environment, sync))
        found = await syncing.look(self._place, stand.blueprint, at, environment, time.time())
        if self._stand is stand and not environment.active:
            facts = syncing.follow(environment, sync, *found, time.time())
            self._append(facts, decided=True)

    # --- troubles

    def _ended(self, name: str, error: BaseException | None) -> None:
        if error is None:
            self._trouble_over(name)
        else:
            self._trouble(name, error)
        self.wake()

    def _trouble(self, name: str, error: BaseException) -> None:
        """Told once. What trying again cannot mend takes the deployment back."""
        if isinstance(error, OSError):  # the disk is full, say
            error = Trouble(f'this machine refuses: {error}', again=True)
        known = isinstance(error, Trouble | UserError)
        told = str(error) if known else f'this is a bug in liftlock: {error!r}'
        if not known:
            log.error('%s: %s', self._place.name, name, exc_info=error)
        if hint := getattr(error, 'hint', ''):
            told = f'{told} ({hint})'
        if self._troubles.get(name) == told:
            return
        self._troubles[name] = told
        self._append(list(self._consequences(name, error, told)))

    def _consequences(self, name: str, error: BaseException, told: str) -> Iterator[f.Fact]:
        number = self._number
        active = self._environment.active
        yield f.Noticed(number, 'error', told)
        forward = active is not None and active.phase in (Phase.PROGRESSING, Phase.PAUSED)
        final = not (isinstance(error, Trouble) and error.again)
        if forward and final and not name.startswith(('measure:', 'sync')):
            yield f.RollbackStarted(number, 'error', told)

    def _trouble_over(self, name: str) -> None:
        self._troubles.pop(name, None)


def _bare(environment: Environment, revision: str) -> Revision:
    """To end a revision nothing of what it was started with is needed."""
    from liftlock.rollout.version import Version

    return Revision(revision, environment.versions.get(revision, Version('')))

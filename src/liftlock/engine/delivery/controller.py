"""One environment, held and carried on: facts in, decisions obeyed, for as long as it exists.

A *turn* reads what others have written, looks at the place, asks the core what follows, and writes
that down; only then its consequences begin. So nothing happens that the store does not know of.
What a `kill -9` cuts off is asked for again by the next controller: bringing a state about twice
changes nothing, and what must not happen twice was announced before it began.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from liftlock.engine.delivery import admission, gating, looking
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.alarms import Alarms
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.deeds import Deeds
from liftlock.engine.delivery.ground import Ground, Stand
from liftlock.engine.delivery.healthwatch import HealthWatch
from liftlock.engine.delivery.holding import Holding
from liftlock.engine.delivery.syncing import Looked, Syncing
from liftlock.engine.delivery.troubles import Troubles
from liftlock.engine.delivery.work import Work
from liftlock.errors import UserError
from liftlock.rollout import decisions as d
from liftlock.rollout import facts as f
from liftlock.rollout import wire
from liftlock.rollout.course import Terms
from liftlock.rollout.decide import decide
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import Environment
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Seen, Sight
from liftlock.rollout.trouble import Trouble
from liftlock.store.deliveries import Place

MOVING: Final = 0.2  # seconds between two looks while a deployment goes on
STANDING: Final = 1.0  # while something runs that must be kept up
ELSEWHERE: Final = 5.0  # to see what other environments have come to, which wake nobody here
NOTHING: Final = 30.0  # while there is nothing to look at
PATIENCE: Final = 100  # turns of one decision; more would be a bug


class Controller:
    def __init__(self, bench: Bench, place: Place) -> None:
        self._bench = bench
        self._holding = Holding(bench.store, place)
        self._ground = Ground(bench, self._holding)
        self._woken = asyncio.Event()
        self._work = Work(self._ended)
        self._deeds = Deeds(bench, self._holding, self._ground, self._work)
        self._troubles = Troubles(self._holding)
        self._health = HealthWatch(bench.probe, self.wake)
        self._alarms = Alarms(bench, self._holding, self._work)
        self._syncing = Syncing(bench.desire)
        self._hold = 0.0  # until when nothing is due by time
        self._begun = time.time()
        self.sight = Sight()  # as of the last turn
        self.seen = Seen()

    # --- what is asked of it

    @property
    def busy(self) -> bool:
        """Whether somebody has to stay: something runs, waits or is under way."""
        environment = self._environment
        return bool(
            environment.active
            or environment.line
            or environment.waiting
            or environment.withdrawing
            or any(environment.wanted.values())
            or environment.untold
            or self._work.underway
            or self._syncs
            or self._watches
        )

    async def look(self) -> Mapping[str, Any]:
        """What is there now, as JSON."""
        if self._ground.stand is None:
            raise UserError(f'nothing runs in {self._holding.place.name}')
        try:
            sight = await self._ground.stand.target.look()
        except Trouble as trouble:
            raise UserError(str(trouble), trouble.hint) from None
        groups = {name: group._asdict() for name, group in self.seen.groups.items()}
        known = {**self._ground.addresses(), 'groups': groups}
        return {'sight': wire.plain(sight), **known, 'address': known['public']}

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled, or somebody else has taken the environment over (StaleToken)."""
        self._holding.read()
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
            await self._ground.close()

    # --- what there is to do

    @property
    def _environment(self) -> Environment:
        return self._holding.environment

    @property
    def _lives(self) -> bool:
        """Whether there is something to look at, or to be done."""
        environment = self._environment
        return bool(
            environment.stable
            or environment.active
            or environment.line
            or environment.wanted
            or environment.withdrawing
        )

    @property
    def _syncs(self) -> bool:
        """Whether what git says counts here."""
        stand = self._ground.stand
        return bool(self._environment.stable and stand is not None and stand.environment.sync)

    @property
    def _watches(self) -> bool:
        """Whether the last deployment may still be taken back by itself."""
        last, stand = self._environment.deployments.get(self._holding.number), self._ground.stand
        rollback = stand.environment.rollback if stand is not None else None
        if last is None or rollback is None:
            return False
        return time.time() < last.finished_at + rollback.watch

    async def _end_leftovers(self) -> None:
        """What nobody waits for any more must not go on beside what undoes it."""
        active = self._environment.active
        operations = active.operations.items() if active else ()
        if any(ended is None and name.startswith('hook:') for name, ended in operations):
            room = self._bench.room(self._holding.place)
            await asyncio.to_thread(self._bench.hooks.end_leftovers, room)

    # --- a turn

    async def _turn(self) -> float:
        """Everything that is due now; returns how long nothing is due by time."""
        self._holding.read()
        self._holding.refuse_stale()
        now = time.time()
        self._hold = now + NOTHING
        self._admit(now)
        self._alarms.see_to(now)
        number = self._holding.number
        if not number or not self._lives or self._is_a_jobs(number):
            return self._hold - now
        if not self._troubles.are_of(number):
            self._work.forget_troubles()  # nor does it wait for what another has tried in vain
        try:
            stand = await self._look(number, now)
        except (Trouble, UserError) as error:
            self._troubles.arise('look', error)
            return STANDING
        self._troubles.over('look')
        for decision in self._settle(number, stand.terms, now):
            if isinstance(decision, d.Hold):
                self._hold = min(self._hold, decision.until or self._hold)
            else:
                self._deeds.begin(decision, stand)
        self._look_at_git(stand, now)
        if self._environment.stable:
            self._hold = min(self._hold, self._alarms.look(stand, now))
        return self._pause(number, now)

    def _is_a_jobs(self, number: int) -> bool:
        """Then its run carries it out, and there may not even be a target here."""
        return self._environment.deployments[number].request.kind == f.JOB

    async def _look(self, number: int, now: float) -> Stand:
        stand = await self._ground.stand_for(number, self._work.end)
        self.sight = await stand.target.look()
        instances = looking.watched(stand, self.sight)
        self._health.look(instances, looking.checks(stand), {}, now)
        seen = looking.seen(stand, self.sight, self._health, now)
        self.seen = seen._replace(underway=self._work.underway, since=self._begun)
        return stand

    def _settle(self, number: int, terms: Terms, now: float) -> tuple[d.Decision, ...]:
        """Write down what is to be recorded until nothing more is; return the rest."""
        for _ in range(PATIENCE):
            decisions = decide(self._environment, terms, self.seen, now)
            records = [each.fact for each in decisions if isinstance(each, d.Record)]
            if not records:
                return decisions
            if not self._holding.append(records, decided=True):
                self._holding.read()
            if self._holding.number != number:
                self.wake()
                return ()
        raise AssertionError(f'no end of records: {records}')

    def _pause(self, number: int, now: float) -> float:
        environment = self._environment
        if self._holding.number != number:
            return 0.0
        active = environment.active
        moves = active is not None and active.phase is not Phase.PAUSED
        stands = any(environment.wanted.values()) or self._watches
        pause = MOVING if moves else STANDING if stands else NOTHING
        return max(0.02, min(pause, self._hold - now))

    def _ended(self, name: str, error: BaseException | None) -> None:
        """A deed has."""
        if error is None:
            self._troubles.over(name)
        else:
            self._troubles.arise(name, error)
        self.wake()

    # --- what holds deployments

    def _admit(self, now: float) -> None:
        for one in (*self._environment.waiting, *self._environment.line):
            if one.request.kind == f.JOB:
                continue  # its run asks for itself
            if one.abort is not None:
                why = f'{one.abort.by} cancelled it'
                self._holding.append([f.DeploymentFinished(one.number, 'cancelled', why)])
            elif one.phase is Phase.WAITING:
                self._judge(one, now)

    def _judge(self, one: Deployment, now: float) -> None:
        holding, bench = self._holding, self._bench
        try:
            settings = blueprints.environment(holding.blueprint(one.request.settings))
        except UserError as error:
            holding.append([f.DeploymentFinished(one.number, 'rejected', str(error))])
            return
        text = holding.blueprint(one.request.settings).settings
        verdicts = gating.verdicts(bench.store, one, self._environment.last, text, now)
        repository = holding.place.repository
        known = admission.known(bench.store, repository, one, settings, bench.teams, verdicts)
        fact = admission.judge(one, settings, known, now)
        if fact is not None:
            holding.append([fact])
        elif one.held_until:
            self._hold = min(self._hold, one.held_until)
        if settings.needs or verdicts:
            self._hold = min(self._hold, now + ELSEWHERE)

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
        revision = partial(self._ground.revision, environment.stable)
        at = Looked(stand.target, in_place, self.seen, revision)
        self._holding.append(await syncing.prune(at, environment, sync))
        place = self._holding.place
        found = await syncing.look(place, stand.blueprint, at, environment, time.time())
        if self._ground.stand is stand and not environment.active:
            facts = syncing.follow(environment, sync, *found, time.time())
            self._holding.append(facts, decided=True)
